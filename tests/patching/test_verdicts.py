"""What a run claims against what a report saw, without a database."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import ago
from webapp.patching.values import Claim, ClaimedUpdate, Sighting, Step, assign, is_same, module_name

UP = ClaimedUpdate("6.2.7", "6.2.9")


def claim(status="success", hours=3.0, updates=None, **fields):
    started = ago(hours=hours)
    return Claim(uuid4(), status, started, started + timedelta(hours=1), updates=updates or {"webform": UP}, **fields)


def step(before="6.2.7", after="6.2.9", hours=1.0, module="webform"):
    return Step(1, module, before, after, ago(hours=hours))


def seen(**versions):
    return {name: Sighting(version != "gone", None if version == "gone" else version)
            for name, version in versions.items()}


@pytest.mark.parametrize(("update", "version", "arrived"), [
    (UP, "6.2.9", True), (UP, "6.2.10", True), (UP, "6.2.8", False), (UP, "6.2.7", False),
    (ClaimedUpdate("8.x-1.13", "8.x-1.14"), "1.14.0", True),
    (UP, None, None), (UP, "gone", None),
    (ClaimedUpdate("6.2.7", None), "gone", True), (ClaimedUpdate("6.2.7", None), "6.2.7", False),
    (ClaimedUpdate("2.0.0", "1.9.0"), "2.0.0", False), (ClaimedUpdate("2.0.0", "1.9.0"), "1.9.0", True),
    (ClaimedUpdate("2.0.0", "1.9.0"), "1.8.0", True),
    (ClaimedUpdate("dev-main", "dev-main"), "dev-main", True), (ClaimedUpdate("1.0.0", "weird?"), "weird?", True),
    (ClaimedUpdate("1.0.0", "weird?"), "1.0.0", False),
])
def test_a_module_arrived_or_not(update, version, arrived):
    assert update.arrived(seen(webform=version)["webform"]) is arrived


@pytest.mark.parametrize(("status", "webform", "token", "verdict"), [
    ("success", "6.2.9", "1.15.0", "proven"), ("success", "6.2.9", "1.14.0", "contradicted"),
    ("success", "6.2.9", None, None), ("success", None, None, None), ("success", "6.2.7", None, "contradicted"),
    ("partial", "6.2.9", "1.14.0", "proven"), ("partial", "6.2.7", "1.14.0", "contradicted"),
    ("partial", "6.2.7", None, None), ("partial", "6.2.9", None, "proven"),
    ("failed", "6.2.7", "1.14.0", "proven"), ("failed", "6.2.9", "1.14.0", "contradicted"),
    ("failed", "6.2.7", None, None), ("rolled_back", "6.2.7", "1.14.0", "proven"),
    ("rolled_back", "6.2.7", "1.15.0", "contradicted"),
])
def test_a_verdict(status, webform, token, verdict):
    run = claim(status, updates={"webform": UP, "token": ClaimedUpdate("1.14.0", "1.15.0")})
    assert run.verdict(seen(webform=webform, token=token)) == verdict


def test_a_module_that_the_run_says_failed_is_to_be_seen_unmoved():
    run = claim(updates={"webform": UP, "token": ClaimedUpdate("1.14.0", "1.15.0", "failed")})
    assert run.verdict(seen(webform="6.2.9", token="1.14.0")) == "proven"
    assert run.verdict(seen(webform="6.2.9", token="1.15.0")) == "contradicted"


def test_a_run_without_modules_is_never_decided_on():
    assert Claim(uuid4(), "failed", ago(hours=3), ago(hours=2)).verdict(seen(webform="6.2.9")) is None


@pytest.mark.parametrize(("before", "after", "rank"), [
    ("6.2.7", "6.2.9", 2), ("6.2.5", "6.2.9", 2), ("6.2.7", "6.2.10", 1), ("6.2.7", "6.2.8", 0), ("6.2.9", "6.2.10", 0),
    ("6.2.9", "6.2.7", 0), (None, "6.2.9", 0), ("6.2.7", None, 0),
])
def test_how_well_a_step_fits(before, after, rank):
    assert UP.rank(step(before, after)) == rank


def test_removals_and_installations_fit_their_own_kind():
    assert ClaimedUpdate("6.2.7", None).rank(step("6.2.7", None)) == 2
    assert ClaimedUpdate(None, "6.2.9").rank(step(None, "6.2.9")) == 2
    assert ClaimedUpdate("6.2.7", "6.2.9", "skipped").rank(step()) == 0


def test_the_run_begun_last_gets_the_step():
    older, newer, later = claim(hours=30), claim(hours=3), claim(hours=0.5)
    assert list(assign([step()], [older, newer, later]).values()) == [newer.run_id]


def test_an_exact_fit_goes_before_a_later_run():
    exact, passed = claim(hours=5, updates={"webform": ClaimedUpdate("6.2.7", "6.2.10")}), claim(hours=3)
    assert list(assign([step(after="6.2.10")], [exact, passed]).values()) == [exact.run_id]


def test_a_run_accounts_for_a_module_once():
    run = claim(hours=9)
    first, again = step(hours=8), step(hours=2)
    assert assign([again, step("6.2.9", "6.2.7", 4), first], [run]) == {first: run.run_id}


def test_steps_out_of_reach_are_nobodys():
    assert assign([step(hours=4)], [claim(hours=3)]) == {}
    assert assign([step(hours=1)], [claim(hours=31 * 24)]) == {}
    assert assign([step()], [claim("failed")]) == {}
    assert assign([step(hours=1)], [claim(hours=9, evidence="proven", evidence_at=ago(hours=5))]) == {}


def test_a_site_clock_that_is_a_little_slow_does_not_matter():
    run = claim(hours=3)
    assert list(assign([step(hours=3 + 4 / 60)], [run]).values()) == [run.run_id]
    assert assign([step(hours=3 + 6 / 60)], [run]) == {}


@pytest.mark.parametrize(("given", "name"), [
    ("drupal/webform", "webform"), ("drupal/core", "drupal"), ("drupal/core-recommended", "drupal/core-recommended"),
    ("drupal/coder", "drupal/coder"), ("symfony/yaml", "symfony/yaml"), ("webform", "webform"),
])
def test_names_as_composer_writes_them(given, name):
    assert module_name(given) == name


def test_same_versions():
    assert is_same("8.x-1.14", "1.14.0")
    assert is_same(None, None)
    assert not is_same("1.0.0", None)
    assert not is_same("what?", "who?")
