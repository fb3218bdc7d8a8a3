"""What is, and was, on one site; each step of it; and what the site sent. The site itself was looked up by the door."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, literal_column, or_, select

from webapp.catalog.models import Module
from webapp.fleet.models import Installation, InventoryReportRow, Site, VersionChangeRow
from webapp.fleet.queries.advisories import module_is_open_to, with_advisories
from webapp.fleet.queries.marks import is_marked
from webapp.fleet.queries.offers import with_offers
from webapp.fleet.queries.verdicts import DISAGREES, REASON, SAID_SECURITY, SAID_UPDATE, VERDICT, F, V
from webapp.kit.clock import now
from webapp.kit.db import db
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor

UPDATED = func.greatest(Installation.valid_from, func.coalesce(Installation.said_at, Installation.valid_from))
NEED = case((Installation.enabled.is_(False), 3), (Installation.security_update.is_(True), 0),
            (Installation.update_available.is_(True), 1), else_=2)
RUNS = Installation.enabled.is_not(False)
NEEDS = {
    "security": and_(RUNS, Installation.security_update.is_(True)),
    "other": and_(RUNS, Installation.update_available.is_(True), Installation.security_update.is_not(True)),
    "any": and_(RUNS, or_(Installation.update_available.is_(True), Installation.security_update.is_(True))),
}
"""What a module needs, as the counts of its site have it: switched-off code needs nothing."""
EQUAL = {"name": Module.name, "module_id": Module.public_id, "project": Installation.project, "type": Installation.type,
         "version": Installation.version, "enabled": Installation.enabled, "latest_version": Installation.latest_version,
         "recommended_version": Installation.recommended_version, "update_available": Installation.update_available,
         "security_update": Installation.security_update, "display_name": Installation.display_name}


def find_installed(actor: Actor, site: Site, asked: Mapping[str, Any]) -> Listing:
    """The modules of a site now, or with `as_of` at that moment; what needs somebody first.

    `status` is Drupal core's verdict, computed from release feeds; where there is no feed it says so, and what the site itself
    said stays apart in `site_says`. `disagrees` is true where both cannot be right.
    """
    listing = _installed(Installation.site_id == site.id, asked)
    return replace(listing, prepare=lambda found: with_offers(with_advisories(site.id, found, asked.get("as_of")), site.core_version))


def find_installed_of(sites: Collection[UUID], asked: Mapping[str, Any], most: int) -> dict[UUID, list[Any]]:
    """The same of several sites that were found before, `most` of each, in one statement; by site."""
    place = func.row_number().over(partition_by=Installation.site_id, order_by=(NEED, Module.name, Installation.id))
    listing = _installed(Installation.site_id.in_(sites), asked)
    numbered = listing.statement.add_columns(Installation.site_id, place.label("place")).subquery()
    found: dict[UUID, list[Any]] = {site_id: [] for site_id in sites}
    for row in db.session.execute(select(numbered).where(numbered.c.place <= most).order_by(numbered.c.site_id, numbered.c.place)):
        found[row.site_id].append(row)
    return found


def _installed(where: ColumnElement[bool], asked: Mapping[str, Any]) -> Listing:
    at = asked.get("as_of")
    statement: Select[Any] = select(
        Module.public_id.label("module_id"), Module.name, Installation.display_name, Installation.project, Installation.type,
        Installation.version, Installation.enabled, Installation.latest_version, Installation.recommended_version,
        VERDICT.label("status"), REASON.label("status_reason"), V.rule.label("status_rule"), V.also.label("also"), V.security_updates,
        V.feed_id, func.coalesce(V.marks, literal_column("'{}'")).label("marks"),
        F.fetched_at.label("feed_fetched_at"), F.state.label("feed_state"),
        func.coalesce(F.stale_at < now(), False).label("feed_is_stale"), Installation.update_available,
        Installation.security_update,
        Installation.said_latest_version, Installation.said_recommended_version, SAID_UPDATE, SAID_SECURITY, DISAGREES.label("disagrees"),
        Installation.said_at, Installation.installed_at, Installation.datestamp, UPDATED.label("updated_at"),
        case((NEEDS["security"], literal("security")), (NEEDS["other"], literal("other"))).label("needs"),
    ).join(Module, Module.id == Installation.module_id).outerjoin(V, V.id == Installation.verdict_id).outerjoin(F, F.id == V.feed_id)
    statement = statement.where(where)
    if at is None:
        statement = statement.where(Installation.valid_to.is_(None))
    else:
        statement = statement.where(Installation.valid_from <= at, or_(Installation.valid_to.is_(None), Installation.valid_to > at))
    statement = _filtered(statement, asked)
    sorts = {"name": Module.name, "display_name": func.lower(func.coalesce(Installation.display_name, Module.name)),
             "project": Installation.project, "type": Installation.type, "version": Installation.version, "enabled": Installation.enabled,
             "status": VERDICT, "installed_at": Installation.installed_at, "updated_at": UPDATED, "need": NEED}
    return Listing(statement, sorts, "need,name", Installation.id, shape=lambda row: row)


def _filtered(statement: Select[Any], asked: Mapping[str, Any]) -> Select[Any]:
    for name, column in EQUAL.items():
        if name in asked:
            statement = statement.where(column == asked[name])
    if "needs" in asked:
        statement = statement.where(NEEDS[asked["needs"]])
    if "status" in asked:
        statement = statement.where(VERDICT.in_(asked["status"]))
    if "mark" in asked:
        statement = statement.where(is_marked(asked["mark"]))
    if asked.get("disagrees") is not None:
        statement = statement.where(DISAGREES.is_(asked["disagrees"]))
    if "advisory" in asked:
        statement = statement.where(module_is_open_to(asked["advisory"]))
    if asked.get("q"):
        words = [column.icontains(asked["q"], autoescape=True) for column in (Module.name, Installation.display_name, Installation.project)]
        statement = statement.where(or_(*words))
    return statement


def find_changes(actor: Actor, site: Site, asked: Mapping[str, Any]) -> Listing:
    """Each step of each version on a site, newest first."""
    statement: Any = select(
        VersionChangeRow.id, Module.public_id.label("module_id"), Module.name.label("module"), VersionChangeRow.from_version,
        VersionChangeRow.to_version, VersionChangeRow.at, VersionChangeRow.kind, VersionChangeRow.source, VersionChangeRow.report_id,
        VersionChangeRow.patch_run_id,
    ).join(Module, Module.id == VersionChangeRow.module_id).where(VersionChangeRow.site_id == site.id)
    if "since" in asked:
        statement = statement.where(VersionChangeRow.at >= asked["since"])
    if "until" in asked:
        statement = statement.where(VersionChangeRow.at < asked["until"])
    for name, column in {"module": Module.name, "kind": VersionChangeRow.kind, "patch_run_id": VersionChangeRow.patch_run_id,
                         "report_id": VersionChangeRow.report_id}.items():
        if name in asked:
            statement = statement.where(column == asked[name])
    if asked.get("q"):
        statement = statement.where(Module.name.icontains(asked["q"], autoescape=True))
    sorts = {"at": VersionChangeRow.at, "module": Module.name}
    return Listing(statement, sorts, "-at", VersionChangeRow.id.desc(), cursor=(VersionChangeRow.at, VersionChangeRow.id),
                   shape=lambda row: row)


def find_received(actor: Actor, site: Site, asked: Mapping[str, Any]) -> Listing:
    """What a site has sent, refused reports with their reasons included, newest first."""
    statement = select(InventoryReportRow).where(InventoryReportRow.site_id == site.id)
    if "outcome" in asked:
        statement = statement.where(InventoryReportRow.outcome == asked["outcome"])
    if "since" in asked:
        statement = statement.where(InventoryReportRow.received_at >= asked["since"])
    if "until" in asked:
        statement = statement.where(InventoryReportRow.received_at < asked["until"])
    if asked.get("q"):
        statement = statement.where(InventoryReportRow.error.icontains(asked["q"], autoescape=True))
    sorts = {name: getattr(InventoryReportRow, name) for name in ("received_at", "reported_at", "bytes")}
    return Listing(statement, sorts, "-received_at", InventoryReportRow.id.desc(),
                   cursor=(InventoryReportRow.received_at, InventoryReportRow.id))
