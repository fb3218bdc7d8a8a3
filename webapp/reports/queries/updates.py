"""Module updates, live: what sites need by verdict, or by their own word, by module or by site, aggregated in the database.

Only open installations of active sites count. Switched-off code is left out, as it is from the counts of a site: it runs
nowhere, so that it exposes nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, distinct, func, literal, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from webapp.accounts.models import Organization, Team
from webapp.accounts.values import team_measured
from webapp.catalog.models import Advisory, AdvisoryPackage, Module, ProjectRelease, ProjectVerdict
from webapp.catalog.values.severity import ORDER, Severity
from webapp.catalog.versions import sort_key
from webapp.exposure.models import Exposure
from webapp.fleet.models import Installation, Site
from webapp.fleet.policy import visible_sites
from webapp.fleet.queries import in_team
from webapp.kit.db import db
from webapp.kit.listing import STREAM, Listing
from webapp.kit.permissions import Actor, Permission

HOUR = 3600
SECURITY_SAID = cast("ColumnElement[bool]", Installation.security_update)
UPDATE_SAID = or_(cast("ColumnElement[bool]", Installation.update_available), SECURITY_SAID)
"""Spelled as in the partial index ix_installations_present_updates, which is used for it."""

V, R = ProjectVerdict, ProjectRelease
WAITING_SINCE = func.coalesce(
    Installation.said_at, case((R.released_at.is_not(None), func.greatest(R.released_at, Installation.installed_at))))
"""Since when the site says so; where it says nothing, since the first security release that the installed version lacks."""
PACKAGE = case((Installation.project == "drupal", Module.name), else_=func.coalesce(Installation.project, Module.name))
"""What advisories call an installation: its project, but core's own modules by their name, so that core counts once."""
RANKS = [severity.value for severity, _ in sorted(ORDER.items(), key=lambda item: item[1])]
UNKNOWN_RANK = ORDER[Severity.UNKNOWN]


def open_advisories(actor: Actor) -> Subquery:
    """What stands open on each site by each package: since when, the gravest severity as its place, and the advisories.

    Risks that were accepted are among them: the update closes them all the same.
    """
    rank = case({severity.value: place for severity, place in ORDER.items()}, value=Advisory.severity)
    statement = (
        select(Exposure.site_id, AdvisoryPackage.package, func.min(Exposure.started_at).label("since"), func.min(rank).label("rank"),
               func.array_agg(Exposure.advisory_id).label("advisory_ids"),
               func.array_agg(aggregate_order_by(Advisory.name, rank, Advisory.name)).label("advisory_names"))
        .join(Advisory, Advisory.id == Exposure.advisory_id).join(AdvisoryPackage, AdvisoryPackage.advisory_id == Exposure.advisory_id)
        .where(Exposure.ended_at.is_(None)).group_by(Exposure.site_id, AdvisoryPackage.package))
    where = actor.organizations(Permission.REPORT_READ)
    return (statement if where is None else statement.where(Exposure.organization_id.in_(where))).subquery("open")


def updates_of(actor: Actor, asked: Mapping[str, Any]) -> Select[Any]:
    """One row for each update that a site needs, within the filters; `since` is null for one that nothing makes urgent."""
    is_open, security = open_advisories(actor), func.coalesce(Installation.security_update, False)
    columns: list[Any] = [
        Installation.module_id, Module.name.label("module"), Installation.project, Installation.version, Installation.latest_version,
        security.label("security"), func.coalesce(is_open.c.since, case((security, WAITING_SINCE))).label("since"),
        func.coalesce(is_open.c.rank, case((security, UNKNOWN_RANK))).label("rank"), is_open.c.advisory_ids, is_open.c.advisory_names,
        Installation.site_id,
        Site.name.label("site"), Site.environment, Site.url, Site.organization_id]
    statement = (
        visible_sites(actor, Permission.REPORT_READ)
        .join(Installation, Installation.site_id == Site.id).join(Module, Module.id == Installation.module_id)
        .outerjoin(is_open, and_(is_open.c.site_id == Site.id, is_open.c.package == PACKAGE))
        .outerjoin(V, V.id == Installation.verdict_id)
        .outerjoin(R, and_(R.feed_id == V.feed_id, R.version == V.security_updates[func.cardinality(V.security_updates)]))
        .where(Installation.valid_to.is_(None), UPDATE_SAID, Installation.enabled.is_not(False))
        .with_only_columns(*columns))
    where = actor.organizations(Permission.REPORT_READ)
    if where is not None:
        statement = statement.where(Installation.organization_id.in_(where))
    return _filtered(statement, asked)


