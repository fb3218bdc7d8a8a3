"""Live reports as pages: the same numbers as their JSON, each leading to what it counts; what is not known is a dash."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from tests.accounts.pages import fragment_is_part, heading, text_of, words_of
from tests.fleet.pages import links_of, total_of
from tests.reports.test_patch_run_report import updated
from tests.statements import statements
from webapp.catalog.actions.advisories import import_advisories
from webapp.catalog.verdicts.advisories import AdvisoryRecord, Affected, ids_of
from webapp.exposure.actions.evaluation import evaluate
from webapp.kit.clock import now

UPDATES, RUNS = "/reports/module-updates", "/reports/patch-run"


def cells_of(answer: Any, caption: str) -> list[list[str]]:
    """The rows of the table whose caption begins so, as words."""
    table = next(each for each in text_of(answer).split("<table")[1:] if f'pb-sr">{caption}' in each).split("</table>", 1)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>", 1)[1], re.DOTALL)
    return [[re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
            for row in rows]


def tiles_of(answer: Any) -> dict[str, tuple[str, str | None]]:
    """Each tile's number and where it leads, by its label."""
    found = {}
    for tile in re.findall(r'<(?:a|div) class="pb-tile".*?<span class="d">', text_of(answer), re.DOTALL):
        link = re.search(r'<a class="(?:v|pb-tile)" href="([^"]+)"', tile)
        words = [re.sub(r"<[^>]+>", "", part) for part in re.split(r'<(?:a|span) class="v"[^>]*>', tile)]
        value = re.split(r"[a-z]{3}", words[1], maxsplit=1)[0].strip()
        found[words[0].strip()] = (value, link.group(1).replace("&amp;", "&") if link else None)
    return found


# ---- module updates

@pytest.mark.parametrize("query", [{}, {"security_only": "true"}, {"environment": "staging"}, {"tag": "shop"}, {"module": "secure"},
                                   {"q": "pla"}, {"sort": "-module"}, {"organization": "MINE"}], ids=str)
def test_modules_are_those_of_the_json_in_the_same_order(cast: Any, fleet: Any, query: dict[str, str]) -> None:
    asked = {name: str(cast.organization.id) if value == "MINE" else value for name, value in query.items()}
    rows = cast.viewer.get(UPDATES, **asked).json["data"]
    shown = cells_of(cast.viewer.browser().get(UPDATES, **asked), f"{len(rows)} modules")
    assert [(cell[0], cell[3], cell[4]) for cell in shown] == [(row["module"], row["latest_version"], str(row["sites_count"])) for row in rows]
    assert [("Security update" in cell[1]) for cell in shown] == [row["security"] for row in rows]


@pytest.mark.parametrize("query", [{}, {"security_only": "true"}, {"module": "plain"}, {"sort": "site"}], ids=str)
def test_sites_are_those_of_the_json_in_the_same_order(cast: Any, fleet: Any, query: dict[str, str]) -> None:
    rows = cast.viewer.get(UPDATES, group_by="site", **query).json["data"]
    shown = cells_of(cast.viewer.browser().get(UPDATES, group_by="site", **query), f"{len(rows)} sites")
    assert [cell[1:3] for cell in shown] == [[str(row["security_updates_count"]), str(row["updates_count"])] for row in rows]
    assert all(cell[0].startswith(row["site"]["name"]) for cell, row in zip(shown, rows, strict=True))


@pytest.mark.parametrize("query", [{}, {"security_only": "true"}, {"environment": "production", "group_by": "site"}], ids=str)
def test_each_number_is_as_long_as_the_list_that_it_leads_to(cast: Any, fleet: Any, query: dict[str, str]) -> None:
    browser = cast.viewer.browser()
    tiles = tiles_of(browser.get(UPDATES, **query))
    assert set(tiles) == {"Sites not secure", "Modules not secure", "Sites with any update", "Modules with any update"}
    for label, (value, href) in tiles.items():
        assert href is not None, label
        assert total_of(browser.get(href)) == int(value), label


