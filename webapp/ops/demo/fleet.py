"""Making the demo's fleet: each verb is the one that the API calls, at the time at which it would have been called."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import func, select

from webapp.accounts.actions.keys import create_key
from webapp.accounts.actions.organizations import create_organization
from webapp.accounts.actions.people import create_user
from webapp.accounts.actions.signing import note_used
from webapp.accounts.models import ApiKey, Organization, User
from webapp.accounts.queries import user_by_email
from webapp.fleet.actions.inventory import Envelope
from webapp.fleet.actions.sites import register_site
from webapp.fleet.models import Site
from webapp.ingest.actions import receive_report, refuse
from webapp.kit.db import ALL, db, unit_of_work
from webapp.kit.errors import Invalid
from webapp.kit.permissions import SCOPE_GRANTS, SYSTEM, Actor, Origin, Role, Scope
from webapp.ops.demo.deliveries import Team
from webapp.ops.demo.lives import Life, Sent
from webapp.ops.demo.places import PLACES, SUPERUSER, Place
from webapp.ops.demo.releases import Project, read_projects
from webapp.ops.demo.sites import Kind, kinds
from webapp.ops.demo.teams import Crew, crew_of, make_crew, tell_deliveries
from webapp.patching.actions import record_run

OPERATOR: Final = replace(SYSTEM, is_superuser=True)
AGENT: Final = "patchboard-agent/1.0"
AGE: Final = timedelta(days=560)
DEPLOYMENTS: Final = "Deployments"


@dataclass(frozen=True, slots=True)
class Keeper:
    """One organization of the demo who acts in it (people in the order of `Place.people`, and the pipeline), and its teams."""

    organization: Organization
    people: list[Actor]
    pipeline: Actor
    crew: Crew


def has_begun() -> bool:
    """Whether the database has any of the demo's organizations, deleted ones included."""
    names = [place.name for place in PLACES]
    return bool(db.session.scalar(select(func.count()).select_from(Organization).where(Organization.name.in_(names))))


def is_open() -> bool:
    """Whether all of the demo's organizations are there and not deleted."""
    names = [place.name for place in PLACES]
    here = select(func.count()).select_from(Organization).where(Organization.name.in_(names), Organization.deleted_at.is_(None))
    return db.session.scalar(here) == len(names)


def missing(count: int, seed: int, today: datetime) -> list[Kind]:
    """The sites of the demo that are not registered: all at first, the rest after a start that was interrupted."""
    wanted = kinds(count, seed, today, read_projects(today))
    known = set(db.session.scalars(select(Site.url).where(Site.url.in_([kind.url for kind in wanted]))))
    return [kind for kind in wanted if kind.url not in known]


def make_accounts(server_key: str, today: datetime) -> list[tuple[str, str, str]]:
    """Makes the organizations and their people; gives who can sign in, as (e-mail address, password, what they are)."""
    at = today - AGE
    logins = []
    if user_by_email(SUPERUSER[0]) is None:
        password = secrets.token_urlsafe(12)
        create_user(OPERATOR, {"email": SUPERUSER[0], "full_name": SUPERUSER[1], "password": password, "is_superuser": True}, at)
        logins.append((SUPERUSER[0], password, "superuser"))
    for place in PLACES:
        organization = create_organization(OPERATOR, {"name": place.name, "description": place.description}, at)
        people = []
        for name, role in place.people:
            password = secrets.token_urlsafe(12)
            user = create_user(
                OPERATOR,
                {
                    "email": place.email(name),
                    "full_name": name,
                    "password": password,
                    "organization_id": organization.id,
                    "role": role,
                },
                at,
            )
            people.append(user.id)
            logins.append((place.email(name), password, f"{role}, {place.name}"))
        make_crew(OPERATOR, place, organization.id, people, at)
        create_key(OPERATOR, {"name": DEPLOYMENTS, "organization_id": organization.id, "scopes": [Scope.WRITE]}, server_key, at)
    return logins


