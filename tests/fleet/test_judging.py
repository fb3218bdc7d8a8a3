"""What a module needs by core's verdict and by the site's word, which module stands for its project, and what follows for the site."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.catalog.feed_server import feed
from tests.factories import writing
from webapp.catalog.actions.judging import Standing
from webapp.catalog.actions.releases import Origin, hash_of, keep_feed, keep_unknown
from webapp.catalog.feeds.release_history import parse_feed
from webapp.catalog.values.releases import Line, UpdateStatus, feeds_kept
from webapp.fleet.actions.comparison import State
from webapp.fleet.actions.judging import condition_of, leaders, numbers_of, settle
from webapp.fleet.values import Claim, ReportedModule
from webapp.kit.clock import now

S = UpdateStatus


def state(name: str = "webform", project: str | None = "webform", update: bool | None = None, security: bool | None = None,
          enabled: bool = True, **fields: Any) -> State:
    return State(name, "6.2.7", fields.pop("type", "module"), project, None, enabled, "extensions", update_available=update,
                 security_update=security, **fields)


def standing(status: UpdateStatus, update: bool | None = None, security: bool | None = None, **fields: Any) -> Standing:
    return Standing(7, status, "6.2.9", "6.2.9", update, security, **fields)


@pytest.mark.parametrize(("verdict", "says", "needs"), [
    (standing(S.CURRENT, False, False), (None, None), (False, False)),
    (standing(S.CURRENT, False, False), (True, None), (False, False)),
    (standing(S.CURRENT, False, False), (None, True), (False, True)),
    (standing(S.NOT_CURRENT, True, False), (False, False), (True, False)),
    (standing(S.NOT_SECURE, True, True), (False, False), (True, True)),
    (standing(S.NOT_FETCHED), (True, False), (True, False)),
    (standing(S.UNKNOWN), (None, None), (None, None)),
    (standing(S.NOT_CHECKED), (False, False), (False, False)),
    (standing(S.UNKNOWN, is_foreign=True), (None, None), (None, None)),
    (None, (None, True), (None, True)),
])
def test_a_verdict_outweighs_the_sites_word_but_never_its_red(verdict: Any, says: Any, needs: Any) -> None:
    module = state(update=says[0], security=says[1])
    settle(module, verdict, leads=True)
    assert (module.needs_update, module.needs_security) == needs


def test_one_module_stands_for_its_project() -> None:
    core = state("drupal", "drupal", type="core")
    modules = [core, state("node", "drupal"), state("webform_ui"), state("webform"), state("b_part", "bundle"), state("a_part", "bundle"),
               state("own", None), state("other", None), state("vendor/lib", None, type="library")]
    assert leaders(modules) == {"drupal", "webform", "a_part", "own", "other", "vendor/lib"}
    assert leaders(reversed(modules)) == leaders(modules)
    follower = state("webform_ui", update=True)
    settle(follower, standing(S.NOT_SECURE, True, True), leads=False)
    assert (follower.status, follower.needs_update, follower.needs_security) == ("not_secure", None, None)
    assert numbers_of([follower])["updates_count"] == 0


@pytest.mark.parametrize(("counts", "condition"), [
    ({"security": 1, "unsupported": 1, "updates": 2}, "vulnerable"), ({"unsupported": 1, "updates": 2}, "unsupported"),
    ({"updates": 2, "judged": 2, "unjudged": 3}, "outdated"), ({"judged": 2}, "ok"), ({"judged": 2, "unjudged": 1}, "unknown"), ({}, "unknown"),
])
def test_the_worst_decides_and_what_nobody_judged_is_never_ok(counts: dict[str, int], condition: str) -> None:
    assert condition_of(dict.fromkeys(("security", "unsupported", "updates", "judged", "unjudged"), 0) | counts) == condition


def test_what_is_switched_off_or_not_on_drupal_org_does_not_count() -> None:
    off, foreign, good = state("off", enabled=False), state("foreign", "foreign"), state("good", "good")
    settle(off, standing(S.NOT_SECURE, True, True), leads=True)
    settle(foreign, standing(S.UNKNOWN, is_foreign=True), leads=True)
    settle(good, standing(S.CURRENT, False, False), leads=True)
    assert numbers_of([off, foreign, good]) == {
        "modules_count": 3, "updates_count": 0, "security_updates_count": 0, "unjudged_count": 0, "condition": "ok"}


def keep(project: str, *releases: tuple[str, str], **fields: str) -> None:
    raw = feed(project, *releases, **fields)
    keep_feed(parse_feed(raw), hash_of(raw), Origin("import"), now())


def test_a_report_is_judged_at_once_and_disagreement_is_told(cast: Any) -> None:
    with writing(cast.app):
        keep("tiny", ("1.0.1", "Bug fixes"), ("1.0.0", "Bug fixes"))
        keep("drupal", ("11.0.1", "Security update"), ("11.0.0", "Insecure"), branches="11.0.")
        keep_unknown("own", Line.CURRENT, "import", now())
        site = factories.site(cast.organization)
        says = Claim("1.0.0", "1.0.0", False, False)
        core = {name: ReportedModule(name, "11.0.0", "module", "drupal") for name in ("node", "views")}
        factories.reported(site, {
            "tiny": ReportedModule("tiny", "1.0.0", "module", "tiny", claim=says), "own": ReportedModule("own", "2.0.0", "module", "own"),
            "drupal": ReportedModule("drupal", "11.0.0", "core", "drupal"), **core})
    rows = {row["name"]: row for row in cast.admin.get(f"/sites/{site.id}/modules").json["data"]}
    assert {name: row["status"] for name, row in rows.items()} == {
        "tiny": "not_current", "own": "unknown", "drupal": "not_secure", "node": "not_secure", "views": "not_secure"}
    assert rows["tiny"]["disagrees"] is True
    assert rows["tiny"]["site_says"] == {"latest_version": "1.0.0", "recommended_version": "1.0.0", "update_available": False,
                                         "security_update": False}
    assert rows["tiny"]["latest_version"] == "1.0.1"
    assert rows["drupal"]["disagrees"] is False
    assert (rows["drupal"]["security_update"], rows["node"]["security_update"]) == (True, None)
    shown = cast.admin.get(f"/sites/{site.id}").json["data"]
    assert (shown["status"], shown["updates_count"], shown["security_updates_count"]) == ("vulnerable", 2, 1)
    for asked, names in (({"status": "not_current"}, ["tiny"]), ({"disagrees": "true"}, ["tiny"]), ({"needs": "security"}, ["drupal"])):
        assert [row["name"] for row in cast.admin.get(f"/sites/{site.id}/modules", **asked).json["data"]] == names


def test_another_module_stands_for_a_project_when_its_leader_goes(cast: Any) -> None:
    with writing(cast.app):
        keep("tiny", ("1.0.1", "Bug fixes"), ("1.0.0", "Bug fixes"))
        site = factories.site(cast.organization)
        part = ReportedModule("tiny_part", "1.0.0", "module", "tiny")
        factories.reported(site, {"tiny": ReportedModule("tiny", "1.0.0", "module", "tiny"), "tiny_part": part}, at=factories.ago(hours=3))
    def needing() -> list[str]:
        return [row["name"] for row in cast.admin.get(f"/sites/{site.id}/modules", needs="any").json["data"]]

    assert needing() == ["tiny"]
    with writing(cast.app):
        factories.reported(site, {"tiny_part": part}, at=factories.ago(hours=2))
    assert needing() == ["tiny_part"]
    with writing(cast.app):
        factories.reported(site, {"tiny": ReportedModule("tiny", "1.0.1", "module", "tiny"), "tiny_part": part}, at=factories.ago(hours=1))
    assert needing() == []
    assert cast.admin.get(f"/sites/{site.id}").json["data"]["status"] == "ok"


def test_versions_know_what_their_feed_says_of_them(cast: Any) -> None:
    with writing(cast.app):
        site = factories.site(cast.organization)
        factories.reported(site, {"tiny": factories.module("tiny", "1.0.0")}, at=factories.ago(hours=3))
        keep("tiny", ("2.0.0", "Security update"), ("1.0.1", "Bug fixes"), ("1.0.0", "Insecure"), branches="2.")
    with cast.app.app_context():
        feeds_kept.send(None, at=now())
    module = cast.admin.get("/modules", name="tiny").json["data"][0]
    versions = {row["version"]: row for row in cast.admin.get(f"/modules/{module['id']}/versions").json["data"]}
    assert {name: (row["is_security"], row["is_supported"], row["is_insecure"], row["sites_count"]) for name, row in versions.items()} == {
        "2.0.0": (True, True, False, 0), "1.0.1": (False, False, False, 0), "1.0.0": (False, False, True, 1)}
    assert versions["2.0.0"]["released_at"] == "2025-06-15T15:06:40Z"
    with writing(cast.app):
        other = factories.site(cast.organization)
        factories.reported(other, {"tiny": factories.module("tiny", "1.0.1")})
    assert cast.admin.get(f"/sites/{other.id}/modules").json["data"][0]["status"] == "not_supported"
    assert cast.admin.get(f"/sites/{other.id}").json["data"]["status"] == "vulnerable", "a security release is waiting in the next major"


def test_what_is_offered_says_whether_the_sites_core_suits_it(cast: Any) -> None:
    """A security release that needs a newer core than the site has is offered as such, and not as the way out."""
    raw = feed("tiny", ("2.0.1", "Security update"), ("2.0.0", "Bug fixes"), ("1.0.0", "Insecure"), branches="2.")
    for version, needs in (("2.0.1", "^11"), ("2.0.0", "^10.3 || ^11")):
        place = f"<version>{version}</version>".encode()
        raw = raw.replace(place, place + f"<core_compatibility>{needs}</core_compatibility>".encode())
    with writing(cast.app):
        keep_feed(parse_feed(raw), hash_of(raw), Origin("import"), now())
        old, new = factories.site(cast.organization), factories.site(cast.organization)
        for site, core in ((old, "10.2.4"), (new, "11.0.1")):
            factories.reported(site, {"tiny": ReportedModule("tiny", "1.0.0", "module", "tiny")}, core=core)

    def offers(site: Any) -> list[Any]:
        row = cast.admin.get(f"/sites/{site.id}/modules", name="tiny").json["data"][0]
        return [(each["version"], each["is_security"], each["needs_core"], each["fits_core"]) for each in row["offers"]]

    assert offers(old) == [("2.0.1", True, "^11", False)]
    assert offers(new) == [("2.0.1", True, "^11", True)]
    assert "needs core ^11" in cast.admin.browser().get(f"/sites/{old.id}").get_data(as_text=True)
    window = cast.admin.browser().get("/wednesday").get_data(as_text=True)
    assert "^11" in window
    assert "module=tiny&amp;module_version=1.0.0&amp;core_version=10.2.4" in window
