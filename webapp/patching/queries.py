"""Reading patch runs: what people look for, and what explaining a report needs to know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from webapp.accounts.models import Team
from webapp.accounts.values import team_measured, team_window
from webapp.fleet.models import Site
from webapp.fleet.queries import in_team
from webapp.kit.db import db, rows
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.patching.models import PatchRun, PatchRunUpdate
from webapp.patching.policy import visible_runs
from webapp.patching.values import MEMORY, MOVES, REACH, SKEW, Claim, ClaimedUpdate, Evidence, Sighting, Step

EQUAL = ("site_id", "organization_id", "environment", "operator", "commit_sha")
WORDS = ("status", "trigger", "evidence")
SORTS = ("started_at", "finished_at", "status", "trigger", "evidence", "updates_count", "security_updates_count",
         "created_at")
CLAIMED = """
SELECT r.id, r.status, r.started_at, coalesce(r.finished_at, r.started_at) AS ended_at, r.evidence, r.evidence_at,
    u.module, u.from_version, u.to_version, u.status AS update_status
"""
OPEN = """
r.site_id = :site AND r.deleted_at IS NULL AND r.trigger <> 'inferred' AND r.started_at <= :latest
    AND (r.evidence = 'claimed' AND r.started_at >= :earliest
         OR r.evidence = 'contradicted' AND r.started_at >= :reopened)
"""
ANY_OPEN = f"SELECT 1 FROM patch_runs r WHERE {OPEN} LIMIT 1"  # noqa: S608
OPEN_CLAIMS = CLAIMED + f""", i.id IS NOT NULL AS is_present, i.version, i.installed_at
FROM patch_runs r JOIN patch_run_updates u ON u.patch_run_id = r.id
LEFT JOIN modules m ON m.name = u.module
LEFT JOIN installations i ON i.site_id = r.site_id AND i.module_id = m.id AND i.valid_to IS NULL
WHERE {OPEN}
"""
POSTED_CLAIMS = CLAIMED + """
FROM patch_runs r JOIN patch_run_updates u ON u.patch_run_id = r.id AND u.module = ANY (:modules)
WHERE r.site_id = :site AND r.deleted_at IS NULL AND r.trigger <> 'inferred' AND r.status = ANY (:moves)
    AND r.started_at BETWEEN :earliest AND :latest
