"""Time to fix: the figures, by hand and by real histories, and that each number is the length of the list behind it."""

from __future__ import annotations

import gzip
import html
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests import factories
from tests.exposure.conftest import advisory, ago
from webapp.catalog.models import Advisory, Module
from webapp.exposure.models import Exposure
from webapp.exposure.pages.statistics import Lists
from webapp.kit.clock import now
from webapp.kit.db import db, rows
from webapp.kit.ids import new_id

REAL = Path(__file__).parents[3] / "shared" / "data" / "fleet" / "fleet-exposure.jsonl.gz"
PATH = "/exposures/statistics"
DAY = timedelta(days=1)


@pytest.fixture
def fleet(app: Any, cast: Any, publish: Any) -> dict[str, Any]:
    """One advisory of ten days ago and six sites: fixed after 12 and 60 hours, still open, silent, not running it, and accepted.

    A seventh was first heard of with the hole in it, and has fixed it since.
    """
    with factories.writing(app):
        names = ("Archive", "Baths", "Cemetery", "Docks", "Museum", "Opera", "Late comer")
        sites = {name: factories.site(cast.organization, name=name) for name in names}
        for name, site in sites.items():
            module = factories.module("webform", "6.2.7", enabled=name != "Museum")
            factories.reported(site, {"webform": module}, ago(days=4) if name == "Late comer" else ago(days=12))
        for name, after in (("Archive", 12), ("Baths", 60)):
            factories.reported(sites[name], {"webform": "6.2.9"}, ago(days=10) + timedelta(hours=after))
        factories.reported(sites["Late comer"], {"webform": "6.2.9"}, ago(days=4) + timedelta(hours=30))
        for name in ("Cemetery", "Museum", "Opera"):
            factories.reported(sites[name], {"webform": factories.module("webform", "6.2.7", enabled=name != "Museum")}, ago(hours=2))
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=10), risk="AC:None/A:None/CI:All/II:All/E:Exploit/TD:All"))
    found = cast.member.get("/exposures", site_id=str(sites["Opera"].id)).json["data"][0]
    cast.member.post(f"/exposures/{found['id']}/accept", {"reason": "Behind a login.", "expires_at": "2099-01-01T00:00:00Z"})
    return sites


def figures(caller: Any, **query: Any) -> Any:
    answer = caller.get(PATH, **query)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def test_what_is_open_is_in_no_median_and_is_told(cast: Any, fleet: Any) -> None:
    totals = figures(cast.viewer)["totals"]
    assert (totals["exposures"], totals["fixed"], totals["open"], totals["accepted"]) == (6, 3, 2, 1)  # the museum does not run it
    assert (totals["overdue"], totals["unverified"]) == (2, 1)
    assert (totals["median_hours"], totals["p90_hours"]) == (30, 54)  # of 12, 30 and 60: the 90th is 30 + 0.8 × 30
    assert totals["within_24_hours"] == {"fixed": 1, "of": 6, "share": 0.1667}
    assert totals["within_7_days"] == {"fixed": 2, "of": 5, "share": 0.4}  # the late comer's clock began four days ago


def test_whose_beginning_nobody_saw_is_told_apart(cast: Any, fleet: Any) -> None:
    totals = figures(cast.viewer)["totals"]
    assert totals["left_censored"] == 1
    assert totals["without_left_censored"] == {"fixed": 2, "median_hours": 36, "p90_hours": 55.2}
    found = cast.viewer.get("/exposures", left_censored="true").json["data"]
    assert [row["site"]["name"] for row in found] == ["Late comer"]


def test_each_number_is_the_length_of_its_list(cast: Any, fleet: Any) -> None:
    answer = figures(cast.viewer)
    lists = Lists({}, datetime.fromisoformat(answer["at"]))
    every = [answer["totals"], *answer["by_severity"], *answer["by_organization"], *answer["by_month"]]
    assert sum(row["exposures"] for row in every) == 4 * 6
    for row in every:
        for name in ("exposures", "fixed", "open", "overdue", "unverified", "accepted", "left_censored"):
            assert row[name] == length(cast, lists(name, row)), name
        for name in ("within_24_hours", "within_7_days"):
            assert row[name]["fixed"] == length(cast, lists(name, row)), name
            assert row[name]["of"] == length(cast, lists(name, row, of=True)), name


