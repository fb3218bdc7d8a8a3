"""Reports that come after newer ones: history is as if they had come in time, and the present stays as it is."""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from tests.factories import ago, module, organization, reported, site, writing
from webapp.fleet.queries.inventory import find_changes, find_installed
from webapp.fleet.values import ReportedModule
from webapp.kit.db import db
from webapp.kit.permissions import SYSTEM

NAMES = ("webform", "token", "pathauto", "redirect", "acme_theme")
LOOSE = """
SELECT count(*) FROM installations a JOIN installations b ON a.site_id = b.site_id AND a.module_id = b.module_id AND a.id < b.id
WHERE tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)
    OR ((a.valid_to = b.valid_from OR b.valid_to = a.valid_from)
        AND a.version IS NOT DISTINCT FROM b.version AND a.enabled IS NOT DISTINCT FROM b.enabled)
"""


@pytest.fixture
def place(app):
    with writing(app):
        yield organization()


def installed(a_site, at=None):
    rows = db.session.execute(find_installed(SYSTEM, a_site, {} if at is None else {"as_of": at}).statement)
    return {row.name: (row.version, row.enabled) for row in rows}


def versions(a_site, at=None):
    return {name: version for name, (version, _) in installed(a_site, at).items()}


def steps(a_site):
    rows = db.session.execute(find_changes(SYSTEM, a_site, {}).statement)
    return sorted((row.at, row.module, row.kind, row.from_version, row.to_version) for row in rows)


def intervals(a_site):
    statement = """SELECT m.name, i.version, i.enabled, i.installed_at, i.valid_from, i.valid_to FROM installations i
        JOIN modules m ON m.id = i.module_id WHERE i.site_id = :site ORDER BY m.name, i.valid_from"""
    return [tuple(row) for row in db.session.execute(text(statement), {"site": a_site.id})]


def row_of(a_site):
    return db.session.execute(text("SELECT * FROM sites WHERE id = :id"), {"id": a_site.id}).one()


def core(version):
    return {"drupal": ReportedModule("drupal", version, "core", "drupal", enabled=True)}


def drawn(seed, count=14):
    """Full reports of a site whose modules come, go, move up and down and are switched; core is always there."""
    draw = random.Random(seed)
    for number in range(count):
        listed = [ReportedModule(name, f"1.{draw.randint(0, 2)}.0", enabled=draw.random() < 0.7) for name in NAMES if draw.random() < 0.7]
        yield ago(days=count - number), {each.name: each for each in listed} | core(f"10.{draw.randint(3, 5)}.0")


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_coming_makes_no_difference(place, seed):
    reports = list(drawn(seed))
    mixed = reports[:]
    random.Random(seed).shuffle(mixed)
    in_order, late = site(place), site(place)
    for a_site, order in ((in_order, reports), (late, mixed)):
        for at, modules in order:
            reported(a_site, modules, at)
            assert db.session.scalar(text(LOOSE)) == 0
    for at, modules in reports:
        assert installed(late, at) == installed(in_order, at) == {name: (each.version, each.enabled) for name, each in modules.items()}
    assert steps(late) == steps(in_order)
    assert intervals(late) == intervals(in_order)
    assert installed(late) == installed(in_order)


def test_the_present_never_changes(place):
    a_site = site(place)
    reported(a_site, {"webform": module("webform", "6.2.9", judged=True), "token": "1.15.0"}, ago(days=1))
    before, present = row_of(a_site), intervals(a_site)
    answer = reported(a_site, {"webform": module("webform", "6.2.3", "6.2.9", security=True), "redirect": "1.9.0"}, ago(days=4))
    assert (answer.changes.added, answer.changes.is_newest) == (2, False)
    assert row_of(a_site) == before
    assert versions(a_site) == {"webform": "6.2.9", "token": "1.15.0"}
    assert [row for row in intervals(a_site) if row[-1] is None] == present
    assert versions(a_site, ago(days=2)) == {"webform": "6.2.3", "redirect": "1.9.0"}