"""
STEPS = """
SELECT c.module_id, m.name AS module, c.from_version, c.to_version, c.at, c.report_id
FROM version_changes c JOIN modules m ON m.id = c.module_id
WHERE c.site_id = :site AND c.at BETWEEN :since AND :until AND m.name = ANY (:modules)
"""
REPORT_BEFORE = """
SELECT max(reported_at) AS reported_at FROM inventory_reports
WHERE site_id = :site AND reported_at < :at AND outcome <> 'refused'
"""
NEXT_REPORT = """
SELECT id, reported_at FROM inventory_reports
WHERE site_id = :site AND reported_at >= :since AND outcome <> 'refused' ORDER BY reported_at LIMIT 1
"""


def find_runs(actor: Actor, asked: Mapping[str, Any], site: Site | None = None) -> Listing:
    """The runs that match, with their modules; newest first. `from` and `to` are about when a run began."""
    statement = _filtered(visible_runs(actor, deleted=bool(asked.get("include_deleted"))), asked)
    if site is not None:
        statement = statement.where(PatchRun.site_id == site.id)
    sorts = {name: getattr(PatchRun, name) for name in SORTS} | {"site": func.lower(Site.name)}
    return Listing(statement, sorts, "-started_at", PatchRun.id.desc(), cursor=(PatchRun.started_at, PatchRun.id),
                   shape=_shape, prepare=with_updates)


@team_measured.connect
def measure_runs(actor: Actor, team: Team, at: datetime) -> dict[str, Any]:
    """How many runs the sites of a team had lately, by the query of the list of runs."""
    return {"patch_runs_last_30d": find_runs(actor, {"team_id": team.id, "since": team_window(at)}).count()}


def get_run(actor: Actor, run_id: UUID, lock: bool = False) -> PatchRun:
    """One run with its modules, or NotFound."""
    statement = visible_runs(actor).where(PatchRun.id == run_id)
    row = db.session.execute(statement.with_for_update(of=PatchRun) if lock else statement).first()
    if row is None:
        raise NotFound()
    return with_updates([_shape(row)])[0]


def with_updates(runs: list[PatchRun]) -> list[PatchRun]:
    """Gives each run its `updates`, security first, then by name; one statement for all of them."""
    statement = select(PatchRunUpdate).where(PatchRunUpdate.patch_run_id.in_([run.id for run in runs]))
    found: dict[UUID, list[PatchRunUpdate]] = defaultdict(list)
    for update in db.session.scalars(statement.order_by(PatchRunUpdate.security.desc(), PatchRunUpdate.module)):
        found[update.patch_run_id].append(update)
    for run in runs:
        run.updates = found[run.id]  # type: ignore[attr-defined]
    return runs


def _shape(row: Any) -> PatchRun:
    run: PatchRun = row[0]
    run.site = {"id": run.site_id, "name": row.site_name}  # type: ignore[attr-defined]
    return run


def _filtered(statement: Select[Any], asked: Mapping[str, Any]) -> Select[Any]:
    for name in EQUAL:
        if name in asked:
            statement = statement.where(getattr(PatchRun, name) == asked[name])
    for name in WORDS:
        if name in asked:
            statement = statement.where(getattr(PatchRun, name).in_(asked[name]))
    if "team_id" in asked:
        statement = statement.where(in_team(asked["team_id"]))
    if "since" in asked:
        statement = statement.where(PatchRun.started_at >= asked["since"])
    if "until" in asked:
        statement = statement.where(PatchRun.started_at < asked["until"])
    if "module" in asked:
        statement = statement.where(_updates(asked["module"], asked.get("security")))
    elif "security" in asked:
        statement = statement.where((PatchRun.security_updates_count > 0) == asked["security"])
    if asked.get("q"):
        statement = statement.where(_mentions(asked["q"]))
    return statement


def _updates(module: str, security: bool | None) -> ColumnElement[bool]:
    """Whether a run updated the module; with `security`, as a security update or not."""
    found = and_(PatchRunUpdate.patch_run_id == PatchRun.id, PatchRunUpdate.module == module)
    return exists().where(found if security is None else and_(found, PatchRunUpdate.security == security))


def _mentions(text: str) -> ColumnElement[bool]:
    named = exists().where(PatchRunUpdate.patch_run_id == PatchRun.id,
                           PatchRunUpdate.module.icontains(text, autoescape=True))
    return or_(PatchRun.operator.icontains(text, autoescape=True), PatchRun.notes.icontains(text, autoescape=True),
               named)


def awaits_report(site_id: Any, at: datetime) -> ColumnElement[bool]:
    """Whether a report can decide on a run of the site, so that even one that repeats the last has to be read.

    An expression, so that whoever selects the site asks this with it.
    """
    return exists().where(PatchRun.site_id == site_id, PatchRun.evidence == Evidence.CLAIMED, PatchRun.deleted_at.is_(None),
                          PatchRun.started_at >= at - MEMORY)


def open_claims(site_id: UUID, reported_at: datetime) -> list[Claim]:
    """The runs that a report of that time can decide on or account for: claimed ones, and those contradicted lately.

    Each knows what is on the site now of its modules, as far as it came since the run began.
    """
    times = {"latest": reported_at + SKEW, "earliest": reported_at - MEMORY, "reopened": reported_at - REACH}
    if not rows(ANY_OPEN, site=site_id, **times):  # as nearly always, and planning the joins costs more than asking
        return []
    found = rows(OPEN_CLAIMS, site=site_id, **times)
    claims = _claims(found)
    for row in found:
        if not row.is_present:
            claims[row.id].shown[row.module] = Sighting(False)
        elif row.installed_at >= row.started_at - SKEW:
            claims[row.id].shown[row.module] = Sighting(True, row.version)
    return list(claims.values())


def posted_claims(site_id: UUID, modules: Collection[str], since: datetime, until: datetime) -> list[Claim]:
    """The posted runs that may account for steps of these modules between two times."""
    found = rows(POSTED_CLAIMS, site=site_id, modules=list(modules), moves=sorted(MOVES), earliest=since - REACH,
                 latest=until + SKEW)
    return list(_claims(found).values())


def _claims(found: Iterable[Any]) -> dict[UUID, Claim]:
    claims: dict[UUID, Claim] = {}
    for row in found:
        if row.id not in claims:
            claims[row.id] = Claim(row.id, row.status, row.started_at, row.ended_at, Evidence(row.evidence),
                                   row.evidence_at)
        claims[row.id].updates[row.module] = ClaimedUpdate(row.from_version, row.to_version, row.update_status)
    return claims


def steps_between(site_id: UUID, modules: Collection[str], since: datetime, until: datetime) -> list[Step]:
    """The steps of these modules in the site's history."""
    return [Step(*row) for row in rows(STEPS, site=site_id, modules=list(modules), since=since, until=until)]


@dataclass(slots=True)
class InferredRun:
    """An inferred run with those of its modules that are looked at."""

    run: PatchRun
    updates: dict[str, Any] = field(default_factory=dict)


def inferred_runs(site_id: UUID, modules: Collection[str], since: datetime,
                  until: datetime) -> dict[datetime, InferredRun]:
    """The inferred runs of the site by the time of their report."""
    update = PatchRunUpdate
    statement = (select(PatchRun, update.module, update.from_version, update.to_version, update.security)
                 .outerjoin(update, (update.patch_run_id == PatchRun.id) & update.module.in_(modules))
                 .where(PatchRun.site_id == site_id, PatchRun.trigger == "inferred",
                        PatchRun.finished_at.between(since, until)))
    found: dict[datetime, InferredRun] = {}
    for row in db.session.execute(statement):
        inferred = found.setdefault(row[0].finished_at, InferredRun(row[0]))  # type: ignore[arg-type]
        if row.module is not None:
            inferred.updates[row.module] = row
    return found


def report_before(site_id: UUID, at: datetime) -> datetime | None:
    """When the site's last report before a time came; None where there is none."""
    found: datetime | None = rows(REPORT_BEFORE, site=site_id, at=at)[0].reported_at
    return found


def next_report(site_id: UUID, since: datetime) -> Any | None:
    """The first report of the site from a time on: its id and time; None where there is none yet."""
    found = rows(NEXT_REPORT, site=site_id, since=since)
    return found[0] if found else None