def length(cast: Any, address: str) -> int:
    """How many findings the list at an address of a page has."""
    answer = cast.viewer.get("/exposures", **dict(parse_qsl(urlsplit(address).query)))
    assert answer.status_code == 200, answer.text
    return int(answer.json["meta"]["total"])


def test_the_page_says_the_same_and_every_number_leads_to_its_list(cast: Any, fleet: Any) -> None:
    browser = cast.viewer.browser()
    text = html.unescape(browser.get("/exposures/time-to-fix").get_data(as_text=True))
    assert "1 d 6 h" in text
    assert "Of <a" in text
    links = re.findall(r'<a(?: class="(?:v|due-over)")? href="(/exposures\?[^"]+)"[^>]*>([\d,]+)<', text)
    assert len(links) > 20
    for href, number in links:
        assert length(cast, href) == int(number.replace(",", "")), href
    assert "/exposures/time-to-fix" in browser.get("/exposures").get_data(as_text=True)
    assert "/exposures/time-to-fix" in browser.get("/overview").get_data(as_text=True)


@pytest.mark.parametrize(("query", "found"), [
    ({"severity": "critical"}, 6), ({"severity": "low,moderate"}, 0), ({"from": "2000-01-01", "to": "2001-01-01"}, 0)])
def test_filters_narrow_the_findings(cast: Any, fleet: Any, query: dict[str, str], found: int) -> None:
    assert figures(cast.viewer, **query)["totals"]["exposures"] == found


def test_filters_by_site_team_and_organization(cast: Any, fleet: Any) -> None:
    team = cast.admin.post("/teams", {"name": "Web", "organization_id": str(cast.organization.id)}).json["data"]["id"]
    cast.admin.patch(f"/sites/{fleet['Archive'].id}", {"team_id": team})
    for query in ({"site": str(fleet["Archive"].id)}, {"site_id": str(fleet["Archive"].id)}, {"team": team}, {"team_id": team}):
        assert figures(cast.viewer, **query)["totals"]["median_hours"] == 12
    assert figures(cast.viewer, organization=str(cast.organization.id))["totals"]["exposures"] == 6
    assert figures(cast.root, organization=str(cast.elsewhere.id))["totals"]["exposures"] == 0
    assert "Archive" in cast.viewer.browser().get("/exposures/time-to-fix", site_id=str(fleet["Archive"].id)).get_data(as_text=True)


def test_nothing_is_null_and_never_zero(cast: Any) -> None:
    answer = figures(cast.viewer)
    totals = answer["totals"]
    assert (totals["exposures"], totals["median_hours"], totals["p90_hours"]) == (0, None, None)
    assert totals["within_24_hours"] == {"fixed": 0, "of": 0, "share": None}
    assert (answer["by_severity"], answer["by_organization"], answer["by_month"]) == ([], [], [])
    assert "No finding yet" in cast.viewer.browser().get("/exposures/time-to-fix").get_data(as_text=True)


def test_a_stranger_counts_nothing_of_it(cast: Any, fleet: Any) -> None:
    assert figures(cast.stranger)["totals"]["exposures"] == 0
    assert figures(cast.stranger, organization_id=str(cast.organization.id))["totals"]["exposures"] == 0
    assert cast.stranger.browser().get("/exposures/time-to-fix", site_id=str(fleet["Archive"].id)).status_code == 404


@pytest.mark.parametrize(("query", "field"), [
    ({"severity": "grave"}, "severity"), ({"from": "yesterday"}, "from"), ({"from": "2026-02-01", "to": "2026-01-01"}, "to"),
    ({"colour": "red"}, "colour"), ({"site": "4b6f1c5e-0000-7000-8000-000000000001", "site_id": "4b6f1c5e-0000-7000-8000-000000000002"}, "site")])
def test_what_is_no_filter_is_refused_at_its_field(cast: Any, query: dict[str, str], field: str) -> None:
    answer = cast.viewer.get(PATH, **query)
    assert answer.status_code == 422
    assert answer.json["details"][0]["field"] == field


