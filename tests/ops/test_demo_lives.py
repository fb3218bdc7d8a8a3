"""The invented fleet without a database: what is drawn, and that it is true to its list of releases."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from webapp.ingest.formats import read_document
from webapp.kit.errors import Invalid
from webapp.ops.demo.documents import bad_body
from webapp.ops.demo.lives import Life
from webapp.ops.demo.places import PLACES
from webapp.ops.demo.releases import LAST_DAY, read_projects
from webapp.ops.demo.sites import FATES, UNHEARD, Fate, kinds

TODAY = datetime(2027, 3, 14, 9, 30, tzinfo=UTC)
ENDS = {Fate.KEPT: "ok", Fate.OUTDATED: "outdated", Fate.VULNERABLE: "vulnerable", Fate.LATE: "vulnerable"}


@pytest.fixture(scope="module")
def projects():
    return read_projects(TODAY)


@pytest.fixture(scope="module")
def fleet(projects):
    return kinds(60, 1, TODAY, projects)


def lived(kind, projects, seed=1):
    return list(Life(kind, projects, TODAY, seed).events())


def test_sixty_sites_stand_as_planned(fleet):
    assert Counter(kind.fate for kind in fleet) == dict(FATES)
    assert len({kind.url for kind in fleet}) == len({kind.name for kind in fleet}) == 60
    assert {kind.place.name for kind in fleet} == {place.name for place in PLACES}
    assert {kind.environment for kind in fleet} == {"production", "staging", "development"}
    assert {kind.criticality for kind in fleet} == {"critical", "high", "normal", "low"}
    assert any(kind.owner is None for kind in fleet)
    assert all(kind.host.endswith(".example") for kind in fleet)
    assert max(TODAY - kind.born_at for kind in fleet) > timedelta(days=540)


@pytest.mark.parametrize("seed", [1, 7])
def test_every_site_ends_as_its_fate_says(projects, seed):
    for kind in kinds(60, seed, TODAY, projects):
        taken = list(good_documents(lived(kind, projects, seed)))
        if kind.fate in UNHEARD:
            assert taken == []
            continue
        last_at, last = taken[-1]
        assert (TODAY - last_at < timedelta(days=1)) == (kind.fate is not Fate.SILENT)
        assert (TODAY - last_at > timedelta(days=2.5)) == (kind.fate is Fate.SILENT)
        assert kind.fate not in ENDS or condition(last) == ENDS[kind.fate], (kind.name, kind.fate)


def good_documents(events):
    for sent in events:
        if sent.what == "report":
            try:
                report = read_document(sent.body)
            except Invalid:
                continue
            if report.reported_at is None:
                yield sent.at, report


def condition(report):
    claims = [module.claim for module in report.modules if module.claim and module.enabled is not False]
    if any(claim.security_update for claim in claims):
        return "vulnerable"
    return "outdated" if any(claim.update_available for claim in claims) else "ok"


def test_lives_are_told_in_order_and_end_today(fleet, projects):
    for kind in fleet:
        times = [sent.at for sent in lived(kind, projects)]
        assert times == sorted(times)
        assert all(kind.born_at < at <= TODAY for at in times)
        for sent in lived(kind, projects):
            if sent.what == "run":
                assert sent.body["started_at"] <= sent.body["finished_at"] <= sent.at
                assert sent.body["updates"]


def test_the_fleet_has_something_of_everything(fleet, projects):
    sent = [each for kind in fleet for each in lived(kind, projects)]
    runs = [each.body for each in sent if each.what == "run"]
    assert {run["status"] for run in runs} == {"success", "failed", "rolled_back", "partial"}
    assert {run["trigger"] for run in runs} == {"manual", "ci", "scheduled"}
    assert any("reported_at" in each.body and each.at > TODAY - timedelta(days=550) for each in sent if each.what == "report")
    steps = [update for run in runs for update in run["updates"]]
    assert any(step["from_version"] is None for step in steps)
    assert any(step["to_version"] is None for step in steps)
    assert any(step["security"] for step in steps)


def test_the_same_seed_draws_the_same_fleet(projects):
    one, two, other = (kinds(9, seed, TODAY, projects) for seed in (3, 3, 4))
    assert [lived(kind, projects, 3) for kind in one] == [lived(kind, projects, 3) for kind in two]
    assert [kind.core for kind in one] + [kind.php for kind in one] != [kind.core for kind in other] + [kind.php for kind in other]
    more = kinds(70, 3, TODAY, projects)
    assert [(kind.url, kind.born_at, kind.fate) for kind in more[:9]] == [(kind.url, kind.born_at, kind.fate) for kind in one]
    assert len({kind.url for kind in more}) == 70


def test_a_fleet_of_another_day_is_the_same_counted_from_that_day(projects):
    later = TODAY + timedelta(days=200, hours=5)
    moved = read_projects(later)
    for kind, same in zip(kinds(6, 1, TODAY, projects), kinds(6, 1, later, moved), strict=True):
        told = [(sent.at - TODAY, sent.what, sent.body.get("modules")) for sent in lived(kind, projects)]
        assert told == [(sent.at - later, sent.what, sent.body.get("modules")) for sent in Life(same, moved, later, 1).events()]


def test_releases_are_in_order_and_end_today(projects):
    assert len([each for each in projects.values() if each.kind in ("module", "theme")]) >= 60
    for project in projects.values():
        for line in project.lines.values():
            assert line.dates == sorted(line.dates), project.name
            assert line.dates[-1] <= TODAY
            assert len({release.key for release in line.releases}) == len(line.releases), project.name


def test_what_a_release_means_for_what_is_installed(projects):
    core, shift = projects["drupal"], TODAY - LAST_DAY
    day = datetime(2026, 7, 20, tzinfo=UTC) + shift
    assert core.latest("10.5.9", day).version == "10.6.13"
    assert core.latest("11.2.0", day).version == "11.4.4"
    assert core.is_insecure("10.6.12", day)
    assert core.is_insecure("10.5.12", day)
    assert not core.is_insecure("10.6.13", day)
    assert not core.is_insecure("10.6.12", datetime(2026, 7, 14, tzinfo=UTC) + shift)
    assert not core.is_insecure("11.3.14", day)
    assert projects["webform"].newest(datetime(2024, 12, 1, tzinfo=UTC) + shift).version == "6.2.8"
    assert projects["webform"].newest(datetime(2020, 1, 1, tzinfo=UTC) + shift) is None


def test_bad_bodies_are_refused(fleet, projects):
    document = next(sent.body for sent in lived(fleet[0], projects) if sent.what == "report" and "modules" in sent.body)
    reasons = set()
    for number in range(40):
        body = bad_body(Random(number), document, TODAY)
        try:
            report = read_document(body)
        except Invalid as problem:
            reasons.add(problem.message)
        else:
            assert report.reported_at > TODAY + timedelta(minutes=5)
    assert len(reasons) >= 4
