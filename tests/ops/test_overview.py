"""The overview: are we safe? Each number is the length of the list behind its link."""

import html
import re

import pytest

from tests import factories
from tests.accounts.pages import heading, text_of, words_of
from tests.exposure.conftest import advisory, evaluate
from tests.fleet.pages import CURRENT, OUTDATED, VULNERABLE, fleet, links_of, reported, rows_of, total_of
from tests.statements import statements
from webapp.catalog.actions.advisories import import_advisories
from webapp.kit.clock import stamp


def site(cast, kind, **fields):
    with factories.writing(cast.app):
        made = factories.site(cast.organization, **fields)
        if kind is not None:
            reported(made, kind)
    return made


def numbers(page):
    """Every link of the main part whose words are a number, alone or before a noun: where it leads and the number."""
    main = text_of(page).split("<main", 1)[1].split("</main>", 1)[0]
    found = re.findall(r'<a[^>]* href="([^"]+)"[^>]*>\s*([\d,]+)(?:<span class="pb-sr">[^<]*</span>)?(?: sites?[^<]*)?</a>', main)
    return [(html.unescape(href), int(number.replace(",", ""))) for href, number in found]


def test_it_says_what_is_wrong_in_one_sentence_and_where_to_begin(cast):
    fleet(cast)
    page = cast.viewer.browser().get("/overview")
    assert heading(page) == "Not safe: 1 of 5 sites has a security update waiting"
    link = re.search(r'class="btn btn-primary" href="([^"]+)">([^<]+)', text_of(page))
    module = cast.viewer.get("/modules", name="webform").json["data"][0]["id"]
    assert (link.group(1), link.group(2)) == (f"/modules/{module}?needs=security", "Work on webform")
    assert "2 sites cannot be judged" in words_of(page)
    assert "to 6.2.9" in words_of(page)


def test_every_number_is_the_length_of_the_list_that_it_leads_to(cast):
    sites = fleet(cast)
    key = cast.key(site=sites["vulnerable"])
    key.post(f"/sites/{sites['vulnerable'].id}/modules", {"modules": [{"name": "BAD", "version": "1"}]})
    for status in ("success", "failed"):
        cast.member.post(f"/sites/{sites['ok'].id}/patch-run", {
            "started_at": stamp(factories.ago(hours=3)), "status": status, "trigger": "ci",
            "updates": [{"module": "webform", "from_version": "6.2.7", "to_version": "6.2.9"}]})
    browser = cast.admin.browser()
    found = numbers(browser.get("/overview"))
    assert len(found) > 15
    for href, number in found:
        assert total_of(browser.get(href)) == number, href
    paths = {href.split("?")[0] for href, _ in found}
    assert {"/sites", "/patch-runs"} < paths


def test_advisories_and_deadlines_lead_to_just_what_they_count(app, cast):
    """Five findings: two late, one due within the day, one within the week, one later; and one that was accepted."""
    ages = {"high_mod": (30, 6.5), "moderate_mod": (25,), "low_mod": (60, 91)}
    with factories.writing(app):
        for name, days in ages.items():
            for age in days:
                factories.reported(factories.site(cast.organization), {name: "1.0.0"}, at=factories.ago(days=age))
        factories.reported(factories.site(cast.elsewhere), {"high_mod": "1.0.0"}, at=factories.ago(days=2))
        done = import_advisories([advisory(f"SA-CONTRIB-2026-00{number}", (name, "<1.1.0"), rating=name.split("_")[0], title=f"Hole in {name}",
                                           published=factories.ago(days=200)) for number, name in enumerate(ages)], factories.ago())
    with app.app_context():
        evaluate(done.ids, factories.ago())
    browser = cast.viewer.browser()
    page = browser.get("/overview")
    names = re.findall(r'class="name" href="/advisories/[^"]+">([^<]+)', text_of(page))
    assert names == ["Hole in high_mod", "Hole in moderate_mod", "Hole in low_mod"]
    found = numbers(page)
    assert [number for href, number in found if href.startswith("/advisories/")] == [2, 1, 2]
    assert [number for href, number in found if href.startswith("/exposures")] == [5, 2, 1, 1, 1]
    for href, number in found:
        assert total_of(browser.get(href)) == number, href
    accepted = cast.viewer.get("/exposures", overdue="true").json["data"][0]["id"]
    cast.member.post(f"/exposures/{accepted}/accept", {"reason": "Switched off.", "expires_at": stamp(factories.ago(days=-9))})
    found = numbers(browser.get("/overview"))
    assert [number for href, number in found if href.startswith("/exposures")] == [4, 1, 1, 1, 1]


