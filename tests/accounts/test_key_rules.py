"""API keys: no more than their maker has, from where they may, for as long as they may, and out the moment they are revoked."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from tests import factories
from tests.cast import Caller
from webapp.accounts.actions.signing import note_used
from webapp.accounts.queries.signing import _allowed, actor_of_key
from webapp.accounts.values import is_within
from webapp.kit.clock import now, stamp
from webapp.kit.db import ALL, enter_scope
from webapp.kit.errors import NotAuthenticated
from webapp.kit.permissions import Origin


def made(caller, place, **fields):
    return caller.post("/api-keys", {"name": "a key", "scopes": ["read"], "organization_id": str(place.id), **fields})


def field_of(answer):
    assert answer.status_code == 422, answer.json
    return answer.json["details"][0]["field"]


def calling(app, answer):
    return Caller(app, {"X-API-Key": answer.json["data"]["secret"]})


def test_a_revoked_key_is_out_at_once_and_a_restored_one_back(app, cast):
    answer = made(cast.admin, cast.organization)
    key, one = calling(app, answer), f"/api-keys/{answer.json['data']['id']}"
    assert key.get("/sites").status_code == 200
    assert cast.admin.delete(one).status_code == 200
    assert key.get("/sites").json["error"] == "invalid_api_key"
    assert cast.admin.post(f"{one}/restore").status_code == 200
    assert key.get("/sites").status_code == 200


@pytest.fixture
def site_key(app, cast):
    """A site, its key as it was told, and what the key is signed with."""
    with factories.writing(app):
        site = factories.site(cast.organization)
    end = now().replace(microsecond=0) + timedelta(days=2)
    told = made(cast.admin, cast.organization, site_id=str(site.id), scopes=["ingest"], expires_at=stamp(end), allowed_ips=["203.0.113.0/24"])
    assert told.status_code == 201, told.json
    with app.app_context():
        enter_scope(ALL)
        yield site, told.json["data"], end, app.config["SECRET_KEY"]


def test_who_is_behind_a_key_is_its_site_by_its_name_and_from_where_it_may(site_key):
    site, key, end, server_key = site_key
    origin = Origin("203.0.113.9", "curl", "one request")
    actor, used = actor_of_key(key["secret"], server_key, origin, end - timedelta(seconds=1))
    assert (actor.kind, str(actor.id), actor.label, actor.site_id, actor.origin) == ("api_key", key["id"], "a key", site.id, origin)
    assert used is None
    tries = [(key["secret"], origin, end), (key["secret"], Origin("198.51.100.1"), now()), (key["secret"][:-1] + "!", origin, now()),
             ("pb_" + "x" * 40, origin, now())]
    for secret, elsewhere, at in tries:
        with pytest.raises(NotAuthenticated) as refused:
            actor_of_key(secret, server_key, elsewhere, at)
        assert (refused.value.code, refused.value.message) == (
            "invalid_api_key", "This API key is not known, has expired, or is not allowed from here.")


def test_its_last_use_is_remembered(site_key):
    _, key, end, server_key = site_key
    note_used(UUID(key["id"]), end - timedelta(hours=3))
    assert actor_of_key(key["secret"], server_key, Origin("203.0.113.9"), now())[1] == end - timedelta(hours=3)


def test_a_key_cannot_outlive_or_leave_the_key_that_makes_it(app, cast):
    end = stamp(now().replace(microsecond=0) + timedelta(days=2))
    later = stamp(now().replace(microsecond=0) + timedelta(days=3))
    maker = calling(app, made(cast.admin, cast.organization, scopes=["admin"], expires_at=end, allowed_ips=["127.0.0.0/8"]))
    within = {"expires_at": end, "allowed_ips": ["127.0.0.1"]}
    assert field_of(made(maker, cast.organization, allowed_ips=["127.0.0.1"])) == "expires_at"
    assert field_of(made(maker, cast.organization, **{**within, "expires_at": later})) == "expires_at"
    assert field_of(made(maker, cast.organization, **{**within, "allowed_ips": []})) == "allowed_ips"
    assert field_of(made(maker, cast.organization, **{**within, "allowed_ips": ["10.0.0.0/8"]})) == "allowed_ips"
    child = made(maker, cast.organization, **within)
    assert child.status_code == 201
    one = f"/api-keys/{child.json['data']['id']}"
    assert field_of(maker.patch(one, {"expires_at": later})) == "expires_at"
    assert field_of(maker.patch(one, {"allowed_ips": ["0.0.0.0/0"]})) == "allowed_ips"
    assert maker.patch(one, {"name": "other"}).status_code == 200
    own = next(row for row in maker.get("/api-keys").json["data"] if row["id"] != child.json["data"]["id"])
    assert field_of(maker.patch(f"/api-keys/{own['id']}", {"expires_at": None})) == "expires_at"


def test_a_change_cannot_give_what_the_making_could_not(app, cast):
    with factories.writing(app):
        site = factories.site(cast.organization)
    answer = made(cast.admin, cast.organization, site_id=str(site.id), scopes=["ingest"])
    one = f"/api-keys/{answer.json['data']['id']}"
    assert field_of(cast.admin.patch(one, {"scopes": ["admin"]})) == "scopes"
    assert field_of(cast.admin.patch(one, {"expires_at": "2020-01-01T00:00:00Z"})) == "expires_at"


def test_keys_without_the_right_make_none(app, cast):
    for scope in ("read", "write", "ingest"):
        assert made(cast.key(scope), cast.organization).status_code == 403
    assert made(cast.key("admin"), cast.elsewhere).status_code == 404


def test_rotation_keeps_the_end_and_never_moves_it_away(app, cast):
    end = now().replace(microsecond=0) + timedelta(hours=2)
    old = made(cast.admin, cast.organization, expires_at=stamp(end))
    one = f"/api-keys/{old.json['data']['id']}"
    fresh = cast.admin.post(f"{one}/rotate", {"overlap_hours": 24})
    assert fresh.json["data"]["expires_at"] == stamp(end)
    assert cast.admin.get(one).json["data"]["expires_at"] == stamp(end)
    assert calling(app, old).get("/sites").status_code == calling(app, fresh).get("/sites").status_code == 200
    at_once = cast.admin.post(f"/api-keys/{fresh.json['data']['id']}/rotate", {"overlap_hours": 0})
    assert calling(app, fresh).get("/sites").status_code == 401
    assert calling(app, at_once).get("/sites").status_code == 200


@pytest.mark.parametrize(("given", "kept"), [
    ("203.0.113.9", "203.0.113.9/32"), ("203.0.113.9/24", "203.0.113.0/24"), ("2001:db8::1", "2001:db8::1/128"),
    ("::ffff:203.0.113.9", "203.0.113.9/32"), ("::ffff:203.0.113.0/120", "203.0.113.0/24")])
def test_addresses_are_kept_as_networks(cast, given, kept):
    assert made(cast.admin, cast.organization, allowed_ips=[given]).json["data"]["allowed_ips"] == [kept]


@pytest.mark.parametrize("given", ["300.1.1.1", "203.0.113.0/33", "host.example", "", "2001:db8::/129"])
def test_what_is_no_address_is_refused(cast, given):
    assert field_of(made(cast.admin, cast.organization, allowed_ips=[given])).startswith("allowed_ips")


@pytest.mark.parametrize(("ip", "networks", "may"), [
    ("203.0.113.9", [], True), (None, [], True), (None, ["0.0.0.0/0"], False), ("203.0.113.9", ["203.0.113.0/24"], True),
    ("::ffff:203.0.113.9", ["203.0.113.0/24"], True), ("203.0.114.9", ["203.0.113.0/24"], False),
    ("2001:db8::9", ["203.0.113.0/24", "2001:db8::/32"], True), ("2001:db9::9", ["2001:db8::/32"], False)])
def test_from_where_a_key_may_be_used(ip, networks, may):
    assert _allowed(ip, networks) is may


@pytest.mark.parametrize(("inner", "outer", "is_in"), [
    ([], ["10.0.0.0/8"], False), (["10.1.0.0/16"], ["10.0.0.0/8"], True), (["10.1.0.0/16", "11.0.0.0/8"], ["10.0.0.0/8"], False),
    (["2001:db8::/64"], ["10.0.0.0/8", "2001:db8::/32"], True), (["10.0.0.0/8"], ["10.1.0.0/16"], False)])
def test_networks_within_networks(inner, outer, is_in):
    assert is_within(inner, outer) is is_in
