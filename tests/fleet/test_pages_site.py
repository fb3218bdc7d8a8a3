"""One site: its modules now and then, its history, what it sent, and its head."""

import pytest

from tests import factories
from tests.accounts.pages import fragment_is_part, heading, text_of, words_of
from tests.fleet.pages import fleet, links_of, reported, rows_of, tabs_of, total_of
from tests.statements import statements


def names(answer, person, path, **query):
    return [row["name"] for row in person.get(path, **query).json["data"]]


def test_the_head_says_status_numbers_and_owner(cast):
    sites = fleet(cast)
    page = cast.viewer.browser().get(f"/sites/{sites['vulnerable'].id}")
    words = words_of(page)
    assert heading(page) == "Admissions"
    for said in ("Vulnerable", "1 security", "1 other", "once a day", "Critical", "Production", "10.3.8", "admin@meridian.example"):
        assert said in words, said
    assert "Nothing heard for 3 d" in words_of(cast.viewer.browser().get(f"/sites/{sites['silent'].id}"))
    assert "Nobody" in words_of(cast.viewer.browser().get(f"/sites/{sites['ok'].id}"))


@pytest.mark.parametrize("query", [{}, {"q": "tok"}, {"needs": "security"}, {"needs": "any"}, {"enabled": "true"}, {"type": "module"},
                                   {"status": "not_fetched"}, {"sort": "-name"}, {"as_of": "2026-01-01"}], ids=str)
def test_the_modules_are_those_of_the_json_in_the_same_order(cast, query):
    site = fleet(cast)["vulnerable"]
    rows = [row["module_id"] for row in cast.viewer.get(f"/sites/{site.id}/modules", **query).json["data"]]
    page = cast.viewer.browser().get(f"/sites/{site.id}", **query)
    assert (page.status_code, rows_of(page, "modules")) == (200, rows)


def test_what_the_site_says_and_the_verdict_stand_apart(cast):
    site = fleet(cast)["vulnerable"]
    words = words_of(cast.viewer.browser().get(f"/sites/{site.id}"))
    assert "Security update" in words
    assert "Feed not fetched" in words
    assert "Update available" in words


def test_the_numbers_of_the_head_and_of_the_tabs_are_those_of_the_lists(cast):
    site = fleet(cast)["vulnerable"]
    browser = cast.viewer.browser()
    page = browser.get(f"/sites/{site.id}")
    for label, (href, count) in tabs_of(page).items():
        if count is not None:
            assert total_of(browser.get(href)) == count, label
    for href, count in ((f"/sites/{site.id}?needs=security", 1), (f"/sites/{site.id}?needs=other", 1)):
        assert href in links_of(page)
        assert total_of(browser.get(href)) == count


def test_switched_off_code_needs_nothing(cast):
    with factories.writing(cast.app):
        site = factories.site(cast.organization)
        off = factories.module("diff", "2.1.0", "2.1.1", True, enabled=False)
        factories.reported(site, {"diff": off, "token": factories.module("token", "1.0.0", judged=True)}, at=factories.ago(hours=1))
    browser = cast.viewer.browser()
    assert total_of(browser.get(f"/sites/{site.id}", needs="any")) == 0
    assert "in code, not enabled" in words_of(browser.get(f"/sites/{site.id}"))
    assert cast.viewer.get(f"/sites/{site.id}").json["data"]["updates_count"] == 0


def test_the_lines_to_close_what_is_open_name_just_that(cast):
    site = fleet(cast)["vulnerable"]
    text = text_of(cast.viewer.browser().get(f"/sites/{site.id}"))
    assert "composer update -W drupal/webform\ndrush updatedb -y" in text
    assert "Close what is open" not in text_of(cast.viewer.browser().get(f"/sites/{fleet_site_ok(cast)}"))


def fleet_site_ok(cast):
    return cast.viewer.get("/sites", status="ok").json["data"][0]["id"]


def test_as_of_shows_what_was_there_and_the_way_back(cast):
    with factories.writing(cast.app):
        site = factories.site(cast.organization)
        factories.reported(site, {"webform": "6.2.7", "gone": "1.0.0"}, at=factories.ago(days=20))
        factories.reported(site, {"webform": "6.2.9"}, at=factories.ago(days=2))
    day = f"{factories.ago(days=10):%Y-%m-%d}"
    page = cast.viewer.browser().get(f"/sites/{site.id}", as_of=day)
    assert total_of(page) == 2
    assert "6.2.7" in words_of(page)
    assert f"As of {day}" in words_of(page)
    assert f"/sites/{site.id}" in links_of(page, 'class="pb-alert')
    assert f"/sites/{site.id}?as_of=" in " ".join(links_of(cast.viewer.browser().get(f"/sites/{site.id}/history")))


