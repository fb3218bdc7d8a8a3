"""What the clients of two other dashboards send: Warden's plain payload, and PreviousNext's snapshot."""

from datetime import UTC, datetime

import pytest

from tests.ingest.reading import by_name, fixture, kind, read, refusal
from webapp.fleet.values import Claim
from webapp.ingest.formats import read_document

MOMENT = datetime(2026, 10, 26, 7, 33, 20, tzinfo=UTC)


def warden(**more):
    return {**fixture("warden.json"), **more}


def snapshot(*checks, **more):
    rows = [{"type": kind, "name": name, "description": text, "alert_level": "notice"} for kind, name, text in checks]
    return {**fixture("pnx-snapshot.json"), **({"checks": rows} if checks else {}), **more}


def test_warden():
    report = read("warden.json")
    assert (report.formats, report.core_version, report.reported_at) == (("Warden",), "10.3.8", MOMENT)
    have = {name: (module.type, module.version, module.project) for name, module in by_name(report).items()}
    assert have == {
        "drupal": ("core", "10.3.8", "drupal"), "token": ("module", "8.x-1.16", "token"), "gin": ("module", "8.x-3.0-rc13", "gin"),
        "acme_checkout": ("module", None, None), "libraries/chosen": ("library", "1.8.7", None)}


@pytest.mark.parametrize(("contrib", "custom", "speaks"), [
    ({"token": {"version": "1.0.0"}}, [], "modules"), ({"token": {"version": "1.0.0"}}, "disabled", "projects"),
    ("disabled", {"mine": {"version": ""}}, ""), ("disabled", "disabled", ""), ([], [], ""), (None, None, "")])
def test_what_warden_does_not_share_is_not_gone(contrib, custom, speaks):
    assert read_document(warden(contrib=contrib, custom=custom)).speaks == frozenset(speaks.split())


def test_what_is_wrong_with_a_wardens_payload():
    assert set(refusal(warden(core={"drupal": []}))) == {"core.drupal.version"}
    assert set(refusal(warden(contrib={"Not A Name": {"version": "1"}, "token": {"version": 7}}))) == {"contrib.Not A Name", "contrib.token.version"}
    assert set(refusal(warden(contrib="x", custom=7))) == {"contrib", "custom"}
    for time in (0, -1, "now", True, 1e300, {}):
        assert set(refusal(warden(time=time))) == {"time"}


def test_snapshot():
    report = read("pnx-snapshot.json")
    assert (report.core_version, report.php_version) == ("10.3.8", "8.3.14")
    assert (report.reported_at, report.speaks) == (datetime(2026, 10, 27, 6, 13, 20, tzinfo=UTC), frozenset({"projects"}))
    have = {name: (module.type, module.version, module.claim) for name, module in by_name(report).items()}
    assert have == {
        "drupal": ("core", "10.3.8", Claim("10.3.10", "10.3.10", True, True)), "token": ("module", "8.x-1.16", Claim(None, None, False, False)),
        "gin": ("module", "8.x-3.0-rc13", Claim("8.x-3.0", "8.x-3.0", True, None)), "forum_pack": ("module", "2.0.1", None)}


def test_a_sentence_without_a_version_is_a_module_without_one():
    have = by_name(read_document(snapshot(("module", "token", "Failed to get available update data"), ("module", "gin", None))))
    assert [(each.version, each.claim) for each in have.values()] == [(None, None), (None, None)]


def test_what_is_wrong_with_a_snapshot():
    assert set(refusal(snapshot(checks=[]))) == {"checks"}
    assert set(refusal(snapshot(checks="x"))) == {"checks"}
    assert set(refusal(snapshot(("php", "version", "Running on PHP 8.3.14.")))) == {"checks"}
    assert set(refusal(snapshot(("module", "Not A Name", "Up to date (1)")))) == {"checks.0.name"}
    assert set(refusal(snapshot(checks=[7, fixture("pnx-snapshot.json")["checks"][0]]))) == {"checks.0"}
    assert set(refusal(snapshot(timestamp="yesterday"))) == {"timestamp"}


def test_neither_is_taken_for_the_other():
    assert (kind(fixture("warden.json")), kind(fixture("pnx-snapshot.json"))) == ("Warden", "PreviousNext snapshot")
    assert kind({"core": {"drupal": {"version": "10.3.8"}}}) is None
    assert kind({"checks": []}) is None
