"""People as pages: the list, adding with an account and without, roles, the last admin, lost passwords."""

from __future__ import annotations

import re

import pytest

from tests import factories
from tests.accounts.pages import errors_of, fragment_is_part, heading, said, text_of, value_of, words_of
from tests.cast import Browser


def new(cast, **changes):
    place = str(cast.organization.id)
    return {"email": "new@meridian.example", "full_name": "New One", "role": "viewer", "organization_id": place, **changes}


def secret_of(answer):
    return re.search(r"<pre[^>]*>([^<]+)</pre>", text_of(answer)).group(1)


def test_the_list_is_of_ones_own_people(app, cast):
    with factories.writing(app):
        factories.user("x@meridian.example", cast.organization, full_name="<i>X</i>")
    browser = cast.admin.browser()
    page = browser.get("/members")
    words = words_of(page)
    assert heading(page) == "Members"
    assert "viewer@meridian.example" in words
    assert "stranger@elsewhere.example" not in words
    assert "&lt;i&gt;X&lt;/i&gt;" in text_of(page)
    assert "<i>X" not in text_of(page)
    assert "stranger@elsewhere.example" in words_of(cast.root.browser().get("/members"))


def test_the_list_is_filtered_sorted_and_paged(app, cast):
    with factories.writing(app):
        for number in range(60):
            factories.user(f"p{number:02}@meridian.example", cast.organization, "viewer")
    browser = cast.admin.browser()
    assert "1 to 50 of 63" in words_of(browser.get("/members"))
    assert "51 to 63 of 63" in words_of(browser.get("/members", page=2))
    only = words_of(browser.get("/members", role="admin"))
    assert "admin@meridian.example" in only
    assert "1 to 1 of 1" in only
    assert "p07@meridian.example" in words_of(browser.get("/members", q="p07"))
    text = text_of(browser.get("/members", sort="-email", per_page=200))
    assert text.index("viewer@meridian.example") < text.index("p00@meridian.example")
    assert "No person matches this filter" in words_of(browser.get("/members", q="nobody at all"))
    fragment_is_part(browser, "/members?role=viewer&page=2")


def test_the_export_has_the_same_rows(cast):
    browser = cast.admin.browser()
    browser.post("/organizations/current", {"organization_id": str(cast.organization.id)})
    link = re.search(r'href="(/api/v1/users\?[^"]*format=csv[^"]*)"', text_of(browser.get("/members", role="viewer"))).group(1)
    rows = browser.client.get(link.replace("&amp;", "&")).get_data(as_text=True).splitlines()
    assert len(rows) == 2
    assert "viewer@meridian.example" in rows[1]


@pytest.mark.parametrize("who", ["member", "viewer"])
def test_only_admins_see_people(cast, who):
    browser = getattr(cast, who).browser()
    for path in ("/members", "/members/new", f"/members/{cast.admin.id}"):
        assert browser.get(path).status_code == 403
    home = f"/members/{cast.admin.id}"
    for path in ("/members/new", f"{home}/role", f"{home}/remove", f"{home}/password"):
        assert browser.post(path, new(cast)).status_code == 403


def test_a_stranger_sees_and_changes_nobody(cast):
    browser, place = cast.stranger.browser(), str(cast.organization.id)
    assert browser.get(f"/members/{cast.viewer.id}").status_code == 404
    assert browser.post("/members/new", new(cast)).status_code == 404
    assert browser.post(f"/members/{cast.viewer.id}/role", {"organization_id": place, "role": "admin"}).status_code == 404
    assert browser.post(f"/members/{cast.viewer.id}/remove", {"organization_id": place}).status_code == 404
    assert browser.get("/members", organization_id=place).status_code == 403


def test_somebody_without_an_account_gets_one_and_a_password_once(cast, app):
    browser = cast.admin.browser()
    answer = browser.post("/members/new", new(cast))
    assert answer.status_code == 200
    assert heading(answer) == "New One is in Meridian now"
    password = secret_of(answer)
    assert len(password) >= 12
    assert password not in text_of(browser.get("/members"))
    newcomer = Browser(app)
    assert newcomer.sign_in("new@meridian.example", password).status_code == 303
    assert "Meridian Viewer" in words_of(newcomer.get("/profile"))
    assert password not in str(cast.root.get("/audit-logs", limit=200).json)