def test_the_history_is_that_of_the_json_and_leads_to_runs(cast):
    with factories.writing(cast.app):
        site = factories.site(cast.organization)
        factories.reported(site, {"webform": "6.2.7", "token": "1.0.0"}, at=factories.ago(days=3))
    body = {"modules": [{"name": "webform", "version": "6.2.9"}]}
    key = cast.key(site=site)
    run = key.post(f"/sites/{site.id}/modules", body).json["data"]["patch_run_id"]
    for query in ({}, {"kind": "updated"}, {"module": "token"}, {"sort": "module"}):
        rows = [row["module_id"] for row in cast.viewer.get(f"/sites/{site.id}/history", **query).json["data"]]
        assert rows_of(cast.viewer.browser().get(f"/sites/{site.id}/history", **query), "modules") == rows
    page = cast.viewer.browser().get(f"/sites/{site.id}/history")
    assert f"/patch-runs/{run}" in links_of(page)
    assert "6.2.7 to 6.2.9" in words_of(page)
    assert "1.0.0 removed" in words_of(page)


def test_what_was_received_shows_refusals_with_their_reasons(cast):
    with factories.writing(cast.app):
        site = factories.site(cast.organization)
    key = cast.key(site=site)
    key.post(f"/sites/{site.id}/modules", {"modules": [{"name": "webform", "version": "6.2.9"}]})
    refused = key.post(f"/sites/{site.id}/modules", {"modules": [{"name": "BAD NAME", "version": "1"}]})
    browser = cast.viewer.browser()
    page = browser.get(f"/sites/{site.id}/received", outcome="refused")
    assert total_of(page) == 1
    assert refused.json["message"] in words_of(page)
    assert total_of(browser.get(f"/sites/{site.id}/received")) == 2
    accepted = cast.viewer.get(f"/sites/{site.id}/inventory-reports", outcome="accepted").json["data"][0]
    assert f"/sites/{site.id}/history?report_id={accepted['id']}" in links_of(browser.get(f"/sites/{site.id}/received"))


@pytest.mark.parametrize(("path", "query"), [("", {"needs": "nothing"}), ("", {"as_of": "yesterday"}), ("/history", {"kind": "moved"}),
                                             ("/received", {"outcome": "lost"}), ("/history", {"from": "2026-13-01"})])
def test_the_pages_refuse_what_the_json_refuses(cast, path, query):
    site = fleet(cast)["ok"]
    twin = {"": "/modules", "/history": "/history", "/received": "/inventory-reports"}[path]
    answer = cast.viewer.get(f"/sites/{site.id}{twin}", **query)
    page = cast.viewer.browser().get(f"/sites/{site.id}{path}", **query)
    assert (answer.status_code, page.status_code) == (422, 422)
    assert answer.json["message"] in words_of(page)


@pytest.mark.parametrize("path", ["", "/history", "/received", "/patch-runs", "?needs=security&q=web"])
def test_each_fragment_is_a_part_of_its_page(cast, path):
    site = fleet(cast)["vulnerable"]
    fragment_is_part(cast.viewer.browser(), f"/sites/{site.id}{path}")


def test_a_site_that_never_reported_leads_to_how_it_reports(cast):
    site = fleet(cast)["unknown"]
    browser = cast.member.browser()
    for path in ("", "/received"):
        assert f"/sites/{site.id}/connect" in links_of(browser.get(f"/sites/{site.id}{path}"))
    assert "Nothing has changed yet" in words_of(browser.get(f"/sites/{site.id}/history"))


@pytest.mark.slow
def test_the_pages_cost_the_same_for_10_and_for_500_modules(app, cast):
    browser = cast.admin.browser()
    with factories.writing(app):
        few, many = (factories.site(cast.organization, owner_id=cast.admin.id) for _ in range(2))
        for site, number in ((few, 10), (many, 500)):
            reported(site, {f"module_{place}": ("1.0.0", "1.0.1", True) for place in range(number)}, days=2)
            reported(site, {f"module_{place}": ("1.0.1", "1.0.2", True) for place in range(number)}, hours=1)
    browser.get(f"/sites/{few.id}")
    for path, cost in (("", 19), ("/history", 10), ("/received", 10), ("/connect", 10), ("/patch-runs", 9)):
        costs = [statements(app, lambda site=site: browser.get(f"/sites/{site.id}{path}")) for site in (few, many)]  # noqa: B023
        assert (path, costs) == (path, [cost, cost])
