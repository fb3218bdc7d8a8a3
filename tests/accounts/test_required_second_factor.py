"""An organization may ask for a second factor: who has none signs in, and sees nothing of it, by whatever door."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests import factories
from tests.accounts.codes import code, switched_on
from tests.accounts.pages import text_of, words_of
from webapp.accounts.models import Membership
from webapp.accounts.queries import person_of_sign_in
from webapp.accounts.queries.standing import actor_by_id
from webapp.kit.clock import now
from webapp.kit.db import ALL, db, enter_scope
from webapp.kit.permissions import Origin, Role

NEEDED = {"settings": {"require_two_factor": True}}


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization, name="Admissions")


@pytest.fixture
def strict(cast, site):
    answer = cast.root.patch(f"/organizations/{cast.organization.id}", NEEDED)
    assert answer.json["data"]["settings"]["require_two_factor"] is True
    return cast.organization


def refusal(answer):
    return answer.status_code, answer.json["error"]


def test_members_without_one_are_refused_until_they_have_it(cast, site, strict):
    paths = (f"/organizations/{strict.id}", f"/sites/{site.id}", "/sites", f"/sites?organization_id={strict.id}", "/organizations",
             f"/organizations/{strict.id}/users", "/reports/module-updates", "/sites?format=csv")
    for path in paths:
        assert refusal(cast.member.get(path)) == (403, "two_factor_required"), path
    assert refusal(cast.admin.patch(f"/sites/{site.id}", {"description": "x"})) == (403, "two_factor_required")
    assert refusal(cast.admin.post("/sites", {"organization_id": str(strict.id), "name": "x", "url": "https://x.example"})) == (
        403, "two_factor_required")
    assert cast.member.get("/auth/me").json["data"]["organizations"][0]["id"] == str(strict.id)
    switched_on(cast.member)
    assert cast.member.get(f"/sites/{site.id}").status_code == 200
    assert cast.member.get("/sites").json["meta"]["total"] == 1


def test_switching_it_off_closes_the_door_again(cast, site, strict):
    secret, _ = switched_on(cast.member)
    assert cast.member.get(f"/sites/{site.id}").status_code == 200
    cast.member.post("/auth/2fa/disable", {"otp": code(secret)})
    assert refusal(cast.member.get(f"/sites/{site.id}")) == (403, "two_factor_required")


def test_other_organizations_stay_open(app, cast, site, strict):
    with factories.writing(app):
        db.session.add(Membership(organization_id=cast.elsewhere.id, user_id=cast.member.id, role="viewer", created_at=now()))
        theirs = factories.site(cast.elsewhere)
    assert [row["id"] for row in cast.member.get("/sites").json["data"]] == [str(theirs.id)]
    assert cast.member.get(f"/sites/{theirs.id}").status_code == 200
    assert refusal(cast.member.get(f"/sites/{site.id}")) == (403, "two_factor_required")
    assert refusal(cast.member.get("/sites", organization_id=str(strict.id))) == (403, "two_factor_required")
    assert cast.member.get(f"/auth/sessions/{site.id}").status_code in (404, 405), "the own account is always open"


def test_strangers_learn_nothing_of_it(cast, site, strict):
    assert cast.stranger.get(f"/sites/{site.id}").status_code == 404


def test_keys_and_superusers_go_on(cast, site, strict):
    assert cast.root.get(f"/sites/{site.id}").status_code == 200
    switched_on(cast.admin)
    assert cast.key("read").get(f"/sites/{site.id}").status_code == 200


def test_pages_lead_to_where_it_is_set_up(cast, site, strict):
    browser = cast.member.browser()
    for path in ("/overview", f"/sites/{site.id}", "/sites"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers.get("Location")) == (303, "/profile/two-factor"), path
    page = browser.get("/profile/two-factor")
    assert page.status_code == 200
    assert "open to people with a second factor only" in text_of(page)
    fragment = browser.get("/sites", htmx=True)
    assert fragment.headers["HX-Redirect"] == "/profile/two-factor"


def test_nobody_asks_others_for_what_they_do_not_have(cast):
    door = f"/organizations/{cast.organization.id}"
    refused = cast.admin.patch(door, NEEDED)
    assert (refused.status_code, refused.json["details"][0]["field"]) == (422, "settings.require_two_factor")
    switched_on(cast.admin)
    assert cast.admin.patch(door, NEEDED).status_code == 200
    assert cast.admin.patch(door, {"settings": {"require_two_factor": False}}).status_code == 200
    assert cast.member.get(door).status_code == 200


def test_the_form_of_an_organization_has_it(cast):
    browser, one = cast.admin.browser(), f"/organizations/{cast.organization.id}"
    switched_on(cast.admin)
    assert browser.post(f"{one}/edit", {"name": "Meridian", "settings.require_two_factor": "1"}).status_code == 303
    assert "needed by all members" in words_of(browser.get(one))


def test_superusers_too_where_the_server_says_so(app, cast, site, monkeypatch):
    monkeypatch.setitem(app.config, "REQUIRE_SUPERUSER_TWO_FACTOR", True)
    assert refusal(cast.root.get("/sites")) == (403, "two_factor_required")
    assert refusal(cast.root.get(f"/sites/{site.id}")) == (403, "two_factor_required")
    assert refusal(cast.root.post("/organizations", {"name": "x"})) == (403, "two_factor_required")
    assert cast.member.get("/sites").status_code == 200
    switched_on(cast.root)
    assert cast.root.get("/sites").status_code == 200


def test_the_rule_is_where_actors_are_made(app, cast, strict):
    with app.app_context():
        enter_scope(ALL)
        from webapp.accounts.identity import read_token

        claims = read_token(cast.member.headers["Authorization"].partition(" ")[2], "access")
        actor, _ = person_of_sign_in(claims["sid"], Origin())
    assert (dict(actor.roles), actor.held_back, actor.lacks_second_factor) == ({}, frozenset({strict.id}), True)
    switched_on(cast.member)
    with app.app_context():
        enter_scope(ALL)
        actor, _ = person_of_sign_in(claims["sid"], Origin())
    assert (dict(actor.roles), actor.held_back, actor.lacks_second_factor) == ({strict.id: Role.MEMBER}, frozenset(), False)


def test_work_that_somebody_asked_for_earlier_heeds_it_too(app, cast, strict):
    def roles():
        with app.app_context():
            enter_scope(ALL)
            return dict(actor_by_id(UUID(str(cast.member.id)), now()).roles)

    assert roles() == {}
    switched_on(cast.member)
    assert roles() == {strict.id: Role.MEMBER}
