"""Who may do what, as the actor says it: by role, by key, and not at all while a second factor is missing."""

from __future__ import annotations

from uuid import uuid4

import pytest

from webapp.kit.errors import NotAuthenticated, PermissionDenied, SecondFactorRequired
from webapp.kit.permissions import MANAGES, SYSTEM, VIEWS, WORKS, Actor, Permission, Role

P = Permission
HERE, THERE = uuid4(), uuid4()


def person(**fields):
    return Actor(kind="user", id=uuid4(), label="x", **fields)


@pytest.mark.parametrize(("role", "grants"), [(Role.VIEWER, VIEWS), (Role.MEMBER, WORKS), (Role.ADMIN, MANAGES)])
def test_a_role_gives_what_it_gives_where_it_is_held(role, grants):
    actor = person(roles={HERE: role})
    for permission in set(Permission) - {P.PUBLIC, P.OWN_ACCOUNT}:
        assert actor.may(permission, HERE) is (permission in grants), permission
        assert actor.may(permission, THERE) is False, permission
    assert VIEWS < WORKS < MANAGES


def test_everybody_known_has_an_account_if_they_are_a_person():
    assert person().may(P.OWN_ACCOUNT)
    assert not Actor(kind="api_key", id=uuid4()).may(P.OWN_ACCOUNT)
    assert not Actor().may(P.OWN_ACCOUNT)
    assert Actor().may(P.PUBLIC)


def test_a_person_without_a_role_may_ask_for_lists_and_finds_them_empty():
    assert all(person().may(permission) for permission in VIEWS)
    assert not person().may(P.SITE_EDIT)
    assert person().organizations(P.SITE_READ) == frozenset()


def test_superusers_and_the_system_are_everywhere():
    for actor in (person(is_superuser=True), SYSTEM):
        assert actor.organizations(P.SITE_READ) is None
        assert all(actor.may(permission, THERE) for permission in Permission)


def test_a_key_has_its_grants_in_its_organization():
    key = Actor(kind="api_key", id=uuid4(), grants={HERE: frozenset({P.SITE_READ})})
    assert (key.may(P.SITE_READ, HERE), key.may(P.SITE_READ, THERE), key.may(P.SITE_EDIT, HERE)) == (True, False, False)
    assert not key.may(P.MODULE_READ)


def test_a_refusal_says_why():
    with pytest.raises(NotAuthenticated):
        Actor().require(P.SITE_READ)
    with pytest.raises(PermissionDenied) as raised:
        person(roles={HERE: Role.VIEWER}).require(P.SITE_EDIT, HERE)
    assert raised.value.code == "permission_denied"
    person(roles={HERE: Role.MEMBER}).require(P.SITE_EDIT, HERE)


def test_who_lacks_a_second_factor_is_told_so_and_keeps_what_does_not_need_one():
    alone = person(held_back=frozenset({HERE}), lacks_second_factor=True)
    for permission in (P.SITE_READ, P.SITE_EDIT):
        with pytest.raises(SecondFactorRequired):
            alone.require(permission)
    alone.require(P.OWN_ACCOUNT)
    elsewhere = person(roles={THERE: Role.MEMBER}, held_back=frozenset({HERE}), lacks_second_factor=True)
    elsewhere.require(P.SITE_READ)
    elsewhere.require(P.SITE_EDIT, THERE)
    with pytest.raises(SecondFactorRequired):
        elsewhere.require(P.SITE_READ, HERE)
