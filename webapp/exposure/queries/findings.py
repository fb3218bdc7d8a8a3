"""The findings: which site is open to which advisory, since when, until when at the latest, and what was decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from webapp.accounts.models import Organization, Team, User
from webapp.catalog.models import Advisory, AdvisoryAlias, Module
from webapp.catalog.values.severity import ORDER
from webapp.exposure.models import Exposure, RiskDecision
from webapp.exposure.policy import visible_decisions, visible_exposures
from webapp.exposure.queries.lens import Lens
from webapp.exposure.values import State
from webapp.fleet.models import Site, VersionChangeRow
from webapp.fleet.policy import visible_sites
from webapp.fleet.queries import in_team, names_of
from webapp.kit.clock import now
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor

SEVERITY = case({severity.value: place for severity, place in ORDER.items()}, value=Advisory.severity)
PERSON = func.coalesce(func.nullif(User.full_name, ""), User.email)
STANDING = case((RiskDecision.ended_at.is_not(None), literal("ended")), (RiskDecision.approved_at.is_(None), literal("proposed")),
                else_=literal("in_force"))
SITE_EQUAL = ("owner_id", "environment", "criticality")


@cache
def left_censored() -> ColumnElement[bool]:
    """Whether a finding may be older than is known: the first report of its site showed it, and the advisory was out before."""
    every = aliased(Site)
    first = (select(VersionChangeRow.at).where(VersionChangeRow.site_id == every.id).order_by(VersionChangeRow.at).limit(1)
             .correlate(every).scalar_subquery())
    known = select(every.id, first).where(every.last_report_at.is_not(None))
    return and_(Exposure.started_at > func.coalesce(Advisory.published_at, Advisory.first_seen_at),
                tuple_(Exposure.site_id, Exposure.started_at).in_(known))


def find_exposures(actor: Actor, asked: Mapping[str, Any], at: datetime | None = None) -> Listing:
    """The findings that match: open ones first, the nearest deadline first. Columns are what a finding shows, with names.

    `hours_exposed` runs on while it is open; `verified` is false while the site is silent; `enabled` is false where the code
    is there and does not run. With `as_of`, the findings that had begun by then, as they stood.
    """
    lens = Lens.of(asked, at or now())
    statement = visible_exposures(actor, deleted=bool(asked.get("include_deleted")))
    # Each finding has one of each. As outer joins PostgreSQL leaves out those that a count or a number does not need.
    statement = (
        statement.outerjoin(Advisory, Advisory.id == Exposure.advisory_id).outerjoin(Module, Module.id == Exposure.module_id)
        .outerjoin(Organization, Organization.id == Exposure.organization_id).outerjoin(User, User.id == Site.owner_id)
        .outerjoin(Team, and_(Team.id == Site.team_id, Team.deleted_at.is_(None))))
    statement = lens.with_decisions(statement).with_only_columns(*_columns(lens))
    statement = _about_sites(_filtered(statement, asked, lens), asked)
    sorts = {"exposed_since": Exposure.started_at, "due_at": Exposure.due_at, "fixed_at": lens.ended, "severity": SEVERITY,
             "state": lens.state_order, "site": func.lower(Site.name), "module": Module.name, "advisory": Advisory.name,
             "hours_exposed": lens.until - Exposure.started_at, "created_at": Exposure.created_at, "updated_at": Exposure.updated_at}
    return Listing(statement, sorts, "state,due_at,severity,site", Exposure.id, shape=_shape)


def _columns(lens: Lens) -> list[Any]:
    seconds = func.extract("epoch", lens.until - Exposure.started_at)
    return [
        Exposure.id, Exposure.organization_id, Organization.name.label("organization_name"), Exposure.site_id,
        Site.name.label("site_name"), Site.environment, Site.criticality, Site.owner_id, PERSON.label("owner_name"),
        Team.id.label("team_id"), Team.name.label("team_name"), Site.last_report_at, Module.public_id.label("module_id"),
        Module.name.label("module"),
        Advisory.public_id.label("advisory_id"), Advisory.name.label("advisory"), Advisory.title.label("advisory_title"),
        Advisory.severity, Advisory.link, Exposure.version, lens.by_then(Exposure.fixed_version).label("fixed_version"), Exposure.enabled,
        func.coalesce(Exposure.enabled, True).label("runs"),
        lens.state.label("state"), Exposure.started_at.label("exposed_since"), Exposure.due_at, lens.ended.label("fixed_at"),
        (seconds / 3600).label("hours_exposed"), lens.verified.label("verified"), lens.overdue.label("overdue"),
        (Exposure.n > 1).label("reintroduced"), Exposure.opened_report_id,
        lens.by_then(Exposure.closed_report_id).label("closed_report_id"), RiskDecision.id.label("decision_id"),
        RiskDecision.reason, RiskDecision.expires_at, RiskDecision.approved_by, Exposure.created_at, Exposure.updated_at]


def _shape(row: Any) -> dict[str, Any]:
    found = dict(row._mapping)
    found["hours_exposed"] = round(float(row.hours_exposed), 2)
    found["site"] = {"id": row.site_id, "name": row.site_name}
    found["overdue"], found["verified"] = bool(row.overdue), bool(row.verified)
    found["decision"] = None if row.reason is None else {
        "id": row.decision_id, "kind": row.state if row.state in ("accepted", "false_positive") else "accepted", "reason": row.reason,
        "expires_at": row.expires_at, "approved_by": row.approved_by}
    return found


EQUAL: Mapping[str, Any] = {
    "site_id": Exposure.site_id, "site": Exposure.site_id, "organization_id": Exposure.organization_id, "version": Exposure.version,
    "enabled": Exposure.enabled, "advisory_id": Advisory.public_id, "module": Module.name}


def _filtered(statement: Select[Any], asked: Mapping[str, Any], lens: Lens) -> Select[Any]:
    one_of: dict[str, Any] = {"state": lens.state, "severity": Advisory.severity}
    yes_or_no: dict[str, Any] = {
        "overdue": lens.overdue, "verified": lens.verified, "reintroduced": Exposure.n > 1,
        "breached": lens.ended > Exposure.due_at, "runs": Exposure.enabled.is_not(False), "left_censored": left_censored()}
    conditions = [column == asked[name] for name, column in EQUAL.items() if name in asked]
    conditions += [column.in_(asked[name]) for name, column in one_of.items() if name in asked]
    conditions += [func.coalesce(column, False) == asked[name] for name, column in yes_or_no.items() if name in asked]
    if "advisory" in asked:
        conditions.append(is_named(asked["advisory"]))
    if "since" in asked:
        conditions.append(Exposure.started_at >= asked["since"])
    if "until" in asked:
        conditions.append(Exposure.started_at < asked["until"])
    if "fixed_within" in asked:
        conditions.append(lens.ended - Exposure.started_at <= timedelta(hours=asked["fixed_within"]))
    if lens.is_past:
        conditions.append(Exposure.started_at < lens.at)
    if "fixed_since" in asked:
        conditions.append(lens.ended >= asked["fixed_since"])
    if "fixed_until" in asked:
        conditions.append(lens.ended < asked["fixed_until"])
    if "due_since" in asked:
        conditions.append(Exposure.due_at >= asked["due_since"])
    if "due_until" in asked:
        conditions.append(Exposure.due_at < asked["due_until"])
    return statement.where(*conditions)


def _about_sites(statement: Select[Any], asked: Mapping[str, Any]) -> Select[Any]:
    for name in SITE_EQUAL:
        if name in asked:
            statement = statement.where(getattr(Site, name) == asked[name])
    if "team_id" in asked:
        statement = statement.where(in_team(asked["team_id"]))
    if "owned" in asked:
        statement = statement.where(Site.owner_id.is_not(None) if asked["owned"] else Site.owner_id.is_(None))
    if "tag" in asked:
        statement = statement.where(Site.tags.contains([asked["tag"]]))
    if asked.get("q"):
        words = (Site.name, Module.name, Advisory.name, Advisory.title)
        statement = statement.where(or_(*(column.icontains(asked["q"], autoescape=True) for column in words)))
    return statement


def is_named(name: str) -> ColumnElement[bool]:
    """Whether an advisory has this name: drupal.org's, OSV's, a CVE, whatever the case."""
    return exists().where(AdvisoryAlias.advisory_id == Advisory.id, AdvisoryAlias.alias == name.strip().upper())


def get_exposure(actor: Actor, exposure_id: UUID, lock: bool = False) -> dict[str, Any]:
    """One finding as the list shows it, or NotFound; with `lock`, its row is locked too."""
    listing = find_exposures(actor, {})
    if lock:
        locked = select(Exposure.id).where(Exposure.id == exposure_id).with_for_update()
        db.session.execute(locked)
    listing.statement = listing.statement.where(Exposure.id == exposure_id)
    found = listing.all()
    if not found:
        raise NotFound()
    return dict(found[0])


def find_chosen(actor: Actor, ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Those of these findings that the actor sees and that are open, as the list shows them, in one statement."""
    listing = find_exposures(actor, {"state": [State.OPEN.value]})
    listing.statement = listing.statement.where(Exposure.id.in_(ids))
    return listing.all()


