"""The advisories, and how the fleet that an actor may see stands to each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from webapp.catalog.models import Advisory, AdvisoryAlias, AdvisoryPackage, AdvisorySource
from webapp.exposure.models import Exposure
from webapp.exposure.policy import visible_exposures
from webapp.exposure.queries.findings import SEVERITY, find_exposures, is_named
from webapp.kit.clock import now
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor

STANDING = (Exposure.ended_at.is_(None), Exposure.enabled.is_not(False), Exposure.decision_id.is_(None))


def find_advisories(actor: Actor, asked: Mapping[str, Any], one: int | None = None) -> Listing:
    """Advisories, newest first, each with how many of the actor's sites stand open to it (`sites_exposed`) and ever did (`sites_hit`).

    `next_due_at` is the first deadline of those that stand open; null where none does. With `one`, that advisory alone: what
    the fleet is to all the others is not counted.
    """
    visible = visible_exposures(actor) if one is None else visible_exposures(actor).where(Exposure.advisory_id == one)
    if "organization_id" in asked:
        visible = visible.where(Exposure.organization_id == asked["organization_id"])
    hit = visible.with_only_columns(
        Exposure.advisory_id, func.count(Exposure.site_id.distinct()).label("hit"),
        func.count(Exposure.site_id.distinct()).filter(*STANDING).label("exposed"),
        func.min(Exposure.due_at).filter(*STANDING).label("next_due"),
    ).group_by(Exposure.advisory_id).subquery()
    exposed, ever = func.coalesce(hit.c.exposed, 0), func.coalesce(hit.c.hit, 0)
    published = func.coalesce(Advisory.published_at, Advisory.first_seen_at)
    statement: Any = (select(Advisory, exposed.label("sites_exposed"), ever.label("sites_hit"), Advisory.severity.label("severity"),
                             hit.c.next_due.label("next_due_at"))
                 .outerjoin(hit, hit.c.advisory_id == Advisory.id).where(Advisory.merged_into.is_(None)))
    if one is not None:
        statement = statement.where(Advisory.id == one)
    if "severity" in asked:
        statement = statement.where(Advisory.severity.in_(asked["severity"]))
    if "kind" in asked:
        statement = statement.where(Advisory.kind == asked["kind"])
    if "package" in asked:
        statement = statement.where(Advisory.packages.contains([asked["package"]]))
    if "name" in asked:
        statement = statement.where(is_named(asked["name"]))
    if "exposed" in asked:
        statement = statement.where(exposed > 0 if asked["exposed"] else exposed == 0)
    if "hit" in asked:
        statement = statement.where(ever > 0 if asked["hit"] else ever == 0)
    if "since" in asked:
        statement = statement.where(published >= asked["since"])
    if "until" in asked:
        statement = statement.where(published < asked["until"])
    if asked.get("q"):
        named = select(AdvisoryAlias.advisory_id).where(AdvisoryAlias.alias.icontains(asked["q"], autoescape=True))
        statement = statement.where(or_(Advisory.title.icontains(asked["q"], autoescape=True), Advisory.id.in_(named),
                                        Advisory.packages.contains([asked["q"].lower()])))
    sorts = {"published_at": published, "severity": SEVERITY, "name": Advisory.name, "sites_exposed": exposed, "sites_hit": ever,
             "next_due_at": hit.c.next_due, "modified_at": Advisory.modified_at}
    return Listing(statement, sorts, "-published_at,name", Advisory.id, shape=_shape)


def _shape(row: Any) -> Advisory:
    advisory: Advisory = row[0]
    advisory.sites_exposed, advisory.sites_hit = row.sites_exposed, row.sites_hit  # type: ignore[attr-defined]
    advisory.next_due_at = row.next_due_at  # type: ignore[attr-defined]
    advisory.risk_said = None if advisory.risk is None else {  # type: ignore[attr-defined]
        "vector": advisory.risk, "score": advisory.risk_score}
    advisory.cvss_said = None if advisory.cvss is None else {  # type: ignore[attr-defined]
        "vector": advisory.cvss, "score": advisory.cvss_score}
    return advisory


def get_advisory_alone(actor: Actor, advisory_id: UUID, lock: bool = False) -> Advisory:
    """One advisory without its numbers, or NotFound. The id of one that was found to be another's twin leads to that one."""
    key = select(func.coalesce(Advisory.merged_into, Advisory.id)).where(Advisory.public_id == advisory_id).scalar_subquery()
    advisory = db.session.scalar(select(Advisory).where(Advisory.id == key))
    if advisory is None:
        raise NotFound()
    return advisory


def get_advisory(actor: Actor, advisory_id: UUID, lock: bool = False) -> Advisory:
    """One advisory with its numbers, what of which package it affects and who says so, or NotFound."""
    return described(find_advisories(actor, {}, get_advisory_alone(actor, advisory_id).id).all()[0])


def described(advisory: Advisory) -> Advisory:
    """Gives an advisory `affected`, what of which package it is about, and `sources`, who says so."""
    packages = select(AdvisoryPackage).where(AdvisoryPackage.advisory_id == advisory.id).order_by(AdvisoryPackage.package)
    said = select(AdvisorySource).where(AdvisorySource.advisory_id == advisory.id)
    advisory.affected = list(db.session.scalars(packages))  # type: ignore[attr-defined]
    advisory.sources = list(db.session.scalars(  # type: ignore[attr-defined]
        said.order_by(AdvisorySource.source, AdvisorySource.source_id)))
    return advisory


def find_advisory_sites(actor: Actor, advisory: Advisory, asked: Mapping[str, Any], at: datetime | None = None) -> Listing:
    """The sites that are or were open to the advisory, by the query of the findings."""
    listing = find_exposures(actor, asked, at or now())
    listing.statement = listing.statement.where(Exposure.advisory_id == advisory.id)
    return listing
