"""What ends: branches of core and of modules that get no more updates, each number as long as the list that it leads to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests import factories
from tests.catalog.feed_server import feed
from tests.factories import writing
from tests.fleet.pages import links_of
from webapp.catalog.actions.releases import Origin, hash_of, keep_feed
from webapp.catalog.feeds.release_history import parse_feed
from webapp.catalog.verdicts.coverage import Coverage, Support
from webapp.fleet.queries.ends import _is_near
from webapp.fleet.queries.support import CoreBranch
from webapp.kit.clock import now

TODAY = datetime(2026, 11, 22, 8, tzinfo=UTC)
CORE = (("11.4.2", ""), ("11.3.5", ""), ("11.2.9", ""), ("11.1.7", ""), ("10.6.3", ""))


def keep(raw: bytes) -> None:
    keep_feed(parse_feed(raw), hash_of(raw), Origin("test"), now())


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    for door in ("webapp.fleet.api", "webapp.fleet.pages.ends"):
        monkeypatch.setattr(f"{door}.now", lambda: TODAY)


@pytest.fixture
def sites(cast: Any) -> dict[str, Any]:
    """Five sites on five branches of core, with modules of which some branches are given up."""
    runs: dict[str, dict[str, tuple[str, bool]]] = {
        "11.4.2": {"webform": ("6.3.1", True)}, "11.3.5": {"webform": ("6.2.7", True), "webform_ui": ("6.2.7", True)},
        "10.6.3": {"webform": ("6.2.9", True), "old": ("8.x-1.4", True)}, "11.1.7": {"webform": ("6.1.0", True), "old": ("8.x-1.3", False)},
        "9.5.11": {"gone": ("2.0.0", True)}}
    with writing(cast.app):
        keep(feed("drupal", *CORE, branches="11.4.,11.3.,10.6."))
        keep(feed("webform", ("6.3.1", ""), ("6.2.9", ""), ("6.2.7", ""), ("6.1.0", ""), branches="6.3."))
        keep(feed("old", ("2.0.0", ""), ("8.x-1.4", ""), ("8.x-1.3", ""), branches="2.0."))
        keep(feed("gone", ("2.0.0", ""), branches="2.0.", status="unsupported"))
        made = {}
        for core, modules in runs.items():
            made[core] = factories.site(cast.organization, name=f"On {core}")
            factories.reported(made[core], {name: factories.module(name, version, enabled=is_on, project="webform" if "webform" in name else name)
                                            for name, (version, is_on) in modules.items()}, core=core)
        factories.reported(factories.site(cast.elsewhere), {"webform": factories.module("webform", "6.2.7")}, core="8.9.20")
    return made


def length_of(cast: Any, href: str) -> int:
    """How long the list is that a link of a page leads to, by its JSON twin."""
    parts = urlsplit(href)
    path = f"{parts.path}/sites" if parts.path.startswith("/modules/") else parts.path
    return int(cast.viewer.get(path, **dict(parse_qsl(parts.query))).json["meta"]["total"])


def test_core_by_branch_and_modules_by_branch(cast: Any, sites: dict[str, Any]) -> None:
    told = cast.viewer.get("/ends").json["data"]
    assert [(each["branch"], each["state"], each["until"], each["sites_count"]) for each in told["core"]] == [
        ("11.1", "ended", "11.3.0", 1), ("9.5", "ended", "2023-11", 1), ("11.3", "ending", "11.5.0", 1), ("10.6", "ending", "2026-12-09", 1)]
    found = cast.viewer.get("/ends/modules").json
    assert [(row["name"], row["branch"], row["versions"], row["sites_count"], row["is_whole_project"]) for row in found["data"]] == [
        ("webform", "6.2.", ["6.2.7", "6.2.9"], 2, False), ("gone", "2.0.", ["2.0.0"], 1, True), ("old", "8.x-1.", ["8.x-1.4"], 1, False),
        ("webform", "6.1.", ["6.1.0"], 1, False)]
    assert told["modules_count"] == found["meta"]["total"] == 4
    assert [row["name"] for row in cast.viewer.get("/ends/modules", q="GON").json["data"]] == ["gone"]
    assert cast.viewer.get("/ends/modules", sort="sort").status_code == 422
    assert cast.viewer.get("/ends", organization_id=str(cast.elsewhere.id)).json["data"]["core"] == []


def test_each_number_is_the_length_of_its_list(cast: Any, sites: dict[str, Any]) -> None:
    browser = cast.viewer.browser()
    links = [href for href in links_of(browser.get("/ends")) if "branch=" in href]
    counts = [length_of(cast, href) for href in links]
    assert len(links) == 8
    assert counts == [1, 1, 1, 1, 2, 1, 1, 1]
    told = cast.viewer.get("/ends/modules").json["data"]
    for row in told:
        asked = {"verdict": "not_supported", "runs": "true", "branch": row["branch"]}
        assert cast.viewer.get(f"/modules/{row['module_id']}/sites", **asked).json["meta"]["total"] == row["sites_count"]


def test_what_others_run_is_not_told_and_an_empty_fleet_says_so(cast: Any, sites: dict[str, Any]) -> None:
    strange = cast.stranger.get("/ends/modules").json["data"]
    assert [(row["branch"], row["sites_count"]) for row in strange] == [("6.2.", 1)]
    assert [each["branch"] for each in cast.stranger.get("/ends").json["data"]["core"]] == ["8.9"]
    page = cast.stranger.browser().get("/ends").get_data(as_text=True)
    assert "Drupal 8.9" in page
    assert "Drupal 9.5" not in page


@pytest.mark.parametrize(("support", "is_near"), [
    (Support(Coverage.ENDED, "2021-11"), True), (Support(Coverage.ENDING, "11.5.0"), True), (Support(Coverage.SUPPORTED, "11.6.0"), False),
    (Support(Coverage.SUPPORTED, "2027-11-22"), True), (Support(Coverage.SUPPORTED, "2027-11-23"), False),
    (Support(Coverage.SUPPORTED, "2027-11"), True), (Support(Coverage.SUPPORTED, "2027-12"), False), (Support(), False)])
def test_a_year_ahead(support: Support, is_near: bool) -> None:
    assert _is_near(CoreBranch("11.4", support, 1, []), date(2026, 11, 22)) is is_near