def make_sites(wanted: list[Kind], seed: int, server_key: str, today: datetime) -> Iterator[Kind]:
    """Makes these sites and all they have sent, each in one transaction: a site is there whole or not at all."""
    projects = read_projects(today)
    keepers: dict[str, Keeper] = {}
    for kind in wanted:
        with unit_of_work(ALL):
            keeper = keepers.get(kind.place.name) or keeper_of(kind.place)
            keepers[kind.place.name] = keeper
            _make_site(kind, keeper, projects, seed, server_key, today)
        yield kind


def keeper_of(place: Place) -> Keeper:
    """An organization of the demo that is there, and who acts in it."""
    organization = db.session.scalars(select(Organization).where(Organization.name == place.name, Organization.deleted_at.is_(None))).one()
    people = []
    for name, role in place.people:
        user = db.session.scalars(select(User).where(User.email == place.email(name))).one()
        people.append(Actor(kind="user", id=user.id, label=user.email, roles={organization.id: Role(role)}))
    key = db.session.scalars(
        select(ApiKey).where(ApiKey.organization_id == organization.id, ApiKey.name == DEPLOYMENTS, ApiKey.site_id.is_(None)).limit(1)
    ).one()
    return Keeper(organization, people, _actor_of(key, Origin()), crew_of(place, organization.id))


def make_deliveries(seed: int, today: datetime) -> None:
    """Makes what the teams have delivered, each organization's in one transaction; where it is known, it stays as it is."""
    for place in PLACES:
        with unit_of_work(ALL):
            keeper = keeper_of(place)
            tell_deliveries(keeper.pipeline, keeper.people[0], keeper.crew, Team(place, today, seed).work(), today)


def _make_site(kind: Kind, keeper: Keeper, projects: dict[str, Project], seed: int, server_key: str, today: datetime) -> None:
    admin = keeper.people[0]
    site = register_site(
        admin,
        {
            "organization_id": keeper.organization.id,
            "name": kind.name,
            "url": kind.url,
            "environment": kind.environment,
            "criticality": kind.criticality,
            "tags": kind.tags,
            "owner_id": None if kind.owner is None else keeper.people[kind.owner].id,
            "report_interval_minutes": 1440,
            "description": "",
            **keeper.crew.of(kind.number // len(PLACES)),
        },
        kind.born_at,
    )
    key = create_key(
        admin,
        {
            "name": f"Reports of {kind.name}",
            "organization_id": keeper.organization.id,
            "site_id": site.id,
            "scopes": [Scope.INGEST],
        },
        server_key,
        kind.born_at,
    )
    reporter = _actor_of(key, Origin(f"198.51.100.{kind.number % 250 + 1}", AGENT))
    runner = keeper.pipeline if kind.poster == "ci" else keeper.people[1]
    last_at = None
    for sent in Life(kind, projects, today, seed).events():
        if sent.what == "run":
            record_run(runner, site, sent.body, sent.at)
        else:
            _report(reporter, site, sent)
            last_at = sent.at
    if last_at is not None:
        note_used(key.id, last_at)


def _report(reporter: Actor, site: Site, sent: Sent) -> None:
    """Sends a document as the API takes it; what is wrong with it is noted, as there."""
    raw = orjson.dumps(sent.body)
    envelope = Envelope(len(raw), hashlib.sha256(raw).digest(), ip=reporter.origin.ip, agent=reporter.origin.user_agent)
    try:
        receive_report(reporter, site.id, sent.body, envelope, sent.at)
    except Invalid as problem:  # reading comes before any writing
        refuse(site, envelope, problem.message, sent.at)


def _actor_of(key: ApiKey, origin: Origin) -> Actor:
    """Who a key acts as, without its secret, which is forgotten."""
    grants: frozenset[Any] = frozenset().union(*(SCOPE_GRANTS[Scope(scope)] for scope in key.scopes))
    return Actor(
        kind="api_key",
        id=key.id,
        label=key.name,
        grants={key.organization_id: grants},
        site_id=key.site_id,
        origin=origin,
    )