def test_numbers_of_rows_lead_to_what_they_count(cast: Any, fleet: Any) -> None:
    browser = cast.viewer.browser()
    links = [href for href in links_of(browser.get(UPDATES)) if "module=plain" in href and "group_by=site" in href]
    assert total_of(browser.get(links[0])) == 2
    by_site = browser.get(UPDATES, group_by="site")
    links = [href for href in links_of(by_site) if re.search(r"/sites/.*needs=(any|security)", href)]
    counts = [int(cell) for row in cells_of(by_site, "2 sites") for cell in row[1:3] if cell != "0"]
    assert [total_of(browser.get(href)) for href in dict.fromkeys(links)] == counts


def test_what_is_not_known_is_a_dash_and_said(cast: Any, fleet: Any) -> None:
    page = cast.viewer.browser().get(UPDATES)
    rows = {cell[0]: cell for cell in cells_of(page, "2 modules")}
    assert (rows["plain"][2], rows["plain"][5]) == ("–", "–")
    assert (rows["secure"][2], rows["secure"][5]) == ("Unknown severity", "6 h")
    assert "– where no security update waits" in words_of(page)


def test_exports_and_the_way_to_a_report_keep_the_filters(cast: Any, fleet: Any) -> None:
    browser = cast.member.browser()
    page = browser.get(UPDATES, tag="shop", security_only="true", sort="-module")
    exports = [href for href in links_of(page) if href.startswith("/api/v1")]
    assert exports == [f"/api/v1{UPDATES}?tag=shop&security_only=true&sort=-module&format={form}" for form in ("csv", "xlsx")]
    assert "secure" in text_of(browser.get(exports[0]))
    build = next(href for href in links_of(page) if href.startswith("/reports?new="))
    assert build == "/reports?new=module_updates&parameters.tag=shop&parameters.security_only=true"
    assert browser.get(build).status_code == 200


def test_strangers_see_nothing_of_it(cast: Any, fleet: Any) -> None:
    browser = cast.stranger.browser()
    for query in ({}, {"group_by": "site"}, {"organization_id": str(cast.organization.id)}):
        page = words_of(browser.get(UPDATES, **query))
        assert "plain" not in page
        assert "Alpha" not in page
        assert "Meridian" not in page


@pytest.mark.parametrize(("path", "query"), [(UPDATES, {"environment": "moon"}), (UPDATES, {"colour": "red"}),
                                             (UPDATES, {"group_by": "site", "sort": "module"}), (RUNS, {"granularity": "minute"}),
                                             (RUNS, {"from": "soon"}), (RUNS, {"from": "2026-03-02", "to": "2026-03-01"})], ids=str)
def test_the_pages_refuse_what_the_json_refuses(cast: Any, path: str, query: dict[str, str]) -> None:
    answer, page = cast.viewer.get(path, **query), cast.viewer.browser().get(path, **query)
    assert (answer.status_code, page.status_code) == (422, 422)
    assert answer.json["message"] in words_of(page)


@pytest.mark.parametrize("path", [UPDATES, f"{UPDATES}?group_by=site&tag=shop", RUNS, f"{RUNS}?granularity=week"])
def test_fragments_are_parts_of_their_pages(cast: Any, fleet: Any, post_run: Any, path: str) -> None:
    post_run(fleet[0], factories.ago(days=1))
    fragment_is_part(cast.viewer.browser(), path)


# ---- patch runs

def test_totals_are_those_of_the_json(cast: Any, fleet: Any, post_run: Any) -> None:
    one, two = fleet
    post_run(one, factories.ago(days=3), updates=2, security=1)
    post_run(two, factories.ago(days=2), "failed")
    post_run(two, factories.ago(days=1))
    browser = cast.viewer.browser()
    for query in ({}, {"site_id": str(two.id)}, {"from": f"{factories.ago(days=2):%Y-%m-%d}"}):
        totals = cast.viewer.get(RUNS, **query).json["data"]["totals"]
        tiles = tiles_of(browser.get(RUNS, **query))
        assert [tiles[label][0] for label in ("Runs", "Updates", "Security updates", "Sites")] == [
            str(totals[name]) for name in ("runs", "updates", "security_updates", "sites")]
        assert tiles["Runs that succeeded"][0] == f"{totals['success_rate'] * 100:.0f} %"


