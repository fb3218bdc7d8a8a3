"""Sign-ins as verbs: opened only for who was proven, renewed only for who may still come, ended once, and each written down."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests import factories
from webapp.accounts.actions import signing
from webapp.accounts.actions.proving import WrongCredentials
from webapp.accounts.models import Membership, SignIn
from webapp.accounts.queries.signing import USABLE, find_sign_ins, get_sign_in, person_of_sign_in
from webapp.audit.models import AuditRow
from webapp.kit.db import ALL, db, enter_scope
from webapp.kit.errors import NotFound, PermissionDenied
from webapp.kit.permissions import Actor, Origin, Role

ORIGIN = Origin("203.0.113.9", "curl/8.1", "one request")
NOBODY = Actor(origin=ORIGIN)
AT = factories.ago(hours=1)


@pytest.fixture
def somebody(app):
    """A person, within a transaction that sees everything."""
    with app.app_context():
        enter_scope(ALL)
        yield factories.user("ada@example.com")
        db.session.rollback()


def written():
    """What was recorded, in the order in which it was."""
    db.session.flush()
    return [(row.action, row.status, row.actor_label, row.resource_type, row.resource_id, row.changes, row.ip)
            for row in db.session.query(AuditRow).order_by(AuditRow.id)]


def opened(person, at=AT):
    return signing.open_sign_in(NOBODY, person, "token", at)


def acting(person, sign_in=None):
    return Actor(kind="user", id=person.id, label=person.email, sign_in_id=sign_in and sign_in.id, origin=ORIGIN)


def test_whose_the_address_and_the_password_are(somebody):
    assert signing.proven_person(NOBODY, "ADA@example.com", factories.PASSWORD) is somebody
    assert written() == []


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com", "x" * 300])
def test_a_wrong_password_is_written_down_with_the_address_that_was_tried(somebody, email):
    with pytest.raises(WrongCredentials):
        signing.proven_person(NOBODY, email, "not-the-password")
    assert written() == [("sign_in.failed", "failure", "anonymous", "user", None, {"email": [None, email[:255]]}, ORIGIN.ip)]


def test_who_is_suspended_is_told_once_the_password_is_right(somebody):
    somebody.suspended_at = AT
    with pytest.raises(WrongCredentials):
        signing.proven_person(NOBODY, somebody.email, "not-the-password")
    with pytest.raises(PermissionDenied) as caught:
        signing.proven_person(NOBODY, somebody.email, factories.PASSWORD)
    assert (caught.value.code, caught.value.message) == ("account_suspended", signing.SUSPENDED)
    assert written()[1] == ("sign_in.refused", "failure", somebody.email, "user", somebody.id, {}, ORIGIN.ip)


def test_what_is_opened_says_when_how_and_from_where(somebody):
    made = opened(somebody)
    assert (made.user_id, made.kind, made.created_at, made.last_seen_at, made.ended_at) == (somebody.id, "token", AT, AT, None)
    assert (made.ip, made.user_agent) == (ORIGIN.ip, ORIGIN.user_agent)
    assert made.refresh_id not in {None, made.id}
    db.session.expire_all()
    assert somebody.last_login_at == AT
    assert written() == [("sign_in.opened", "success", somebody.email, "sign_in", made.id, {"kind": [None, "token"]}, ORIGIN.ip)]


@pytest.mark.parametrize("is_superuser", [False, True])
def test_who_has_just_proven_who_they_are_is_themselves_from_where_they_came(somebody, is_superuser):
    somebody.is_superuser = is_superuser
    actor = signing.as_person(NOBODY, somebody)
    assert (actor.kind, actor.id, actor.label, actor.is_superuser, actor.origin) == ("user", somebody.id, somebody.email, is_superuser, ORIGIN)


@pytest.mark.parametrize("change", ["password_hash = 'other'", "deleted_at = now()", "suspended_at = now()"])
def test_nothing_is_opened_for_who_changed_since_they_were_proven(somebody, change):
    db.session.execute(text(f"UPDATE users SET {change} WHERE id = :user"), {"user": somebody.id})
    with pytest.raises(WrongCredentials):
        opened(somebody)
    assert (db.session.query(SignIn).count(), written()) == (0, [])


def test_a_refresh_token_is_good_once(somebody):
    made, later = opened(somebody), AT + timedelta(minutes=5)
    first = made.refresh_id
    fresh = signing.renew(NOBODY, made.id, first, later)
    assert fresh not in {None, first}
    db.session.expire_all()
    assert (made.refresh_id, made.last_seen_at, made.ended_at) == (fresh, later, None)
    assert written()[-1] == ("sign_in.renewed", "success", somebody.email, "sign_in", made.id, {}, ORIGIN.ip)
    assert signing.renew(NOBODY, made.id, first, later) is None
    assert made.ended_at == later
    assert written()[-1] == ("sign_in.token_reused", "failure", somebody.email, "sign_in", made.id,
                             {"ended_at": [None, later.isoformat()]}, ORIGIN.ip)
    assert signing.renew(NOBODY, made.id, fresh, later) is None
    assert signing.renew(NOBODY, uuid4(), fresh, later) is None


@pytest.mark.parametrize("field", ["suspended_at", "deleted_at"])
def test_who_may_not_come_any_more_renews_nothing(somebody, field):
    made = opened(somebody)
    setattr(somebody, field, AT)
    assert signing.renew(NOBODY, made.id, made.refresh_id, AT) is None
    assert made.ended_at is None


def test_signing_out_ends_one_s_own_once(somebody):
    made, other = opened(somebody), opened(somebody)
    signing.sign_out(acting(somebody), AT)
    assert made.ended_at is other.ended_at is None
    signing.sign_out(acting(somebody, made), AT)
    signing.sign_out(acting(somebody, made), AT + timedelta(minutes=1))
    assert (made.ended_at, other.ended_at) == (AT, None)
    assert [row[0] for row in written()] == ["sign_in.opened"] * 2 + ["sign_in.ended"]


def test_ending_others_and_all_tells_how_many_and_leaves_other_people_alone(somebody):
    mine, second, third = (opened(somebody) for _ in range(3))
    stranger = opened(factories.user("eve@example.com"))
    assert signing.sign_out_elsewhere(acting(somebody, mine), AT) == 2
    assert written()[-1] == ("sign_in.others_ended", "success", somebody.email, "user", somebody.id, {"ended": [None, 2]}, ORIGIN.ip)
    assert signing.sign_out_everywhere(acting(somebody, mine), AT) == 1
    assert written()[-1][:2] + written()[-1][5:6] == ("sign_in.all_ended", "success", {"ended": [None, 1]})
    db.session.expire_all()
    assert (mine.ended_at, second.ended_at, third.ended_at, stranger.ended_at) == (AT, AT, AT, None)


def test_use_is_noted(somebody):
    made, other = opened(somebody), opened(somebody)
    signing.note_seen(made.id, AT + timedelta(minutes=7))
    db.session.expire_all()
    assert (made.last_seen_at, other.last_seen_at) == (AT + timedelta(minutes=7), AT)


def test_one_s_own_are_found_while_they_may_be_in_use(somebody):
    made, used = opened(somebody), opened(somebody)
    signing.note_seen(used.id, AT + timedelta(minutes=1))
    opened(factories.user("eve@example.com"))
    found = find_sign_ins(acting(somebody, made), {}, AT).all()
    assert [(each.id, each.current, each.device) for each in found] == [(used.id, False, "curl"), (made.id, True, "curl")]
    assert [find_sign_ins(acting(somebody), {"q": q}, AT).count() for q in ("CURL", "0.113", "%", "firefox")] == [2, 2, 0, 0]
    assert [find_sign_ins(acting(somebody), {}, AT + USABLE + timedelta(seconds=s)).count() for s in (-1, 0, 60)] == [2, 1, 0]
    signing.end_sign_in(acting(somebody), made.id, AT)
    assert find_sign_ins(acting(somebody), {}, AT).count() == 1


def test_one_is_found_by_its_owner_until_it_has_ended(somebody):
    made = opened(somebody)
    assert get_sign_in(acting(somebody, made), made.id).current is True
    with pytest.raises(NotFound):
        get_sign_in(acting(factories.user("eve@example.com")), made.id)
    assert signing.end_sign_in(acting(somebody), made.id, AT).ended_at == AT
    for again in (made.id, uuid4()):
        with pytest.raises(NotFound):
            signing.end_sign_in(acting(somebody), again, AT)


def test_of_several_the_one_is_ended_that_was_meant(somebody):
    first, second = opened(somebody, AT - timedelta(minutes=1)), opened(somebody)
    assert signing.end_sign_in(acting(somebody, first), second.id, AT).id == second.id
    left = find_sign_ins(acting(somebody), {}, AT)
    assert [each.id for each in left.all(["created_at"])] == [first.id]


def test_they_are_sorted_by_when_they_began(somebody):
    made = [opened(somebody, AT - timedelta(minutes=minutes)).id for minutes in (1, 3, 2)]
    assert [each.id for each in find_sign_ins(acting(somebody), {}, AT).all(["created_at"])] == [made[1], made[2], made[0]]


def test_the_person_behind_a_sign_in_has_the_roles_that_are_left(somebody):
    here, asks, closed, left = (factories.organization(settings=each) for each in ({}, {"require_two_factor": True}, {}, {}))
    for place, role in ((here, "admin"), (asks, "viewer"), (closed, "admin"), (left, "admin")):
        db.session.add(Membership(organization_id=place.id, user_id=somebody.id, role=role, created_at=AT, deleted_at=AT if place is left else None))
    closed.deleted_at = AT
    made = opened(somebody)
    actor, seen = person_of_sign_in(made.id, ORIGIN)
    assert (actor.kind, actor.id, actor.label, actor.sign_in_id, actor.origin, seen) == ("user", somebody.id, somebody.email, made.id, ORIGIN, AT)
    assert (actor.roles, actor.held_back, actor.lacks_second_factor, actor.is_superuser) == ({here.id: Role.ADMIN}, {asks.id}, True, False)
    somebody.two_factor_at = AT
    db.session.flush()
    actor, _ = person_of_sign_in(made.id, ORIGIN)
    assert (actor.roles, actor.held_back, actor.lacks_second_factor) == ({here.id: Role.ADMIN, asks.id: Role.VIEWER}, frozenset(), False)


@pytest.mark.parametrize(("strict", "has_factor", "power"), [(False, False, True), (True, False, False), (True, True, True)])
def test_a_superuser_without_a_second_factor_has_no_power_where_the_server_asks_for_one(somebody, strict, has_factor, power):
    place = factories.organization(settings={"require_two_factor": True})
    db.session.add(Membership(organization_id=place.id, user_id=somebody.id, role="admin", created_at=AT))
    somebody.is_superuser, somebody.two_factor_at = True, AT if has_factor else None
    actor, _ = person_of_sign_in(opened(somebody).id, ORIGIN, strict=strict)
    assert (actor.is_superuser, actor.lacks_second_factor, actor.held_back) == (power, not power, frozenset() if power else {place.id})


@pytest.mark.parametrize("change", ["ended", "deleted_at", "suspended_at"])
def test_nobody_is_behind_what_has_ended(somebody, change):
    made = opened(somebody)
    if change == "ended":
        made.ended_at = AT
    else:
        setattr(somebody, change, AT)
    db.session.flush()
    assert person_of_sign_in(made.id, ORIGIN) is None
    assert person_of_sign_in(uuid4(), ORIGIN) is None
