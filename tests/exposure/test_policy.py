"""Which findings and decisions an actor sees: by organization, by the site of a key, and those of deleted sites for who manages these."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from tests import factories
from tests.exposure.conftest import advisory, ago
from webapp.exposure.models import RiskDecision
from webapp.exposure.policy import visible_decisions, visible_exposures
from webapp.fleet.models import Site
from webapp.kit.clock import now
from webapp.kit.db import ALL, db, enter_scope, rows
from webapp.kit.permissions import SCOPE_GRANTS, SYSTEM, Actor, Role, Scope


@pytest.fixture
def world(app, publish):
    """In each of two organizations a site and a deleted one that are exposed, and a decision; by name and organization."""
    made = {}
    with factories.writing(app):
        for name in ("here", "there"):
            place = factories.organization(name)
            for called in (name, f"{name} deleted"):
                site = factories.site(place, name=called)
                factories.reported(site, {"webform": "6.2.7"}, at=ago(days=1))
                made[called] = site.id
            made[f"{name} place"] = place.id
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.3.0"), published=ago(days=9)))
    with factories.writing(app):
        for name in ("here", "there"):
            number = rows("SELECT id FROM advisories")[0].id
            db.session.add(RiskDecision(organization_id=made[f"{name} place"], advisory_id=number, kind="accepted", reason=name, created_at=now(),
                                        expires_at=now() + timedelta(days=9)))
    return made


@pytest.fixture
def after_deletion(app, world):
    with factories.writing(app):
        for name in ("here", "there"):
            db.session.get_one(Site, world[f"{name} deleted"]).deleted_at = now()
    return world


def person(**roles):
    return Actor(kind="user", id=uuid4(), label="x", roles=dict(roles.values()))


def seen(app, actor, **options):
    with app.app_context():
        enter_scope(ALL)
        found = db.session.scalars(visible_exposures(actor, **options)).all()
        names = {db.session.get_one(Site, each.site_id).name for each in found}
        db.session.rollback()
    return names


def reasons(app, actor):
    with app.app_context():
        enter_scope(ALL)
        found = {each.reason for each in db.session.scalars(visible_decisions(actor))}
        db.session.rollback()
    return found


def test_findings_are_seen_in_one_s_organizations_and_not_those_of_deleted_sites(app, after_deletion):
    here = after_deletion["here place"]
    assert seen(app, person(a=(here, Role.VIEWER))) == {"here"}
    assert seen(app, person(a=(uuid4(), Role.ADMIN))) == seen(app, Actor()) == set()
    assert seen(app, SYSTEM) == {"here", "there"}


def test_those_of_deleted_sites_are_for_who_may_delete_them(app, after_deletion):
    here, there = after_deletion["here place"], after_deletion["there place"]
    assert seen(app, SYSTEM, deleted=True) == {"here", "here deleted", "there", "there deleted"}
    assert seen(app, person(a=(here, Role.MEMBER)), deleted=True) == {"here"}
    assert seen(app, person(a=(here, Role.ADMIN), b=(there, Role.VIEWER)), deleted=True) == {"here", "here deleted", "there"}


def test_a_site_s_key_sees_the_findings_of_that_site(app, world):
    key = Actor(kind="api_key", id=uuid4(), grants={world["here place"]: SCOPE_GRANTS[Scope.READ]}, site_id=world["here"])
    assert seen(app, key) == {"here"}
    foreign = Actor(kind="api_key", id=uuid4(), grants={world["there place"]: SCOPE_GRANTS[Scope.READ]}, site_id=world["here"])
    assert seen(app, foreign) == set()


def test_decisions_are_seen_in_one_s_organizations(app, world):
    assert reasons(app, person(a=(world["here place"], Role.VIEWER))) == {"here"}
    assert reasons(app, SYSTEM) == {"here", "there"}
    assert reasons(app, Actor()) == set()