def get_exposures(actor: Actor, ids: Collection[UUID]) -> list[Exposure]:
    """These findings as rows that are locked, in the order of their ids; NotFound where one of them is not visible."""
    statement = visible_exposures(actor).where(Exposure.id.in_(ids)).order_by(Exposure.id).with_for_update(of=Exposure)
    found = list(db.session.scalars(statement))
    if len(found) != len(set(ids)):
        raise NotFound()
    return found


def find_decisions(actor: Actor, asked: Mapping[str, Any]) -> Listing:
    """The decisions of the actor's organizations, the newest first."""
    statement = _decisions(actor)
    equal = {"organization_id": RiskDecision.organization_id, "site_id": RiskDecision.site_id, "kind": RiskDecision.kind,
             "standing": STANDING}
    statement = statement.where(*(column == asked[name] for name, column in equal.items() if name in asked))
    if "advisory" in asked:
        statement = statement.where(is_named(asked["advisory"]))
    if asked.get("q"):
        statement = statement.where(RiskDecision.reason.icontains(asked["q"], autoescape=True))
    sorts = {"created_at": RiskDecision.created_at, "expires_at": RiskDecision.expires_at, "advisory": Advisory.name}
    return Listing(statement, sorts, "-created_at", RiskDecision.id, shape=_decided)