def test_tables_are_those_of_the_json(cast: Any, fleet: Any, post_run: Any) -> None:
    one, two = fleet
    for day, site in ((40, one), (3, one), (1, two)):
        post_run(site, factories.ago(days=day), updates=2, security=1)
    data, page = cast.viewer.get(RUNS, granularity="week").json["data"], cast.viewer.browser().get(RUNS, granularity="week")
    assert [row[1:5] for row in cells_of(page, "Patch runs by week")] == [
        [str(row["runs"]), "–" if row["success_rate"] is None else "100 %", str(row["updates"]), str(row["security_updates"])]
        for row in data["trend"]]
    assert [row[:2] for row in cells_of(page, "Patch runs by site")] == [[row["site"]["name"], str(row["runs"])] for row in data["by_site"]]
    assert [row[:2] for row in cells_of(page, "Updates by module")] == [[row["module"], str(row["updates"])] for row in data["by_module"]]
    assert [row[1] for row in cells_of(page, "Patch runs by team")] == [str(row["runs"]) for row in data["by_team"]]
    assert text_of(page).count('role="img"') == 3, "a drawing for each width"
    assert 'aria-label="6 updates, 3 of them security; most in the week of' in text_of(page)


def test_runs_lead_to_their_list_where_it_counts_the_same(cast: Any, fleet: Any, post_run: Any) -> None:
    """With a time the list is by the beginning of a run, and the report by its end: then no number leads there."""
    post_run(fleet[0], factories.ago(days=3))
    post_run(fleet[0], factories.ago(days=1))
    post_run(fleet[1], factories.ago(days=1))
    browser = cast.viewer.browser()
    for query in ({}, {"site_id": str(fleet[0].id)}):
        page = browser.get(RUNS, **query)
        value, href = tiles_of(page)["Runs"]
        assert total_of(browser.get(href)) == int(value)
        links = [href for href in links_of(page) if re.search(r"/sites/.*/patch-runs$", href)]
        assert [total_of(browser.get(href)) for href in links] == [int(row[1]) for row in cells_of(page, "Patch runs by site")]
        modules = [href for href in links_of(page) if "module=mod_0" in href]
        assert total_of(browser.get(modules[0])) == int(value)
    timed = browser.get(RUNS, **{"from": "2020-01-01"})
    assert tiles_of(timed)["Runs"] == ("3", None)
    assert "/patch-runs?from=2020-01-01" in links_of(timed)


def opened_and_closed(app: Any, place: Any, hours: dict[str, int]) -> None:
    """A site that was open to each of these advisories, on a module of its own, for so many hours; the deadline of high is 7 days."""
    with factories.writing(app):
        site = factories.site(place)
        records = [AdvisoryRecord("osv-drupal", name, ids_of([name]), published_at=factories.ago(days=20),
                                  affected=(Affected(f"hole_{at}", "<2"),)) for at, name in enumerate(hours)]
        done = import_advisories(records, now())
        start = factories.ago(days=15)
        for length in sorted({0, *hours.values()}):
            versions = {f"hole_{at}": "2.0.0" if length >= hours[name] else "1.0.0" for at, name in enumerate(hours)}
            factories.reported(site, versions, start + timedelta(hours=length))
    with app.app_context():
        evaluate(done.ids, now())


def test_no_data_is_a_dash_with_its_reason_and_never_zero(cast: Any, fleet: Any, post_run: Any) -> None:
    browser = cast.viewer.browser()
    empty = browser.get(RUNS)
    assert tiles_of(empty)["Runs that succeeded"][0] == "–"
    assert "No patch run yet" in words_of(empty)
    post_run(fleet[0], factories.ago(days=1), security=1)
    page = browser.get(RUNS)
    tiles = tiles_of(page)
    for label in ("Update lag, median", "Update lag, nine of ten within", "Findings closed in time"):
        assert tiles[label] == ("–", None)
    assert "Neither a release date nor an advisory of these updates is known." in words_of(page)
    assert "None was closed" in words_of(page)
    assert 'id="lags"' not in text_of(page)


