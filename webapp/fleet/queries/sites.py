"""Reading the fleet: sites, their state in numbers, and who may own them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select

from webapp.accounts.models import Membership, User
from webapp.catalog.models import Module
from webapp.catalog.versions import BadConstraint, BadVersion, Constraint, satisfies, to_composer
from webapp.fleet.models import Installation, InventoryReportRow, Site
from webapp.fleet.policy import visible_sites
from webapp.fleet.queries.advisories import is_open_to
from webapp.fleet.queries.freshness import SAME_MOMENT, rests_on_stale, stale_since
from webapp.fleet.queries.marks import runs_marked
from webapp.fleet.queries.names import in_team, names_of, of_repository, with_names
from webapp.fleet.values import SiteStatus
from webapp.kit.clock import now
from webapp.kit.db import db
from webapp.kit.errors import Invalid, NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission

EQUAL = ("name", "environment", "criticality", "core_version", "php_version", "database", "owner_id",
         "organization_id", "report_interval_minutes", "modules_count", "updates_count", "security_updates_count", "exposures_count", "url")
NEED = {SiteStatus.VULNERABLE: 0, SiteStatus.UNSUPPORTED: 1, SiteStatus.SILENT: 2, SiteStatus.UNKNOWN: 3, SiteStatus.OUTDATED: 4,
        SiteStatus.OK: 5}
CRITICALITY = {"critical": 0, "high": 1, "normal": 2, "low": 3}
YES_OR_NO = {"owned": Site.owner_id.is_not(None), "reported": Site.last_report_at.is_not(None), "has_updates": Site.updates_count > 0,
             "has_team": in_team(),
             "has_security_updates": Site.security_updates_count > 0}
SORTS: dict[str, Any] = {
    "name": func.lower(Site.name), "criticality": case(CRITICALITY, value=Site.criticality),
    **{name: getattr(Site, name) for name in (
        "url", "environment", "core_version", "php_version", "database", "modules_count", "updates_count", "security_updates_count",
        "exposures_count", "last_report_at", "created_at", "updated_at", "report_interval_minutes")}}
GRACE = timedelta(minutes=30)
RECENTLY = timedelta(days=1)
OPERATORS = "<>=!^~*|, "


@lru_cache(maxsize=SAME_MOMENT)
def status_column(at: datetime) -> ColumnElement[str]:
    """A site's status at a moment: never reported is unknown, silent hides the last condition, and what was last judged by stale feeds
    is not OK but unknown."""
    return case((Site.last_report_at.is_(None), literal("unknown")), (Site.silent_after < at, literal("silent")),
                (Site.exposures_count > 0, literal("vulnerable")), (rests_on_stale(at), literal("unknown")), else_=Site.condition)


@lru_cache(maxsize=SAME_MOMENT)
def since_column(at: datetime) -> ColumnElement[datetime]:
    """Since when a site has had its status."""
    return case((Site.last_report_at.is_(None), Site.created_at), (Site.silent_after < at, Site.silent_after),
                (and_(Site.exposures_count > 0, Site.condition == "vulnerable"), func.least(Site.condition_since, Site.exposed_since)),
                (Site.exposures_count > 0, Site.exposed_since), (rests_on_stale(at), stale_since(at)), else_=Site.condition_since)


@lru_cache(maxsize=SAME_MOMENT)
def stale_column(at: datetime) -> ColumnElement[bool]:
    """Whether a site is unknown for no other reason than that feeds or advisories are stale."""
    return and_(Site.last_report_at.is_not(None), Site.silent_after >= at, Site.exposures_count == 0, rests_on_stale(at))


def late_after_column() -> ColumnElement[datetime]:
    """When a site is late by its own habit: two of its usual intervals and half an hour after it was last heard, if that is learned."""
    usual = func.make_interval(0, 0, 0, 0, 0, 2 * Site.usual_interval_minutes) + GRACE
    return func.least(Site.last_report_at + usual, Site.silent_after)


@lru_cache(maxsize=SAME_MOMENT)
def reporting_column(at: datetime) -> ColumnElement[str]:
    """How a site keeps its rhythm; one that was silent until lately is recovered for a day."""
    return case((Site.last_report_at.is_(None), literal("never")), (Site.silent_after < at, literal("silent")),
                (late_after_column() < at, literal("late")), (Site.recovered_at >= at - RECENTLY, literal("recovered")),
                else_=literal("on_time"))


@lru_cache(maxsize=SAME_MOMENT)
def _of_now(at: datetime) -> tuple[ColumnElement[Any], ...]:
    """What of a site depends on the clock."""
    return (status_column(at).label("status"), since_column(at).label("status_since"), reporting_column(at).label("reporting"),
            stale_column(at).label("is_stale"))


def find_sites(actor: Actor, asked: Mapping[str, Any], at: datetime | None = None) -> Listing:
    """The sites that match; worst first unless another order is asked for."""
    at = at or now()
    status, since = status_column(at), since_column(at)
    deleted = bool(asked.get("include_deleted")) and actor.may(Permission.SITE_DELETE)
    statement = visible_sites(actor, deleted=deleted)
    managed = actor.organizations(Permission.SITE_DELETE)
    if deleted and managed is not None:
        statement = statement.where(or_(Site.deleted_at.is_(None), Site.organization_id.in_(managed)))
    statement = statement.add_columns(*_of_now(at))
    if "reporting" in asked:
        statement = statement.where(reporting_column(at).in_(asked["reporting"]))
    statement = _filtered(statement, asked, status, since, actor)
    sorts = {**SORTS, "status": case(NEED, value=status), "status_since": since}
    order = "status,-security_updates_count,criticality,name"
    return Listing(statement, sorts, order, Site.id, shape=_shape, prepare=with_names)


def find_some_sites(actor: Actor, ids: Collection[UUID]) -> list[Site]:
    """Those of these sites that the actor may see, by name."""
    listing = find_sites(actor, {})
    listing.statement = listing.statement.where(Site.id.in_(ids))
    return listing.all(["name"])


def find_deleted_sites(actor: Actor, asked: Mapping[str, Any]) -> Listing:
    """The deleted sites that the actor may bring back, the last deleted first; each with `deleted_by`, a name."""
    listing = find_sites(actor, {**asked, "include_deleted": True})
    listing.statement = listing.statement.where(Site.deleted_at.is_not(None))
    return replace(listing, sorts={**listing.sorts, "deleted_at": Site.deleted_at}, default_sort="-deleted_at", prepare=_with_deleters)


def _with_deleters(sites: list[Site]) -> list[Site]:
    people = names_of({site.updated_by for site in sites if site.updated_by})
    for site in with_names(sites):
        site.deleted_by = people.get(site.updated_by) if site.updated_by else None  # type: ignore[attr-defined]
    return sites


def _shape(row: Any) -> Site:
    site: Site = row[0]
    site.status, site.status_since, site.reporting = row.status, row.status_since, row.reporting  # type: ignore[attr-defined]
    site.is_stale = row.is_stale  # type: ignore[attr-defined]
    return site


def _filtered(statement: Select[Any], asked: Mapping[str, Any], status: Any, since: Any, actor: Actor) -> Select[Any]:
    for name in EQUAL:
        if name in asked:
            value, column = asked[name], getattr(Site, name)
            statement = statement.where(column.in_(value) if isinstance(value, list) else column == value)
    for name, holds in YES_OR_NO.items():
        if asked.get(name) is not None:
            statement = statement.where(holds == asked[name])
    if "team_id" in asked:
        statement = statement.where(in_team(asked["team_id"]))
    if "repository_id" in asked:
        statement = statement.where(of_repository(asked["repository_id"]))
    if "status" in asked:
        statement = statement.where(status.in_(asked["status"]))
    if "status_since" in asked:
        statement = statement.where(since >= asked["status_since"])
    if "tags" in asked:
        statement = statement.where(Site.tags.contains(asked["tags"]))
    if asked.get("q"):
        words = (column.icontains(asked["q"], autoescape=True) for column in (Site.name, Site.url))
        statement = statement.where(or_(*words))
    return _reporting(statement, asked, actor)


def _reporting(statement: Select[Any], asked: Mapping[str, Any], actor: Actor) -> Select[Any]:
    """The filters on what a site reported, when, and whether it was refused."""
    if "since" in asked:
        statement = statement.where(Site.last_report_at >= asked["since"])
    if "until" in asked:
        statement = statement.where(Site.last_report_at < asked["until"])
    if "refused_since" in asked:
        statement = statement.where(_was_refused(asked["refused_since"]))
    if "module" in asked:
        statement = statement.where(_runs(asked["module"], asked.get("module_version"), actor))
    if "core_branch" in asked:
        branch = asked["core_branch"]
        statement = statement.where(or_(Site.core_version == branch, Site.core_version.startswith(f"{branch}.", autoescape=True)))
    if "mark" in asked:
        statement = statement.where(runs_marked(asked["mark"]))
    if "advisory" in asked:
        statement = statement.where(is_open_to(asked["advisory"]))
    return statement


def _was_refused(since: datetime) -> ColumnElement[bool]:
    """Whether a report of the site was refused from that time on."""
    row = InventoryReportRow
    return exists().where(row.site_id == Site.id, row.organization_id == Site.organization_id, row.received_at >= since,
                          row.outcome == "refused")


def _runs(module: str, version: str | None, actor: Actor) -> ColumnElement[bool]:
    """Whether a site runs the module now, in a version that `version` (one version, or a constraint in Composer's terms) allows."""
    module_id = db.session.scalar(select(Module.id).where(Module.name == module))
    present = and_(Installation.site_id == Site.id, Installation.module_id == module_id, Installation.valid_to.is_(None))
    if version is None:
        return exists().where(present)
    return exists().where(present, Installation.version.in_(_allowed(module_id, version, actor)))


def _allowed(module_id: int | None, asked: str, actor: Actor) -> list[str]:
    """The versions in use that the asked one allows; Invalid when it is neither a version nor a constraint."""
    used = db.session.scalars(select(Installation.version).distinct().where(
        Installation.module_id == module_id, Installation.valid_to.is_(None), Installation.version.is_not(None)))
    if not any(sign in asked for sign in OPERATORS):
        return [version for version in used if version == asked]
    try:
        constraint = Constraint.parse(asked)
    except BadConstraint:
        raise Invalid.at("module_version", "Not a version or a constraint, such as 6.2.7 or <6.2.9.") from None
    return [version for version in used if version and _satisfies(version, constraint)]


def _satisfies(version: str, constraint: Constraint) -> bool:
    """Whether a version as installed is within the constraint; what cannot be read is not."""
    try:
        return satisfies(to_composer(version) if version[:1].isdigit() else version, constraint)
    except BadVersion:
        return False


def get_site(actor: Actor, site_id: UUID, lock: bool = False, deleted: bool = False) -> Site:
    """One site the actor may see, with its status, or NotFound; `deleted` looks among deleted ones only."""
    at = now()
    statement = visible_sites(actor, deleted=deleted).where(Site.id == site_id)
    if deleted:
        statement = statement.where(Site.deleted_at.is_not(None))
    statement = statement.add_columns(*_of_now(at))
    row = db.session.execute(statement.with_for_update(of=Site) if lock else statement).first()
    if row is None:
        raise NotFound()
    return with_names([_shape(row)])[0]


def count_by_status(actor: Actor, asked: Mapping[str, Any], at: datetime | None = None) -> dict[str, int]:
    """How many of the matching sites are in each status, by the same query as the list."""
    found = find_sites(actor, asked, at).only("status")
    counts: dict[str, int] = dict(db.session.execute(select(found.c.status, func.count()).group_by(found.c.status)).all())
    return {status.value: counts.get(status.value, 0) for status in SiteStatus}


def count_new_by_status(actor: Actor, asked: Mapping[str, Any], at: datetime) -> dict[str, int]:
    """How many of them have come into their status within the last day."""
    return count_by_status(actor, {**asked, "status_since": at - timedelta(days=1)}, at)


def may_own(user_id: UUID, organizations: Collection[UUID]) -> bool:
    """Whether a person belongs to all of these organizations, so that their sites can be theirs."""
    found = select(func.count()).select_from(Membership).join(User, User.id == Membership.user_id).where(
        Membership.user_id == user_id, Membership.organization_id.in_(organizations), Membership.deleted_at.is_(None),
        User.deleted_at.is_(None))
    return db.session.scalar(found) == len(set(organizations))