def with_names(actor: Actor, decisions: list[RiskDecision]) -> list[RiskDecision]:
    """Gives each decision the names of who decided, approved and ended it, and of its site (None where that was deleted)."""
    people = names_of({each for row in decisions for each in (row.created_by, row.approved_by, row.ended_by) if each})
    ids = {row.site_id for row in decisions if row.site_id}
    sites: dict[UUID, str] = dict(db.session.execute(
        visible_sites(actor).with_only_columns(Site.id, Site.name).where(Site.id.in_(ids))).all()) if ids else {}
    for row in decisions:
        row.site_name = sites.get(row.site_id) if row.site_id else None  # type: ignore[attr-defined]
        for act in ("created", "approved", "ended"):
            person = getattr(row, f"{act}_by")
            setattr(row, f"{act}_by_name", people.get(person) if person else None)
    return decisions


def _decisions(actor: Actor) -> Select[Any]:
    return (visible_decisions(actor).join(Advisory, Advisory.id == RiskDecision.advisory_id)
            .add_columns(Advisory.name.label("advisory"), STANDING.label("standing")))


def _decided(row: Any) -> RiskDecision:
    decision: RiskDecision = row[0]
    decision.advisory, decision.standing = row.advisory, row.standing  # type: ignore[attr-defined]
    return decision


def get_decision(actor: Actor, decision_id: UUID, lock: bool = False) -> RiskDecision:
    """One decision, or NotFound."""
    statement = _decisions(actor).where(RiskDecision.id == decision_id)
    found = db.session.execute(statement.with_for_update(of=RiskDecision) if lock else statement).first()
    if found is None:
        raise NotFound()
    return _decided(found)
