"""Organizations as pages: list, settings, making, changing, deleting by name, restoring."""

from __future__ import annotations

import pytest

from tests import factories
from tests.accounts.pages import errors_of, fragment_is_part, heading, said, text_of, value_of, words_of


@pytest.fixture
def home(cast):
    return f"/organizations/{cast.organization.id}"


def filled(**changes):
    settings = {"settings.timezone": "Europe/Vienna", "settings.sla_days.critical": "2", "settings.sla_days.high": "7",
                "settings.sla_days.moderate": "", "settings.sla_days.low": ""}
    return {"name": "Meridian", "slug": "meridian", "description": "", **settings, **changes}


def test_those_in_one_see_that_one(cast, home):
    for person in (cast.viewer, cast.member, cast.admin):
        browser = person.browser()
        assert browser.get("/organizations").headers["Location"] == home
        assert heading(browser.get(home)) == "Meridian"


def test_the_list_searches_sorts_and_counts(app, cast, home):
    with factories.writing(app):
        factories.organization(name="<script>alert(1)</script>")
        factories.site(cast.organization)
    browser = cast.root.browser()
    page = browser.get("/organizations")
    assert "&lt;script&gt;alert(1)" in text_of(page)
    assert "<script>alert(1)" not in text_of(page)
    assert f'href="/members?organization_id={cast.organization.id}">3</a>' in text_of(page)
    assert f'href="/sites?organization_id={cast.organization.id}">1</a>' in text_of(page)
    text = text_of(browser.get("/organizations", sort="-name"))
    assert text.index(">Meridian</a>") < text.index(">Elsewhere</a>")
    found = words_of(browser.get("/organizations", q="meri"))
    assert "Meridian" in found
    assert "Elsewhere" not in found
    assert "No organization matches this filter" in words_of(browser.get("/organizations", q="nowhere"))
    fragment_is_part(browser, "/organizations?q=meri")


def test_a_filter_that_does_not_exist_is_refused(cast):
    assert cast.root.browser().get("/organizations", colour="red").status_code == 422


def test_only_superusers_make_organizations(cast):
    for person in (cast.viewer, cast.admin):
        assert person.browser().get("/organizations/new").status_code == 403
        assert person.browser().post("/organizations/new", {"name": "Mine"}).status_code == 403
    assert "Add organization" not in words_of(cast.admin.browser().get("/more"))


def test_an_organization_is_made(cast):
    browser = cast.root.browser()
    answer = browser.post("/organizations/new", filled(name="New & Co", slug="", description="What it is."))
    assert said(browser, answer) == "New & Co is made. Its first admin comes next."
    made = cast.root.get("/organizations", name="New & Co").json["data"][0]
    assert (made["slug"], made["description"]) == ("new-co", "What it is.")
    assert {name: made["settings"][name] for name in ("timezone", "default_language", "require_two_factor")} == {
        "timezone": "Europe/Vienna", "default_language": "en", "require_two_factor": False}
    assert made["settings"]["sla_days"] == {"critical": 2, "high": 7, "moderate": 30, "low": 90}


def test_errors_stand_at_their_fields_and_what_was_typed_stays(cast):
    browser = cast.root.browser()
    wrong = {"settings.timezone": "Europe/Wien", "settings.sla_days.high": "900"}
    answer = browser.post("/organizations/new", filled(name="", **wrong))
    assert answer.status_code == 422
    assert set(errors_of(answer)) == {"name", "settings-timezone", "settings-sla_days-high"}
    assert value_of(answer, "settings.timezone") == "Europe/Wien"
    assert value_of(answer, "settings.sla_days.critical") == "2"
    assert "3 fields need another look" in words_of(answer)
    taken = browser.post("/organizations/new", filled(name="MERIDIAN"))
    assert taken.status_code == 409
    assert errors_of(taken) == {"name": "There is an organization of this name."}


def test_an_admin_changes_settings_and_others_do_not(cast, home):
    browser = cast.admin.browser()
    assert value_of(browser.get(f"{home}/edit"), "name") == "Meridian"
    assert said(browser, browser.post(f"{home}/edit", filled(description="Ours."))) == "The organization is saved."
    words = words_of(browser.get(home))
    assert "Europe/Vienna" in words
    assert "Critical 2" in words
    assert "Ours." in words
    browser.post(f"{home}/edit", filled(**{"settings.sla_days.critical": ""}))
    assert cast.admin.get(home).json["data"]["settings"]["sla_days"] == {"critical": 2, "high": 7, "moderate": 30, "low": 90}
    assert cast.admin.get(home).json["data"]["description"] == ""
    for person in (cast.member, cast.viewer):
        assert person.browser().get(f"{home}/edit").status_code == 403
        assert person.browser().post(f"{home}/edit", filled()).status_code == 403
    assert cast.stranger.browser().get(f"{home}/edit").status_code == 404


def test_a_stranger_sees_nothing_of_it(cast, home):
    browser = cast.stranger.browser()
    assert browser.get(home).status_code == 404
    assert browser.post(f"{home}/delete", {"confirm": "Meridian"}).status_code == 404
    assert browser.post(f"{home}/edit", filled()).status_code == 404


def test_what_one_may_not_do_is_not_offered(cast, home):
    viewer, admin = (text_of(person.browser().get(home)) for person in (cast.viewer, cast.admin))
    for offer in (f"{home}/edit", f"{home}/delete", "/members/new", "API keys", "/audit-log?"):
        assert offer in admin
        assert offer not in viewer


def test_deleting_takes_the_name(cast, home):
    browser = cast.admin.browser()
    wrong = browser.post(f"{home}/delete", {"confirm": "meridian"})
    assert wrong.status_code == 422
    assert "not the name of the organization. Nothing was deleted." in words_of(wrong)
    assert browser.get(home).status_code == 200
    assert browser.post(f"{home}/delete", {"confirm": "Meridian"}, token=False).status_code == 403
    assert said(browser, browser.post(f"{home}/delete", {"confirm": "Meridian"})) == "Meridian is deleted."
    assert browser.get(home).status_code == 404


def test_a_superuser_sees_who_deleted_it_and_restores_it(app, cast, home):
    with factories.writing(app):
        factories.site(cast.organization)
    cast.admin.browser().post(f"{home}/delete", {"confirm": "Meridian"})
    browser = cast.root.browser()
    assert "Meridian" not in words_of(browser.get("/organizations"))
    assert "Meridian" in words_of(browser.get("/organizations", include_deleted="true"))
    assert "by admin@meridian.example" in words_of(browser.get(home))
    assert said(browser, browser.post(f"{home}/restore")) == "Meridian is back, with what went with it."
    assert cast.admin.browser().get(home).status_code == 200
    assert "Sites 1" in words_of(cast.viewer.browser().get(home))


def test_only_superusers_restore_and_see_what_is_deleted(cast, home):
    cast.admin.browser().post(f"{home}/delete", {"confirm": "Meridian"})
    assert cast.stranger.browser().post(f"{home}/restore").status_code == 404
    assert cast.stranger.browser().get(home).status_code == 404


def test_deleting_the_chosen_one_leaves_no_choice(cast, home):
    browser = cast.root.browser()
    browser.post("/organizations/current", {"organization_id": str(cast.organization.id)})
    browser.post(f"{home}/delete", {"confirm": "Meridian"})
    browser.get("/more")
    assert "Meridian" not in text_of(browser.get("/more")), "after the word that is shown once"
    assert browser.get("/members").status_code == 200