def test_lag_and_deadlines_are_those_of_the_json(app: Any, cast: Any) -> None:
    for hours in (5, 47, 200):
        updated(app, cast.organization, hours, security=True)
    data, page = cast.viewer.get(RUNS).json["data"], cast.viewer.browser().get(RUNS)
    assert (data["update_lag"]["median_hours"], data["sla"]["percentage"]) == (47, None)
    assert tiles_of(page)["Update lag, median"][0] == "1 d 23 h"
    assert cells_of(page, "Time from release") == [["All", "3", "1 d 23 h", "7 d 1 h"], ["Unknown", "3", "1 d 23 h", "7 d 1 h"]]
    assert 'id="lags"' in text_of(page)
    opened_and_closed(app, cast.organization, {"SA-CONTRIB-2026-001": 5, "SA-CONTRIB-2026-002": 47, "SA-CONTRIB-2026-003": 200})
    data, page = cast.viewer.get(RUNS).json["data"], cast.viewer.browser().get(RUNS)
    assert (data["sla"]["within"], data["sla"]["breached"], data["sla"]["percentage"]) == (2, 1, 66.67)
    assert tiles_of(page)["Findings closed in time"][0] == "66.7 %"
    assert "2 within the deadline, 1 after it" in words_of(page)


def test_the_way_to_a_file_and_to_json_keeps_the_filters(cast: Any, fleet: Any, post_run: Any) -> None:
    post_run(fleet[0], factories.ago(days=1))
    browser = cast.member.browser()
    page = browser.get(RUNS, site=str(fleet[0].id), granularity="day", **{"from": "2026-01-01"})
    json = next(href for href in links_of(page) if href.startswith("/api/v1"))
    assert json == f"/api/v1{RUNS}?site_id={fleet[0].id}&granularity=day&from=2026-01-01"
    assert browser.get(json).json["data"]["totals"]["runs"] == 1
    build = next(href for href in links_of(page) if href.startswith("/reports?new="))
    form = browser.get(build)
    assert f'value="{fleet[0].url}"' in text_of(form)
    assert '<option value="day" selected>' in text_of(form)


def test_strangers_see_no_run(cast: Any, fleet: Any, post_run: Any) -> None:
    post_run(fleet[0], factories.ago(days=1))
    for query in ({}, {"site_id": str(fleet[0].id)}, {"organization_id": str(cast.organization.id)}):
        page = cast.stranger.browser().get(RUNS, **query)
        assert tiles_of(page)["Runs"] == ("0", None)
        assert "Alpha" not in words_of(page)


def test_pages_are_about_the_chosen_organization(app: Any, cast: Any, fleet: Any, post_run: Any) -> None:
    with factories.writing(app):
        site = factories.site(cast.elsewhere, name="Foreign")
        factories.reported(site, {"foreign": factories.module("foreign", "1.0.0", "1.1.0")})
    post_run(fleet[0], factories.ago(days=1))
    browser = cast.root.browser()
    assert "foreign" in words_of(browser.get(UPDATES))
    browser.post("/organizations/current", {"organization_id": str(cast.organization.id)})
    page = browser.get(UPDATES)
    assert "foreign" not in words_of(page)
    assert "Meridian" in words_of(page)
    exports = [href for href in links_of(page) if href.startswith("/api/v1")]
    assert all(f"organization_id={cast.organization.id}" in href for href in exports)
    assert f"parameters.organization_id={cast.organization.id}" in next(href for href in links_of(page) if "new=" in href)
    browser.post("/organizations/current", {"organization_id": str(cast.elsewhere.id)})
    assert tiles_of(browser.get(RUNS))["Runs"][0] == "0"


def test_the_pages_cost_the_same_however_much_there_is(app: Any, cast: Any) -> None:
    browser = cast.member.browser()

    def grow(number: int) -> None:
        with factories.writing(app):
            site = factories.site(cast.organization)
            names = {f"module_{place}": factories.module(f"module_{place}", "1.0.0", "1.0.1", security=place % 2 == 0)
                     for place in range(number)}
            factories.reported(site, names, at=factories.ago(days=2))
            factories.reported(site, dict.fromkeys(list(names)[:number // 2], "1.0.1") | dict(list(names.items())[number // 2:]),
                               at=factories.ago(hours=2))

    paths = [UPDATES, f"{UPDATES}?group_by=site", f"{UPDATES}?per_page=200", RUNS, f"{RUNS}?granularity=day"]
    grow(10)
    few = [statements(app, lambda path=path: browser.get(path)) for path in paths]
    grow(200)
    assert [statements(app, lambda path=path: browser.get(path)) for path in paths] == few
    assert heading(browser.get(RUNS)) == "Patch runs in numbers"