def test_somebody_with_an_account_gets_a_role_and_no_password(cast):
    browser = cast.admin.browser()
    answer = browser.post("/members/new", new(cast, email="STRANGER@elsewhere.example", role="member"))
    assert said(browser, answer) == "stranger@elsewhere.example is in Meridian now."
    roles = {each["name"]: each["role"] for each in cast.stranger.get("/auth/me").json["data"]["organizations"]}
    assert roles == {"Meridian": "member", "Elsewhere": "admin"}


def test_what_is_wrong_stands_at_its_field_and_the_rest_stays(cast):
    browser = cast.admin.browser()
    again = browser.post("/members/new", new(cast, email="viewer@meridian.example", role="admin"))
    assert again.status_code == 409
    assert errors_of(again) == {"email": "This person is in Meridian already."}
    assert value_of(again, "full_name") == "New One"
    assert re.search(r'value="admin" checked', text_of(again))
    bad = browser.post("/members/new", new(cast, email="no address", role="boss"))
    assert bad.status_code == 422
    assert set(errors_of(bad)) == {"email", "role"}
    nowhere = cast.root.browser().post("/members/new", new(cast, organization_id=""))
    assert errors_of(nowhere) == {"organization_id": "Say which organization."}


def test_a_role_is_changed_and_taken_away(cast):
    browser, home, place = cast.admin.browser(), f"/members/{cast.viewer.id}", str(cast.organization.id)
    assert 'value="viewer" selected' in text_of(browser.get(home))
    answer = browser.post(f"{home}/role", {"organization_id": place, "role": "member"})
    assert said(browser, answer) == "The role in Meridian is member now."
    assert 'value="member" selected' in text_of(browser.get(home))
    assert browser.post(f"{home}/role", {"organization_id": place, "role": "king"}).status_code == 422
    assert said(browser, browser.post(f"{home}/remove", {"organization_id": place})) == "Removed from Meridian."
    assert browser.get(home).status_code == 404
    assert "In no organization" in words_of(cast.viewer.browser().get("/profile"))


def test_the_last_admin_stays(cast):
    browser, home, place = cast.admin.browser(), f"/members/{cast.admin.id}", str(cast.organization.id)
    for verb, more in (("role", {"role": "viewer"}), ("remove", {})):
        answer = browser.post(f"{home}/{verb}", {"organization_id": place, **more})
        assert answer.status_code == 409
        assert "This is the last admin of the organization. Make somebody else admin first." in words_of(answer)
    assert browser.get("/members").status_code == 200


def test_an_admin_may_step_down_once_there_is_another(cast):
    browser, place = cast.admin.browser(), str(cast.organization.id)
    browser.post(f"/members/{cast.member.id}/role", {"organization_id": place, "role": "admin"})
    answer = browser.post(f"/members/{cast.admin.id}/role", {"organization_id": place, "role": "viewer"})
    assert said(browser, answer) == "The role in Meridian is viewer now."
    assert browser.get("/members").status_code == 403


def test_a_superuser_makes_a_new_password_for_others(cast, app):
    browser, theirs = cast.root.browser(), cast.member.browser()
    password = secret_of(browser.post(f"/members/{cast.member.id}/password"))
    assert theirs.get("/profile").status_code == 303
    assert Browser(app).sign_in("member@meridian.example").status_code == 401
    assert Browser(app).sign_in("member@meridian.example", password).status_code == 303
    assert browser.post(f"/members/{cast.root.id}/password").status_code == 403
    assert cast.admin.browser().post(f"/members/{cast.viewer.id}/password").status_code == 403
    assert "New password" not in words_of(cast.admin.browser().get(f"/members/{cast.viewer.id}"))


def test_every_change_takes_the_token_of_the_form(cast):
    browser = cast.admin.browser()
    home = f"/members/{cast.viewer.id}"
    for path in ("/members/new", f"{home}/role", f"{home}/remove", f"{home}/password"):
        assert browser.post(path, new(cast), token=False).status_code == 403