def _filtered(statement: Select[Any], asked: Mapping[str, Any]) -> Select[Any]:
    if "team_id" in asked:
        statement = statement.where(in_team(asked["team_id"]))
    for name, column in (("environment", Site.environment), ("module", Module.name)):
        if name in asked:
            statement = statement.where(column == asked[name])
    if "organization_id" in asked:
        statement = statement.where(Site.organization_id == asked["organization_id"],
                                    Installation.organization_id == asked["organization_id"])
    if "tag" in asked:
        statement = statement.where(Site.tags.contains([asked["tag"]]))
    if asked.get("security_only"):
        statement = statement.where(SECURITY_SAID)
    if asked.get("q"):
        statement = statement.where(or_(Module.name.icontains(asked["q"], autoescape=True),
                                        Installation.display_name.icontains(asked["q"], autoescape=True)))
    return statement


def module_updates(actor: Actor, asked: Mapping[str, Any], at: datetime, *, most_sites: int | None = None,
                   names_only: bool = False) -> Listing:
    """Modules with updates, security first, then by severity and number of sites; each row a dict with its sites.

    `most_sites` cuts the sites of a row for a page that shows a few; `names_only` gives their names as one text, which an
    export of thousands of sites can hold.
    """
    each = updates_of(actor, asked).subquery()
    columns: list[ColumnElement[Any]] = [
        each.c.module_id, each.c.module, func.max(each.c.project).label("project"),
        func.array_agg(distinct(each.c.latest_version)).label("latest_versions"),
        func.bool_or(each.c.security).label("security"), func.min(each.c.rank).label("rank"), func.count().label("sites_count")]
    if names_only:
        columns.append(func.string_agg(each.c.site, aggregate_order_by(literal(", "), each.c.site)).label("sites"))
    grouped = select(*columns).group_by(each.c.module_id, each.c.module).subquery()
    sorts = {"module": grouped.c.module, "project": grouped.c.project, "security": grouped.c.security,
             "severity": grouped.c.rank, "sites_count": grouped.c.sites_count}

    def prepare(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        known = _with_advisories(each, rows)
        return known if names_only else _with_sites(each, known, at, most_sites)

    return Listing(select(grouped), sorts, "-security,severity,-sites_count,module", grouped.c.module_id, shape=_module_row,
                   prepare=prepare)


def _module_row(row: Any) -> dict[str, Any]:
    found = {"module_id": row.module_id, "module": row.module, "project": row.project, "latest_version": newest(row.latest_versions),
             **_severity(row), "advisories": [], "sites_count": row.sites_count}
    return found | ({"sites": row.sites} if "sites" in row._fields else {})


def _severity(row: Any) -> dict[str, Any]:
    """How grave an update is: as the gravest open advisory says, unknown for a security update without one, else nothing."""
    return {"security": row.security, "severity": None if row.rank is None else RANKS[row.rank]}


def _with_advisories(each: Subquery, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Gives each module the advisories that its updates close."""
    listed = db.session.execute(select(each.c.module_id, func.unnest(each.c.advisory_ids).label("advisory_id")).distinct()
                                .where(each.c.module_id.in_([row["module_id"] for row in rows]))).all()
    known = _advisories(row.advisory_id for row in listed)
    below: dict[int, set[int]] = {row["module_id"]: set() for row in rows}
    for row in listed:
        below[row.module_id].add(row.advisory_id)
    return [{**row, "advisories": _gravest_first(known, below[row["module_id"]])} for row in rows]


def _advisories(ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    statement = select(Advisory.id, Advisory.public_id, Advisory.name, Advisory.severity).where(Advisory.id.in_(set(ids)))
    return {row.id: {"id": str(row.public_id), "name": row.name, "severity": row.severity} for row in db.session.execute(statement)}


def _gravest_first(known: Mapping[int, dict[str, Any]], ids: Iterable[int]) -> list[dict[str, Any]]:
    return sorted((known[each] for each in ids), key=lambda said: (RANKS.index(said["severity"]), said["name"]))


def newest(versions: list[str | None]) -> str | None:
    """The newest version by Composer's order; None where no site names one."""
    return max((version for version in versions if version), key=sort_key, default=None)


def _exposed(row: Any, at: datetime) -> float | None:
    """Hours that the exposure's clock has run, or since the site called its version insecure; None where nothing is urgent."""
    return None if row.since is None else round(max((at - row.since).total_seconds(), 0.0) / HOUR, 2)


def _with_sites(each: Subquery, rows: list[dict[str, Any]], at: datetime, most: int | None) -> list[dict[str, Any]]:
    """Gives each module its sites in one statement, the longest exposed first."""
    order = (each.c.security.desc(), each.c.since.asc().nulls_last(), each.c.site, each.c.site_id)
    place = func.row_number().over(partition_by=each.c.module_id, order_by=order).label("place")
    numbered = select(each, place).where(each.c.module_id.in_([row["module_id"] for row in rows])).subquery()
    statement = select(numbered).order_by(numbered.c.module_id, numbered.c.place)
    below: dict[int, list[dict[str, Any]]] = {row["module_id"]: [] for row in rows}
    for site in db.session.execute(statement if most is None else statement.where(numbered.c.place <= most)):
        below[site.module_id].append({"id": str(site.site_id), "name": site.site, "version": site.version,
                                      "environment": site.environment, "exposed_hours": _exposed(site, at)})
    return [{**row, "sites": below[row["module_id"]]} for row in rows]


def updates_by_site(actor: Actor, asked: Mapping[str, Any], at: datetime, *, names_only: bool = False) -> Listing:
    """Sites with updates, those with the most security updates first; each row a dict with its modules."""
    each = updates_of(actor, asked).subquery()
    columns: list[ColumnElement[Any]] = [
        each.c.site_id, each.c.site, each.c.environment, each.c.url, func.count().label("updates_count"),
        func.count().filter(each.c.security).label("security_updates_count")]
    if names_only:
        columns.append(func.string_agg(each.c.module, aggregate_order_by(literal(", "), each.c.module)).label("modules"))
    grouped = select(*columns).group_by(each.c.site_id, each.c.site, each.c.environment, each.c.url).subquery()
    sorts = {"site": func.lower(grouped.c.site), "updates_count": grouped.c.updates_count,
             "security_updates_count": grouped.c.security_updates_count}

    def prepare(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return _with_modules(each, rows, at)

    return Listing(select(grouped), sorts, "-security_updates_count,-updates_count,site", grouped.c.site_id, shape=_site_row,
                   prepare=None if names_only else prepare)


def _site_row(row: Any) -> dict[str, Any]:
    site = {"id": str(row.site_id), "name": row.site, "environment": row.environment, "url": row.url}
    found = {"site": site, "updates_count": row.updates_count, "security_updates_count": row.security_updates_count}
    return found | ({"modules": row.modules, "site_name": row.site, **{f"site_{name}": site[name] for name in ("id", "environment", "url")}}
                    if "modules" in row._fields else {})


def _with_modules(each: Subquery, rows: list[dict[str, Any]], at: datetime) -> list[dict[str, Any]]:
    statement = (select(each).where(each.c.site_id.in_([UUID(row["site"]["id"]) for row in rows]))
                 .order_by(each.c.site_id, each.c.security.desc(), each.c.rank.asc().nulls_last(), each.c.module))
    below: dict[str, list[dict[str, Any]]] = {row["site"]["id"]: [] for row in rows}
    updates = db.session.execute(statement).all()
    known = _advisories(key for update in updates for key in update.advisory_ids or ())
    for update in updates:
        below[str(update.site_id)].append({
            "module": update.module, "project": update.project, "version": update.version, "latest_version": update.latest_version,
            **_severity(update), "advisories": _gravest_first(known, update.advisory_ids or ()),
            "exposed_hours": _exposed(update, at)})
    return [{**row, "modules": below[row["site"]["id"]]} for row in rows]


def updates_totals(actor: Actor, asked: Mapping[str, Any]) -> dict[str, int]:
    """The updates in numbers: how many, on how many sites, of how many modules, and the same of security updates."""
    each = updates_of(actor, asked).subquery()
    row = db.session.execute(select(
        func.count(distinct(each.c.module_id)).label("modules"), func.count(distinct(each.c.site_id)).label("sites"),
        func.count().label("updates"), func.count().filter(each.c.security).label("security_updates"),
        func.count(distinct(each.c.module_id)).filter(each.c.security).label("security_modules"),
        func.count(distinct(each.c.site_id)).filter(each.c.security).label("security_sites")).select_from(each)).one()
    return dict(row._mapping)


@team_measured.connect
def measure_updates(actor: Actor, team: Team, at: datetime) -> dict[str, Any]:
    """The security updates that the sites of a team need, as this report counts them."""
    return {"security_updates": updates_totals(actor, {"team_id": team.id})["security_updates"]}


def count_updates(actor: Actor, asked: Mapping[str, Any]) -> int:
    """How many rows `stream_updates` has."""
    return int(db.session.scalar(select(func.count()).select_from(updates_of(actor, asked).subquery())) or 0)


def stream_updates(actor: Actor, asked: Mapping[str, Any], at: datetime) -> Iterator[dict[str, Any]]:
    """One row for each module and site, in the order of `module_updates`, in portions however many there are."""
    each = updates_of(actor, asked).subquery()
    has_security = func.bool_or(each.c.security).over(partition_by=each.c.module_id)
    rank = func.min(each.c.rank).over(partition_by=each.c.module_id)
    sites_count = func.count().over(partition_by=each.c.module_id)
    statement = (
        select(each, Organization.name.label("organization")).join(Organization, Organization.id == each.c.organization_id)
        .order_by(has_security.desc(), rank.asc().nulls_last(), sites_count.desc(), each.c.module, each.c.security.desc(), each.c.site,
                  each.c.site_id)
        .execution_options(yield_per=STREAM))
    for portion in db.session.execute(statement).partitions(STREAM):
        for row in portion:
            yield {"module": row.module, "project": row.project, "version": row.version, "latest_version": row.latest_version,
                   **_severity(row), "advisories": row.advisory_names or [], "exposed_hours": _exposed(row, at),
                   "site_id": str(row.site_id), "site": row.site, "environment": row.environment, "url": row.url,
                   "organization": row.organization}