# ---- real histories

@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_file(), reason="the real data (../shared/data/fleet) are not here")
def test_the_figures_are_those_of_real_histories(app: Any, cast: Any) -> None:
    with gzip.open(REAL, "rt") as file:
        real = [json.loads(line) for line in file]
    load(app, cast.organization, real)
    answer = figures(cast.viewer)
    totals, hours = answer["totals"], hours_of(real)
    assert (totals["exposures"], totals["fixed"]) == (len(real), len(hours))
    assert (totals["median_hours"], totals["p90_hours"]) == (near(percentile(hours, 0.5)), near(percentile(hours, 0.9)))
    for name, limit in (("within_24_hours", 24), ("within_7_days", 168)):
        old = [row for row in real if now() - began(row) > timedelta(hours=limit)]
        within = sum(1 for row in old if row["fixed_at"] and took(row) <= limit)
        assert totals[name] == {"fixed": within, "of": len(old), "share": round(within / len(old), 4)}
    assert len(answer["by_month"]) > 90
    for month in answer["by_month"]:
        part = [row for row in real if row["exposed_from"][:7] == month["month"][:7]]
        assert (month["exposures"], month["fixed"]) == (len(part), len(hours_of(part)))
        if hours_of(part):
            assert month["median_hours"] == near(percentile(hours_of(part), 0.5))
            assert month["p90_hours"] == near(percentile(hours_of(part), 0.9))
    for site in db_sites(app):
        part = hours_of([row for row in real if row["repo"] == site.name])
        found = figures(cast.viewer, site_id=str(site.id))["totals"]
        assert found["median_hours"] == (near(percentile(part, 0.5)) if part else None), site.name


def load(app: Any, place: Any, real: list[dict[str, Any]]) -> None:
    """Writes the rows as exposures, in bulk."""
    with factories.writing(app):
        sites = {name: factories.site(place, name=name).id for name in sorted({row["repo"] for row in real})}
        modules = {name: Module(name=name, public_id=new_id(), first_seen_at=now()) for name in sorted({row["package"] for row in real})}
        advisories = {row["advisory"]: Advisory(
            public_id=new_id(), name=row["advisory"], kind="advisory", title=row["advisory"], severity="unknown", details="",
            published_at=datetime.fromisoformat(row["published"]), first_seen_at=now(), updated_at=now()) for row in real}
        db.session.add_all([*modules.values(), *advisories.values()])
        db.session.flush()
        times = {"created_at": now(), "updated_at": now()}
        db.session.bulk_insert_mappings(Exposure.__mapper__, [{
            "id": new_id(), "organization_id": place.id, "site_id": sites[row["repo"]], "advisory_id": advisories[row["advisory"]].id,
            "module_id": modules[row["package"]].id, "n": 1, "version": row["version_at_start"], "fixed_version": row["fixed_version"],
            "enabled": None, "started_at": began(row), "due_at": began(row) + 7 * DAY,
            "ended_at": datetime.fromisoformat(row["fixed_at"]) if row["fixed_at"] else None, **times} for row in real])


def db_sites(app: Any) -> list[Any]:
    with factories.writing(app):
        return rows("SELECT id, name FROM sites ORDER BY name")


def began(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["exposed_from"]).astimezone(UTC)


def took(row: dict[str, Any]) -> float:
    return (datetime.fromisoformat(row["fixed_at"]) - began(row)).total_seconds() / 3600


def hours_of(part: list[dict[str, Any]]) -> list[float]:
    """The hours of what is fixed, as the file says them; their times say the same."""
    assert all(abs(took(row) - row["exposure_hours"]) < 0.0051 for row in part if row["fixed_at"])
    return sorted(took(row) for row in part if row["fixed_at"])


def percentile(values: list[float], share: float) -> float:
    """Linear interpolation between the closest ranks (method 7 of Hyndman and Fan, as `percentile_cont`)."""
    place = (len(values) - 1) * share
    low = int(place)
    return values[low] + (values[min(low + 1, len(values) - 1)] - values[low]) * (place - low)


def near(hours: float) -> Any:
    return pytest.approx(hours, abs=0.0051)
