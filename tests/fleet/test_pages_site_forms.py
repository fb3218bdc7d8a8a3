"""Adding, changing, deleting and restoring a site with forms."""

import pytest

from tests import factories
from tests.accounts.pages import errors_of, heading, said, text_of, value_of, words_of
from tests.fleet.pages import fleet, links_of, rows_of, tabs_of


def form(cast, **fields):
    return {"organization_id": str(cast.organization.id), "name": "Tram Timetable", "url": "https://tram.example.org/",
            "environment": "production", "criticality": "high", "report_interval_minutes": "60", "tags": "public, transport",
            "owner_id": "", "description": "", **fields}


def test_a_member_adds_a_site_and_comes_to_how_it_reports(cast):
    browser = cast.member.browser()
    answer = browser.post("/sites/new", form(cast, owner_id=cast.admin.id))
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/connect")
    site = cast.member.get("/sites").json["data"][0]
    assert answer.headers["Location"] == f"/sites/{site['id']}/connect"
    assert said(browser, answer) == "Tram Timetable is added. Now let it report."
    assert (site["url"], site["tags"], site["owner_id"]) == ("https://tram.example.org", ["public", "transport"], str(cast.admin.id))
    assert cast.admin.get("/audit-logs", action="site.registered").json["meta"]["total"] == 1


def test_viewers_get_neither_the_form_nor_what_it_posts(cast):
    browser = cast.viewer.browser()
    assert browser.get("/sites/new").status_code == 403
    assert browser.post("/sites/new", form(cast)).status_code == 403
    assert "/sites/new" not in links_of(browser.get("/sites"))


WRONG = [
    ({"name": ""}, "name"), ({"url": "not an address"}, "url"), ({"url": ""}, "url"),
    ({"report_interval_minutes": "0"}, "report_interval_minutes"),
    ({"report_interval_minutes": "often"}, "report_interval_minutes"), ({"environment": "moon"}, "environment"),
    ({"tags": "x" * 61}, "tags"), ({"name": "n" * 201}, "name"),
]


@pytest.mark.parametrize(("change", "field"), WRONG, ids=lambda value: str(value)[:40])
def test_an_error_stands_at_its_field_and_what_was_typed_survives(cast, change, field):
    typed = form(cast, **change)
    answer = cast.member.browser().post("/sites/new", typed)
    assert answer.status_code == 422
    assert list(errors_of(answer)) == [field]
    assert value_of(answer, "name") == typed["name"]
    assert value_of(answer, "url") == typed["url"]
    assert value_of(answer, "tags") == typed["tags"]
    assert cast.member.get("/sites").json["meta"]["total"] == 0


@pytest.mark.parametrize(("change", "field"), WRONG, ids=lambda value: str(value)[:40])
def test_the_json_refuses_the_same_at_the_same_field(cast, change, field):
    body = {name: value for name, value in form(cast, **change).items() if value or name in change}
    body |= {"tags": [tag.strip() for tag in body["tags"].split(",")]}
    if body["report_interval_minutes"].isdigit():  # a form has text where JSON has numbers
        body["report_interval_minutes"] = int(body["report_interval_minutes"])
    answer = cast.member.post("/sites", body)
    page = cast.member.browser().post("/sites/new", form(cast, **change))
    assert (answer.status_code, answer.json["details"][0]["field"].split(".")[0]) == (422, field)
    assert errors_of(page)[field] == answer.json["details"][0]["message"]


def test_from_two_errors_on_a_summary_leads_to_the_fields(cast):
    answer = cast.member.browser().post("/sites/new", form(cast, name="", url="x"))
    text = text_of(answer)
    assert "2 fields need another look" in text
    assert 'href="#f-url"' in text
    assert 'id="f-url"' in text


def test_an_address_that_is_taken_is_a_conflict_at_its_field(cast):
    fleet(cast)
    taken = cast.admin.get("/sites").json["data"][0]["url"]
    answer = cast.member.browser().post("/sites/new", form(cast, url=taken))
    assert (answer.status_code, errors_of(answer)) == (409, {"url": "There is a site with this address."})


def test_nobody_adds_to_an_organization_of_others(cast):
    answer = cast.member.browser().post("/sites/new", form(cast, organization_id=str(cast.elsewhere.id)))
    assert answer.status_code == 404


def test_the_form_without_its_token_changes_nothing(cast):
    sites = fleet(cast)
    browser = cast.admin.browser()
    here = f"/sites/{sites['ok'].id}"
    for path in ("/sites/new", f"{here}/edit", f"{here}/delete", f"{here}/restore", f"{here}/connect"):
        assert browser.post(path, form(cast), token=False).status_code == 403, path
    assert cast.admin.get(here).json["data"]["name"] == "City Library"


