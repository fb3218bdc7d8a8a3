"""`/sites`: which sites need work first, and the same list as JSON."""

import pytest

from tests import factories
from tests.accounts.pages import fragment_is_part, heading, text_of, words_of
from tests.fleet.pages import fleet, links_of, reported, rows_of, tabs_of, total_of
from tests.statements import statements

ORDER = ["vulnerable", "silent", "unknown", "outdated", "ok"]


def ids(sites, *names):
    return [str(sites[name].id) for name in names]


def test_the_worst_comes_first_and_a_stranger_sees_nothing_of_it(cast):
    sites = fleet(cast)
    assert rows_of(cast.viewer.browser().get("/sites")) == ids(sites, *ORDER)
    assert rows_of(cast.stranger.browser().get("/sites")) == ids(sites, "strange")
    assert cast.app.test_client().get("/sites", headers={"Accept": "text/html"}).status_code == 303


FILTERS = [
    {"status": "vulnerable,silent"}, {"environment": "staging"}, {"criticality": "critical"}, {"core_version": "10.3.8"},
    {"tags": "public"}, {"owned": "false"}, {"reported": "false"}, {"q": "garden"}, {"module": "webform", "module_version": "<6.2.9"},
    {"has_security_updates": "true"}, {"sort": "-name"}, {"sort": "last_report_at", "per_page": "2", "page": "2"},
    {"from": "2020-01-01", "to": "2099-01-01"},
]


@pytest.mark.parametrize("query", FILTERS, ids=",".join)
def test_the_page_and_the_json_have_the_same_ids_in_the_same_order(cast, query):
    fleet(cast)
    rows = [row["id"] for row in cast.viewer.get("/sites", **query).json["data"]]
    page = cast.viewer.browser().get("/sites", **query)
    assert rows_of(page) == rows
    assert total_of(page) == cast.viewer.get("/sites", **query).json["meta"]["total"]


@pytest.mark.parametrize("query", [{"status": "poor"}, {"sort": "owner"}, {"page": "0"}, {"colour": "red"}, {"module_version": "<<"}],
                         ids=",".join)
def test_the_page_refuses_what_the_json_refuses(cast, query):
    fleet(cast)
    asked = {"module": "webform", **query} if "module_version" in query else query
    answer = cast.viewer.get("/sites", **asked)
    page = cast.viewer.browser().get("/sites", **asked)
    assert (page.status_code, answer.status_code) == (422, 422)
    assert answer.json["message"] in words_of(page)


def test_every_view_bears_the_number_of_the_list_behind_it(cast):
    fleet(cast)
    browser = cast.admin.browser()
    tabs = tabs_of(browser.get("/sites"))
    assert {name: count for name, (_, count) in tabs.items()} == {
        "All sites": 5, "Needs work in production": 3, "Mine": 1, "Silent": 1, "Late": 0, "Never reported": 1, "No owner": 4}
    for name, (href, count) in tabs.items():
        page = browser.get(href)
        assert (total_of(page), count) == (count, count), name
        assert f'aria-current="page">{name}' in text_of(page)


def test_the_choices_of_a_chip_bear_the_numbers_under_the_other_filters(cast):
    fleet(cast)
    browser = cast.admin.browser()
    text = text_of(browser.get("/sites", environment="production"))
    menu = text.split('id="chip-status"', 1)[1].split("</details>", 1)[0]
    assert "status=vulnerable" in menu
    assert "environment=production" in menu
    assert total_of(browser.get("/sites", environment="production", status="vulnerable")) == 1
    assert '<span>Outdated</span><span class="n">0</span>' in menu


def test_the_export_names_its_rows_and_gives_just_those(cast):
    fleet(cast)
    browser = cast.admin.browser()
    page = browser.get("/sites", environment="production")
    assert "Export 4 rows" in words_of(page)
    link = next(href for href in links_of(page) if href.startswith("/api/v1/sites?") and "format=csv" in href)
    lines = browser.get(link).get_data(as_text=True).splitlines()
    assert len(lines) == 1 + 4
    assert [line.split(",")[0] for line in lines[1:]] == rows_of(page)


