"""Many sites at once: chosen in the list, prepared, and changed together or not at all."""

import pytest

from tests.accounts.pages import errors_of, heading, said, text_of, words_of
from tests.fleet.pages import fleet


def chosen(sites, *names, **fields):
    return {"ids": [str(sites[name].id) for name in names], **fields}


def test_those_who_may_change_sites_choose_them_in_the_list(cast):
    sites = fleet(cast)
    assert f'name="ids" value="{sites["ok"].id}"' in text_of(cast.member.browser().get("/sites"))
    assert 'name="ids"' not in text_of(cast.viewer.browser().get("/sites"))
    assert 'value="delete"' in text_of(cast.admin.browser().get("/sites"))
    assert 'value="delete"' not in text_of(cast.member.browser().get("/sites"))


def test_a_choice_is_named_before_anything_happens(cast):
    sites = fleet(cast)
    page = cast.member.browser().post("/sites/bulk", chosen(sites, "ok", "outdated", operation="tag"))
    assert (page.status_code, heading(page)) == (200, "Tag 2 sites")
    assert "Botanic Garden, City Library" in words_of(page)
    assert cast.viewer.get(f"/sites/{sites['ok'].id}").json["data"]["tags"] == []


CHANGES = [("tag", {"tags": "museum, public"}, "tags", ["museum", "public"]), ("set_criticality", {"criticality": "low"}, "criticality", "low")]


@pytest.mark.parametrize(("operation", "fields", "name", "value"), CHANGES)
def test_all_chosen_sites_are_changed(cast, operation, fields, name, value):
    sites = fleet(cast)
    browser = cast.member.browser()
    answer = browser.post("/sites/bulk/apply", chosen(sites, "ok", "outdated", operation=operation, **fields))
    assert said(browser, answer) == "2 sites changed."
    assert {cast.viewer.get(f"/sites/{sites[each].id}").json["data"][name] == value for each in ("ok", "outdated")} == {True}
    again = browser.post("/sites/bulk/apply", chosen(sites, "ok", "outdated", operation=operation, **fields))
    assert said(browser, again) == "Nothing to change: it is so already."


def test_an_owner_is_chosen_from_the_people_of_the_organization(cast):
    sites = fleet(cast)
    browser = cast.member.browser()
    page = text_of(browser.post("/sites/bulk", chosen(sites, "ok", operation="assign_owner")))
    assert cast.viewer.email in page
    assert cast.stranger.email not in page
    answer = browser.post("/sites/bulk/apply", chosen(sites, "ok", operation="assign_owner", owner_id=cast.viewer.id))
    assert said(browser, answer) == "1 site changed."
    assert cast.viewer.get(f"/sites/{sites['ok'].id}").json["data"]["owner_id"] == cast.viewer.id


@pytest.mark.parametrize(("operation", "fields", "field"), [
    ("tag", {"tags": ""}, "tags"), ("tag", {"tags": "x" * 61}, "tags"), ("assign_owner", {"owner_id": ""}, "owner_id"),
    ("set_criticality", {"criticality": "huge"}, "criticality")])
def test_an_error_stands_at_its_field(cast, operation, fields, field):
    sites = fleet(cast)
    answer = cast.member.browser().post("/sites/bulk/apply", chosen(sites, "ok", operation=operation, **fields))
    assert (answer.status_code, list(errors_of(answer))) == (422, [field])
    assert "City Library" in words_of(answer)


def test_deleting_takes_an_admin_and_names_the_sites(cast):
    sites = fleet(cast)
    assert cast.member.browser().post("/sites/bulk/apply", chosen(sites, "ok", operation="delete")).status_code == 403
    browser = cast.admin.browser()
    page = browser.post("/sites/bulk", chosen(sites, "ok", "silent", operation="delete"))
    assert "Delete 2 sites" in words_of(page)
    assert said(browser, browser.post("/sites/bulk/apply", chosen(sites, "ok", "silent", operation="delete"))) == "2 sites changed."
    assert cast.admin.get("/sites").json["meta"]["total"] == 3


def test_sites_of_others_are_not_there_and_nothing_is_done(cast):
    sites = fleet(cast)
    browser = cast.member.browser()
    assert "Foreign Office" not in words_of(browser.post("/sites/bulk", chosen(sites, "ok", "strange", operation="tag")))
    answer = browser.post("/sites/bulk/apply", chosen(sites, "ok", "strange", operation="tag", tags="mine"))
    assert answer.status_code == 404
    assert cast.viewer.get(f"/sites/{sites['ok'].id}").json["data"]["tags"] == []


def test_viewers_and_forms_without_a_token_are_refused(cast):
    sites = fleet(cast)
    for path in ("/sites/bulk", "/sites/bulk/apply"):
        assert cast.viewer.browser().post(path, chosen(sites, "ok", operation="tag", tags="x")).status_code == 403
        assert cast.member.browser().post(path, chosen(sites, "ok", operation="tag", tags="x"), token=False).status_code == 403


@pytest.mark.parametrize("fields", [{}, {"operation": "tag"}, {"operation": "paint", "ids": []}])
def test_without_a_choice_it_says_how_to_choose(cast, fields):
    browser = cast.member.browser()
    assert said(browser, browser.post("/sites/bulk", fields)) == "Choose sites first, then what to do with them."


def test_what_are_no_ids_is_refused(cast):
    assert cast.member.browser().post("/sites/bulk", {"operation": "tag", "ids": "1; DROP"}).status_code == 422