def test_what_was_seen_holds_until_the_next_report_that_saw_it(place):
    a_site = site(place)
    reported(a_site, {"webform": "6.2.1", **core("10.3.0")}, ago(days=9))
    reported(a_site, {"webform": "6.2.1", **core("10.3.0")}, ago(days=5))
    reported(a_site, {"webform": "6.2.9", **core("10.3.9")}, ago(days=1))
    reported(a_site, {"webform": "6.2.4", **core("10.3.4")}, ago(days=7))
    seen = [(versions(a_site, ago(days=day))["webform"], versions(a_site, ago(days=day))["drupal"]) for day in (8, 6, 4)]
    assert seen == [("6.2.1", "10.3.0"), ("6.2.4", "10.3.4"), ("6.2.1", "10.3.0")]
    assert [step[3:] for step in steps(a_site) if step[1] == "drupal"] == [
        (None, "10.3.0"), ("10.3.0", "10.3.4"), ("10.3.4", "10.3.0"), ("10.3.0", "10.3.9")]


def test_a_full_report_that_names_no_core_has_not_seen_it(place):
    a_site = site(place)
    reported(a_site, {"webform": "6.2.1", **core("10.3.0")}, ago(days=9))
    reported(a_site, {"webform": "6.2.1"}, ago(days=5))
    reported(a_site, {"webform": "6.2.1", **core("10.3.9")}, ago(days=1))
    reported(a_site, {"webform": "6.2.1", **core("10.3.4")}, ago(days=7))
    assert [versions(a_site, ago(days=day))["drupal"] for day in (8, 6, 4)] == ["10.3.0", "10.3.4", "10.3.4"]


def test_reports_of_one_time_are_kept_in_the_order_of_their_coming(place):
    a_site, at = site(place), ago(days=2)
    for version in ("6.2.1", "6.2.2", "6.2.3"):
        reported(a_site, {"webform": version}, at)
    assert versions(a_site) == {"webform": "6.2.3"}
    reported(a_site, {"webform": "6.2.4"}, ago(days=1))
    reported(a_site, {"webform": "6.2.0"}, at)
    assert versions(a_site, at + timedelta(hours=1)) == {"webform": "6.2.0"}
    assert [step[4] for step in steps(a_site)] == ["6.2.1", "6.2.2", "6.2.3", "6.2.0", "6.2.4"]


def test_a_late_report_that_says_what_is_known_changes_nothing(place):
    a_site = site(place)
    reported(a_site, {"webform": "6.2.1"}, ago(days=9))
    reported(a_site, {"webform": "6.2.9"}, ago(days=1))
    before = intervals(a_site), steps(a_site)
    answer = reported(a_site, {"webform": "6.2.1"}, ago(days=5))
    assert (answer.changes.unchanged, answer.changes.changes) == (1, [])
    assert (intervals(a_site), steps(a_site)) == before


def test_a_step_is_told_at_the_earlier_report_once_that_comes(place):
    a_site, first, second = site(place), ago(days=9), ago(days=5)
    reported(a_site, {"webform": "6.2.1"}, first)
    reported(a_site, {"webform": "6.2.9"}, ago(days=1))
    reported(a_site, {"webform": "6.2.9"}, second)
    assert steps(a_site) == [(first, "webform", "added", None, "6.2.1"), (second, "webform", "updated", "6.2.1", "6.2.9")]
    assert [row[3] for row in intervals(a_site)] == [first, second]


def test_as_few_statements_for_many_modules_as_for_few(place):
    assert statements_of_late(place, 4) == statements_of_late(place, 400)


def statements_of_late(place, count):
    """How many statements a late report takes in which a third of the modules come, go or move."""
    a_site = site(place)
    names = [f"module_{number}" for number in range(count)]
    reported(a_site, dict.fromkeys(names, "1.0.0"), ago(days=9))
    reported(a_site, dict.fromkeys(names, "1.2.0"), ago(days=1))
    with counted() as sent:
        reported(a_site, dict.fromkeys(names[count // 4:], "1.1.0") | {f"other_{name}": "1.0.0" for name in names}, ago(days=5))
    return len(sent)


@contextmanager
def counted():
    sent = []

    def note(*call):
        sent.append(call[2])

    event.listen(db.engine, "after_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "after_cursor_execute", note)
