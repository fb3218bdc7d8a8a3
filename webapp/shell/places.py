"""The two questions that a page's shell asks the database: who am I, and which organizations with how many sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, func, select

from webapp.accounts.models import Organization, User
from webapp.accounts.policy import visible_organizations
from webapp.catalog.queries.freshness import freshness_columns, read_freshness
from webapp.catalog.values.freshness import Freshness
from webapp.fleet.models import Site
from webapp.fleet.policy import visible_sites
from webapp.kit.db import db
from webapp.kit.permissions import Actor
from webapp.tasks.queries.tasks import find_tasks

MOST = 100
"""How many organizations the switch lists; a superuser of more finds the others at /organizations."""


@dataclass(frozen=True, slots=True)
class Place:
    """An organization as the switch shows it, with its sites in numbers; `role` is the person's own."""

    id: UUID
    name: str
    role: str | None
    sites_count: int
    reporting_count: int
    last_report_at: datetime | None


@dataclass(frozen=True, slots=True)
class Places:
    """What the actor may see in all, and the organizations that the switch lists, by name."""

    shown: Sequence[Place] = ()
    count: int = 0
    sites_count: int = 0
    reporting_count: int = 0
    last_report_at: datetime | None = None
    tasks_count: int = 0
    advisories: Freshness = field(default_factory=Freshness)
    releases: Freshness = field(default_factory=Freshness)


def find_person(actor: Actor) -> User | None:
    """The account of the actor; None for whoever has none."""
    return db.session.get(User, actor.id) if actor.is_person else None


def find_places(actor: Actor, chosen: UUID | None, at: datetime) -> Places:
    """The organizations of the actor with their sites, and how fresh the feeds are, in one statement; the chosen one is among them."""
    found = db.session.execute(_statement(actor, chosen, at)).all()
    if not found:
        return Places()
    shown = [Place(row.id, row.name, _role(actor, row.id), row.sites, row.reporting, row.newest) for row in found]
    first = found[0]
    return Places(sorted(shown, key=lambda place: place.name.lower()), first.every, int(first.all_sites),
                  int(first.all_reporting), first.all_newest, first.tasks, *read_freshness(first))


def _statement(actor: Actor, chosen: UUID | None, at: datetime) -> Select[Any]:
    """Sums over all of them stand beside each row, for the window is computed before the limit is."""
    reports = func.count().filter(Site.silent_after >= at)
    counted = visible_sites(actor).with_only_columns(
        Site.organization_id, func.count().label("sites"), reports.label("reporting"),
        func.max(Site.last_report_at).label("newest")).group_by(Site.organization_id).subquery()
    sites, reporting = func.coalesce(counted.c.sites, 0), func.coalesce(counted.c.reporting, 0)
    statement = visible_organizations(actor).with_only_columns(
        Organization.id, Organization.name, sites.label("sites"), reporting.label("reporting"), counted.c.newest,
        func.count().over().label("every"), func.sum(sites).over().label("all_sites"),
        func.sum(reporting).over().label("all_reporting"), func.max(counted.c.newest).over().label("all_newest"),
        _tasks(actor, chosen).label("tasks"), *freshness_columns(at))
    joined = statement.select_from(Organization).outerjoin(counted, counted.c.organization_id == Organization.id)
    order = [(Organization.id == chosen).desc()] if chosen else []
    return joined.order_by(*order, func.lower(Organization.name)).limit(MOST)


def _tasks(actor: Actor, chosen: UUID | None) -> ScalarSelect[int]:
    """How many tasks are open for the actor to do, as their own list counts them."""
    place = {"place": chosen} if chosen else {}
    found = find_tasks(actor, {"mine": True, "open": True, **place}).only()
    return select(func.count()).select_from(found).scalar_subquery()


def _role(actor: Actor, organization_id: UUID) -> str | None:
    role = actor.roles.get(organization_id)
    return role.value if role else None
