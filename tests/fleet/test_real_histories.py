"""Real sites' histories, replayed as reports; skipped where the data are not beside the checkout."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests import factories
from webapp.fleet.queries.inventory import find_changes, find_installed
from webapp.kit.clock import now
from webapp.kit.db import ALL, db, enter_scope
from webapp.kit.permissions import SYSTEM
from webapp.ops.demo.histories import read_histories
from webapp.ops.demo.replay import replay, report

DATA = Path(__file__).parents[3] / "shared" / "data" / "fleet"
OWNERS = {"OliverDaviesLtd": 82, "amazeeio": 71, "FoodStandardsAgency": 20}
EXTENSION = re.compile(r"drupal-(custom-)?(module|theme|profile)(?![a-z])")
OVERLAPS = """
SELECT count(*) FROM installations a JOIN installations b ON a.site_id = b.site_id AND a.module_id = b.module_id AND a.id < b.id
WHERE tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)
"""
UNJOINED = """
SELECT count(*) FROM installations a JOIN installations b ON a.site_id = b.site_id AND a.module_id = b.module_id
    AND a.valid_to = b.valid_from
WHERE a.version IS NOT DISTINCT FROM b.version AND a.enabled IS NOT DISTINCT FROM b.enabled
"""
SITES = """
SELECT s.*, (SELECT count(*) FROM inventory_reports r WHERE r.site_id = s.id) AS reports_count FROM sites s ORDER BY created_at
"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DATA.is_dir(), reason="the real data (../shared/data/fleet) are not here")]


def lines_of(owner):
    """The file's lines of an owner's one site, read apart from the code under test."""
    with gzip.open(DATA / "fleet-history.jsonl.gz", "rt") as file:
        return [line for line in map(json.loads, file) if line["repo"].startswith(f"{owner}/")]


def states_of(lines):
    """`(time, {name: version})` after each line; equal times are a microsecond apart, in the order of the file."""
    packages, last = {}, None
    for line in lines:
        if line["kind"] == "snapshot":
            packages = {name: tuple(facts[:3]) for name, facts in line["packages"].items()}
        for name, _, version, _, spelling, kind, _ in line.get("changes", ()):
            packages.pop(name, None)
            if version is not None:
                packages[name] = (version, spelling, kind)
        at = datetime.fromisoformat(line["committed_at"])
        last = at if last is None or at > last else last + timedelta(microseconds=1)
        yield last, named(packages)


def named(packages):
    """Versions as drupal.org spells them, by the names that Drupal knows."""
    versions, taken = {}, {"drupal"}
    for package in sorted(packages, key=lambda name: not name.startswith("drupal/")):
        version, spelling, kind = packages[package]
        name = package.partition("/")[2]
        if package == "drupal/core":
            name = "drupal"
        elif not (EXTENSION.match(kind or "") or (kind == "metapackage" and spelling)) or name in taken:
            name = package
        taken.add(name)
        versions[name] = spelling or version
    return versions


def lock_of(repo):
    """`{name: version}` of a site's last lock file."""
    lock = json.loads((DATA / "composer-locks" / f"{repo.replace('/', '__')}.json").read_text())
    found = {}
    for row in (*lock["packages"], *lock["packages-dev"]):
        extra = row.get("extra") or {}
        found[row["name"]] = (row["version"], (extra.get("drupal") or {}).get("version"), row.get("type"))
    return named(found)


def installed(site, at=None):
    rows = db.session.execute(find_installed(SYSTEM, site, {} if at is None else {"as_of": at}).statement).all()
    assert len({row.name for row in rows}) == len(rows)
    return {row.name: row.version for row in rows}


def steps(site):
    """The site's history, oldest first, as `(time, kind, module, from, to)`."""
    rows = db.session.execute(find_changes(SYSTEM, site, {}).statement).all()
    return sorted((row.at, row.kind, row.module, row.from_version, row.to_version) for row in rows)


def replayed(steps_in_order):
    """What is installed after all steps, checking that each begins where the one before it ended."""
    state = {}
    for _, kind, module, before, after in steps_in_order:
        assert (module in state) == (kind != "added"), module
        assert state.pop(module, None) == before
        if kind != "removed":
            state[module] = after
    return state


def count(statement):
    return db.session.execute(text(statement)).scalar_one()


@pytest.mark.parametrize("owner", OWNERS)
def test_a_real_history_is_kept_exactly(app, owner):
    history = next(read_histories(DATA, owner))
    with app.app_context():
        (done,) = replay([history], now())
        assert done.is_exact
        assert done.reports == OWNERS[owner]
        enter_scope(ALL)
        site = db.session.execute(text(SITES)).one()
        assert site.reports_count == done.reports + 1
        assert site.name == history.name
        assert installed(site) == lock_of(history.repo)
        assert site.modules_count == len(lock_of(history.repo))
        states = list(states_of(lines_of(owner)))
        for at, expected in [*states[::10], *states[-3:]]:
            assert installed(site, at) == expected, at
            assert installed(site, at - timedelta(microseconds=2)) != expected
        assert count(OVERLAPS) == count(UNJOINED) == 0
        history_of_site = steps(site)
        assert replayed(history_of_site) == installed(site)
        changed = sum(len(line.get("changes", line.get("packages", ()))) for line in lines_of(owner))
        assert len(history_of_site) == changed + done.moved


@pytest.mark.parametrize(("seed", "owner"), list(enumerate(OWNERS)))
def test_late_reports_make_the_same_history(app, seed, owner):
    documents = distinct(next(read_histories(DATA, owner)).documents())[:25]
    mixed = documents[:]
    random.Random(seed).shuffle(mixed)
    with factories.writing(app):
        place = factories.organization()
        in_order, late = factories.site(place), factories.site(place)
        for site, order in ((in_order, documents), (late, mixed)):
            for at, lock in order:
                report(site.id, {"reported_at": at.isoformat(), "documents": {"composer.lock": lock}}, now())
        states = [(at, state) for at, state in states_of(lines_of(owner)) if at in dict(documents)]
        assert len(states) == len(documents)
        for at, expected in states:
            assert installed(in_order, at) == expected
            assert installed(late, at) == expected, at
        assert installed(late) == installed(in_order) == states[-1][1]
        assert steps(late) == steps(in_order)
        assert intervals(late) == intervals(in_order)
        assert runs(late) == runs(in_order) != []
        assert replayed(steps(late)) == installed(late)
        assert count(OVERLAPS) == count(UNJOINED) == 0


def distinct(documents):
    """The documents without those whose time is another one's too: their order is that of their coming."""
    by_time = itertools.groupby(documents, key=lambda each: each[0])
    groups = [list(group) for _, group in by_time]
    return [group[0] for group in groups if len(group) == 1]


def intervals(site):
    statement = """SELECT m.name, i.version, i.installed_at, i.valid_from, i.valid_to FROM installations i
        JOIN modules m ON m.id = i.module_id WHERE i.site_id = :site ORDER BY m.name, i.valid_from"""
    return [tuple(row) for row in db.session.execute(text(statement), {"site": site.id})]


def runs(site):
    """The runs inferred from the site's history, by module."""
    statement = """SELECT r.started_at, r.finished_at, r.trigger, r.evidence, r.updates_count, u.module, u.from_version, u.to_version
        FROM patch_runs r JOIN patch_run_updates u ON u.patch_run_id = r.id WHERE r.site_id = :site ORDER BY r.finished_at, u.module"""
    return [tuple(row) for row in db.session.execute(text(statement), {"site": site.id})]