def test_the_tiles_are_the_counts_and_their_news(cast):
    sites = fleet(cast)
    text = text_of(cast.viewer.browser().get("/overview"))
    strip = text.split('class="pb-strip"', 1)[1].split("</section>", 1)[0]
    tiles = re.findall(r'class="st st-(\w+)".*?class="v"[^>]*>(\d+)', strip, re.DOTALL)
    assert tiles == [("vulnerable", "1"), ("unsupported", "0"), ("outdated", "1"), ("silent", "1"), ("unknown", "1"), ("ok", "1")]
    assert "status=vulnerable&amp;status_since=" in strip
    assert "1 site since yesterday" in strip
    assert "status=silent&amp;status_since=" not in strip
    assert str(sites["silent"].id) in rows_of(cast.viewer.browser().get("/sites", status="silent"))


def test_the_worst_sites_stand_in_the_order_of_the_list(cast):
    fleet(cast)
    browser = cast.viewer.browser()
    shown = re.findall(r'class="name" href="/sites/([0-9a-f-]{36})"', text_of(browser.get("/overview")))
    assert shown == list(rows_of(browser.get("/sites", status="vulnerable,unsupported,outdated,silent,unknown")))


CALM = [
    ([CURRENT, CURRENT], "All 2 sites are up to date", "st-ok", False),
    ([CURRENT], "The one site is up to date", "st-ok", False),
    ([CURRENT, OUTDATED], "No site has a security update waiting", "st-ok", True),
    ([CURRENT, None], "1 of 2 sites cannot be judged", "st-unknown", True),
    ([OUTDATED, VULNERABLE], "Not safe: 1 of 2 sites has a security update waiting", "st-vulnerable", True),
]


@pytest.mark.parametrize(("kinds", "answer", "colour", "acts"), CALM, ids=[each[1] for each in CALM])
def test_the_answer_follows_the_worst(cast, kinds, answer, colour, acts):
    for kind in kinds:
        site(cast, kind)
    page = cast.viewer.browser().get("/overview")
    assert heading(page) == answer
    assert f'class="pb-answer {colour}"' in text_of(page)
    assert ("btn-primary" in text_of(page)) is acts


def test_silent_sites_are_never_safe_nor_green(cast):
    with factories.writing(cast.app):
        silent = factories.site(cast.organization, report_interval_minutes=60)
        reported(silent, CURRENT, days=3)
    page = cast.viewer.browser().get("/overview")
    assert heading(page) == "1 of 1 site cannot be judged"
    assert 'class="pb-answer st-silent"' in text_of(page)
    assert f"/sites/{silent.id}" in links_of(page)


def test_reports_that_name_no_updates_are_not_called_never_reported(cast):
    with factories.writing(cast.app):
        factories.reported(factories.site(cast.organization), {"webform": "6.2.9"}, at=factories.ago(hours=1))
    words = words_of(cast.viewer.browser().get("/overview"))
    assert "Never reported" not in words
    assert "Unknown" in words


def test_the_first_run_gives_the_first_step_to_those_who_may_take_it(cast):
    page = cast.member.browser().get("/overview")
    assert heading(page) == "No site yet"
    assert "/sites/new" in links_of(page)
    page = cast.viewer.browser().get("/overview")
    assert heading(page) == "No site yet"
    assert "/sites/new" not in links_of(page)


def test_strangers_see_their_own_and_the_chosen_organization_holds(cast):
    fleet(cast)
    assert heading(cast.stranger.browser().get("/overview")) == "Not safe: 1 of 1 site has a security update waiting"
    browser = cast.root.browser()
    assert heading(browser.get("/overview")) == "Not safe: 2 of 6 sites have a security update waiting"
    assert "By organization" in words_of(browser.get("/overview"))
    browser.post("/organizations/current", {"organization_id": str(cast.organization.id), "next": "/overview"})
    page = browser.get("/overview")
    assert heading(page) == "Not safe: 1 of 5 sites has a security update waiting"
    assert "By owner" in words_of(page)
    assert "Foreign Office" not in words_of(page)
    for href, number in numbers(page):
        assert total_of(browser.get(href)) == number, href


def test_who_has_no_owner_stands_out(cast):
    fleet(cast)
    page = cast.viewer.browser().get("/overview")
    assert "Nobody" in words_of(page)
    assert "/sites?owned=false" in links_of(page)


def test_there_is_one_primary_button(cast):
    fleet(cast)
    assert text_of(cast.admin.browser().get("/overview")).count("btn-primary") == 1


def test_it_needs_a_person_who_is_signed_in(cast):
    answer = cast.app.test_client().get("/overview", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert "/login" in answer.headers["Location"]


@pytest.mark.slow
def test_it_costs_as_many_statements_at_500_sites_as_at_10(app, cast):
    browser = cast.admin.browser()
    with factories.writing(app):
        for _ in range(10):
            reported(factories.site(cast.organization, owner_id=cast.admin.id), VULNERABLE)
    browser.get("/overview")
    few = statements(app, lambda: browser.get("/overview"))
    with factories.writing(app):
        for _ in range(490):
            reported(factories.site(cast.organization, owner_id=cast.member.id), VULNERABLE)
    assert statements(app, lambda: browser.get("/overview")) == few == 13