def test_the_chosen_organization_holds_for_list_tabs_and_export(cast):
    sites = fleet(cast)
    browser = cast.root.browser()
    assert total_of(browser.get("/sites")) == 6
    browser.post("/organizations/current", {"organization_id": str(cast.elsewhere.id), "next": "/sites"})
    page = browser.get("/sites")
    assert rows_of(page) == ids(sites, "strange")
    assert tabs_of(page)["All sites"][1] == 1
    assert f"organization_id={cast.elsewhere.id}" in next(href for href in links_of(page) if "format=csv" in href)


def test_the_fragment_is_a_part_of_the_page(cast):
    fleet(cast)
    browser = cast.admin.browser()
    fragment_is_part(browser, "/sites")
    fragment_is_part(browser, "/sites?status=vulnerable&q=a")
    fragment_is_part(browser, "/sites/deleted")


def test_fields_that_were_left_empty_are_no_filters(cast):
    fleet(cast)
    page = cast.admin.browser().get("/sites?status=&module=&from=&to=&q=&owner_id=")
    assert (page.status_code, total_of(page)) == (200, 5)


def test_unknown_and_silent_are_never_called_ok(cast):
    sites = fleet(cast)
    with factories.writing(cast.app):
        factories.reported(sites["unknown"], {"webform": "6.2.9"}, at=factories.ago(hours=1))
    browser = cast.admin.browser()
    words = words_of(browser.get("/sites", status="unknown"))
    assert "Not judged" in words
    assert "Never reported 0" in words
    assert "unverified" in words_of(browser.get("/sites", status="silent"))
    assert rows_of(browser.get("/sites", status="ok")) == ids(sites, "ok")


def test_names_are_escaped_everywhere(cast):
    with factories.writing(cast.app):
        site = factories.site(cast.organization, name="<script>alert(1)</script>", tags=["<b>x"], owner_id=cast.admin.id)
        reported(site, {"webform": ("<i>1", "<u>2", True)}, core="<s>10")
    browser = cast.admin.browser()
    for path in ("/sites", f"/sites/{site.id}", f"/sites/{site.id}/history", f"/sites/{site.id}/connect", f"/sites/{site.id}/edit",
                 f"/sites/{site.id}/patch-runs/new", "/modules", "/overview"):
        text = text_of(browser.get(path))
        assert not any(bad in text for bad in ("<script>alert", "<b>x", "<i>1", "<u>2", "<s>10")), path
    assert "&lt;script&gt;alert(1)" in text_of(browser.get("/sites"))


def test_no_match_says_which_filter_to_drop(cast):
    fleet(cast)
    page = cast.admin.browser().get("/sites", status="vulnerable", environment="staging")
    assert "No site matches these 2 filters" in words_of(page)
    assert "Without the filter on status there is 1." in words_of(page)
    assert "/sites?environment=staging" in links_of(page)


def test_an_empty_fleet_gives_the_first_step_to_those_who_may_take_it(cast):
    assert "/sites/new" in links_of(cast.member.browser().get("/sites"))
    words = words_of(cast.viewer.browser().get("/sites"))
    assert "No site yet" in words
    assert "Add" not in words


def test_a_page_beyond_the_end_is_empty_and_leads_back(cast):
    fleet(cast)
    page = cast.admin.browser().get("/sites", page="9")
    assert (page.status_code, heading(page), rows_of(page)) == (200, "Sites", [])


@pytest.mark.slow
def test_the_list_costs_as_many_statements_at_500_sites_as_at_10(app, cast):
    browser = cast.admin.browser()
    with factories.writing(app):
        for number in range(10):
            factories.site(cast.organization, owner_id=cast.admin.id, tags=[f"tag{number}"], core_version=f"10.{number}.0")
    browser.get("/sites")
    few = statements(app, lambda: browser.get("/sites", per_page=200))
    with factories.writing(app):
        for number in range(490):
            factories.site(cast.organization, owner_id=cast.member.id, core_version=f"11.{number}.0")
    assert statements(app, lambda: browser.get("/sites", per_page=200)) == few == 10