def test_changing_saves_and_says_so(cast):
    sites = fleet(cast)
    here = f"/sites/{sites['ok'].id}"
    browser = cast.member.browser()
    page = browser.get(f"{here}/edit")
    assert (heading(page), value_of(page, "name")) == ("Edit City Library", "City Library")
    answer = browser.post(f"{here}/edit", form(cast, name="Library of the City", description="With readings."))
    assert said(browser, answer) == "Saved."
    site = cast.viewer.get(here).json["data"]
    assert (site["name"], site["description"], site["criticality"]) == ("Library of the City", "With readings.", "high")
    browser.post(f"{here}/edit", form(cast, description=""))
    assert cast.viewer.get(here).json["data"]["description"] == ""


def test_changing_refuses_like_adding_and_keeps_what_was_typed(cast):
    sites = fleet(cast)
    browser = cast.member.browser()
    answer = browser.post(f"/sites/{sites['ok'].id}/edit", form(cast, name="", description="Kept."))
    assert (answer.status_code, list(errors_of(answer)), "Kept." in text_of(answer)) == (422, ["name"], True)


@pytest.mark.parametrize("path", ["/edit", "", "/history", "/received", "/connect", "/patch-runs", "/patch-runs/new"])
def test_a_stranger_finds_no_page_of_the_site(cast, path):
    sites = fleet(cast)
    assert cast.stranger.browser().get(f"/sites/{sites['ok'].id}{path}").status_code == 404


def test_members_change_but_do_not_delete_and_viewers_do_neither(cast):
    sites = fleet(cast)
    here = f"/sites/{sites['ok'].id}"
    assert cast.viewer.browser().get(f"{here}/edit").status_code == 403
    assert cast.viewer.browser().post(f"{here}/edit", form(cast)).status_code == 403
    assert cast.member.browser().post(f"{here}/delete").status_code == 403
    assert cast.stranger.browser().post(f"{here}/delete").status_code == 404
    assert "Delete site" not in words_of(cast.member.browser().get(f"{here}/connect"))
    assert "Edit" not in words_of(cast.viewer.browser().get(here))


def test_an_admin_deletes_by_name_and_restores_from_the_deleted_sites(cast):
    sites = fleet(cast)
    here = f"/sites/{sites['ok'].id}"
    browser = cast.admin.browser()
    assert "Delete City Library" in words_of(browser.get(f"{here}/connect"))
    answer = browser.post(f"{here}/delete")
    assert said(browser, answer).startswith("City Library is deleted.")
    assert browser.get(here).status_code == 404
    assert str(sites["ok"].id) not in rows_of(browser.get("/sites"))
    href, count = tabs_of(browser.get("/sites"))["Deleted"]
    page = browser.get(href)
    assert (count, "City Library" in words_of(page), "admin@meridian.example" in words_of(page)) == (1, True, True)
    assert said(browser, browser.post(f"{here}/restore")) == "City Library is back."
    assert browser.get(here).status_code == 200


def test_deleted_sites_are_seen_by_those_who_may_restore_them_alone(cast):
    sites = fleet(cast)
    cast.admin.browser().post(f"/sites/{sites['ok'].id}/delete")
    assert cast.member.browser().get("/sites/deleted").status_code == 403
    assert "City Library" not in words_of(cast.stranger.browser().get("/sites/deleted"))
    assert "Deleted" not in tabs_of(cast.member.browser().get("/sites"))
    assert cast.stranger.browser().post(f"/sites/{sites['ok'].id}/restore").status_code == 404


def test_an_admin_of_one_organization_sees_no_deleted_sites_of_another_in_which_they_look_only(cast):
    sites = fleet(cast)
    with factories.writing(cast.app):
        from webapp.accounts.models import Membership
        from webapp.kit.clock import now
        from webapp.kit.db import db

        db.session.add(Membership(organization_id=cast.elsewhere.id, user_id=cast.admin.id, role="viewer", created_at=now()))
    cast.stranger.delete(f"/sites/{sites['strange'].id}")
    rows = cast.admin.get("/sites", include_deleted="true").json["data"]
    assert str(sites["strange"].id) not in [row["id"] for row in rows]
    assert "Foreign Office" not in words_of(cast.admin.browser().get("/sites/deleted"))


def test_who_belongs_nowhere_is_told_whom_to_ask(cast):
    with factories.writing(cast.app):
        nobody = factories.user("nobody@example.com")
    from tests.cast import signed_in

    browser = signed_in(cast.app, nobody).browser()
    assert browser.get("/sites/new").status_code == 403
    assert "No site yet" in words_of(browser.get("/sites"))
