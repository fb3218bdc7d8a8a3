"""What each policy shows to whom: by role, by key, by the key of one site, and of what is deleted only to whom may manage it."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

import pytest

from tests import factories
from webapp.accounts.models import ApiKey, Membership, Organization, Team
from webapp.accounts.policy import may_see_organization, visible_keys, visible_organizations, visible_teams, visible_users
from webapp.fleet.policy import visible_sites
from webapp.kit.clock import now
from webapp.kit.db import ALL, db, enter_scope
from webapp.kit.ids import new_id
from webapp.kit.permissions import SCOPE_GRANTS, SYSTEM, Actor, Permission, Role, Scope

SEEING = {"organizations": visible_organizations, "users": visible_users, "keys": visible_keys, "teams": visible_teams, "sites": visible_sites}


@pytest.fixture
def world(app):
    """Two organizations, `here` and `there`, with one of everything and one deleted of everything each, and one closed organization."""
    with factories.writing(app):
        made = {name: _furnished(name) for name in ("here", "there")}
        made["closed"] = factories.organization("closed", deleted_at=now()).id
    return SimpleNamespace(**made)


def _furnished(name):
    place = factories.organization(name)
    key = {"organization_id": place.id, "scopes": ["read"], "secret_hash": b"-"}
    for state, end in (("", None), (" deleted", now())):
        called = name + state
        factories.user(f"{called.replace(' ', '-')}@example.com", place, full_name=called, deleted_at=end)
        db.session.add_all([Team(organization_id=place.id, name=called, deleted_at=end),
                            ApiKey(**key, name=called, prefix=f"pb_{new_id().hex[-9:]}", deleted_at=end)])
        factories.site(place, name=called, deleted_at=end)
    left = factories.user(f"{name}-left@example.com", full_name=f"{name} left")
    db.session.add(Membership(organization_id=place.id, user_id=left.id, role="member", created_at=now(), deleted_at=now()))
    return place.id


def of(place, role):
    return Actor(kind="user", id=uuid4(), label="x", roles={place: role})


def key_of(place, scope, site_id=None):
    return Actor(kind="api_key", id=uuid4(), label="x", grants={place: SCOPE_GRANTS[scope]}, site_id=site_id)


def seen(app, kind, actor, *more, **options):
    """The names of what a policy shows, of the rows of this world."""
    with app.app_context():
        enter_scope(ALL)
        rows = db.session.scalars(SEEING[kind](actor, *more, **options)).all()
        names = {row.full_name if kind == "users" else row.name for row in rows}
        db.session.rollback()
    return names


HERE, BOTH = {"here"}, {"here", "there"}
GONE_HERE, GONE = {"here", "here deleted"}, {"here", "here deleted", "there", "there deleted"}


@pytest.mark.parametrize(("kind", "viewer", "admin"), [("organizations", HERE, HERE), ("users", set(), HERE), ("keys", set(), HERE), ("teams", HERE, HERE),
                                                      ("sites", HERE, HERE)])
def test_what_is_not_deleted_is_seen_where_the_role_is_held_and_nowhere_else(app, world, kind, viewer, admin):
    assert seen(app, kind, of(world.here, Role.VIEWER)) == viewer
    assert seen(app, kind, of(world.here, Role.MEMBER)) == viewer
    assert seen(app, kind, of(world.here, Role.ADMIN)) == admin
    assert seen(app, kind, of(uuid4(), Role.ADMIN)) == set()
    assert seen(app, kind, Actor()) == set()


@pytest.mark.parametrize("kind", SEEING)
def test_the_system_and_superusers_see_all_that_is_not_deleted(app, world, kind):
    left = {"here left", "there left"} if kind == "users" else set()
    for actor in (SYSTEM, Actor(kind="user", id=uuid4(), is_superuser=True)):
        assert seen(app, kind, actor) == BOTH | left


@pytest.mark.parametrize(("kind", "everything", "admins", "members"), [
    ("organizations", BOTH | {"closed"}, HERE, HERE), ("users", GONE | {"here left", "there left"}, GONE_HERE, set()),
    ("keys", GONE, GONE_HERE, set()), ("teams", GONE, GONE_HERE, HERE), ("sites", GONE, GONE_HERE, GONE_HERE)])
def test_what_is_deleted_is_shown_when_it_is_asked_for(app, world, kind, everything, admins, members):
    assert seen(app, kind, SYSTEM, deleted=True) == everything
    assert seen(app, kind, of(world.here, Role.ADMIN), deleted=True) == admins
    assert seen(app, kind, of(world.here, Role.MEMBER), deleted=True) == members
    assert seen(app, kind, Actor(), deleted=True) == set()


def test_deleted_teams_are_shown_of_those_organizations_alone_that_one_administers(app, world):
    both = Actor(kind="user", id=uuid4(), roles={world.here: Role.ADMIN, world.there: Role.VIEWER})
    assert seen(app, "teams", both, deleted=True) == {"here", "here deleted", "there"}


def test_a_closed_organization_is_shown_to_who_has_a_role_in_it_and_asks(app, world):
    inside = of(world.closed, Role.ADMIN)
    assert seen(app, "organizations", inside) == set()
    assert seen(app, "organizations", inside, deleted=True) == {"closed"}


def test_which_organization_may_be_seen_is_known_without_asking_the_database(world):
    assert may_see_organization(of(world.here, Role.VIEWER), world.here)
    assert not may_see_organization(of(world.here, Role.ADMIN), world.there)
    assert may_see_organization(SYSTEM, world.there)
    assert not may_see_organization(key_of(world.here, Scope.INGEST), world.here)
    assert not may_see_organization(Actor(), world.here)


def test_a_site_s_key_sees_that_site_alone_and_no_team(app, world):
    with factories.writing(app):
        place = db.session.get_one(Organization, world.here)
        own, _ = (factories.site(place, name=name).id for name in ("own", "other"))
    key = key_of(world.here, Scope.READ, own)
    assert seen(app, "sites", key) == {"own"}
    assert seen(app, "sites", key_of(world.there, Scope.READ, own)) == set()
    assert seen(app, "sites", key_of(world.here, Scope.READ)) == {"here", "own", "other"}
    assert seen(app, "teams", key) == seen(app, "teams", key, deleted=True) == set()
    assert seen(app, "teams", key_of(world.here, Scope.READ)) == HERE


def test_sites_are_seen_by_the_permission_that_is_asked_for(app, world):
    viewer, ingest = of(world.here, Role.VIEWER), key_of(world.here, Scope.INGEST)
    assert seen(app, "sites", viewer, Permission.SITE_EDIT) == set()
    assert seen(app, "sites", of(world.here, Role.MEMBER), Permission.SITE_EDIT) == HERE
    assert (seen(app, "sites", ingest), seen(app, "sites", ingest, Permission.INVENTORY_POST)) == (set(), HERE)
