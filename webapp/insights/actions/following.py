"""Deployments and incidents that follow from the patch runs of a site, worked out anew whenever those change.

They are rows of the same tables as those that are told, known by their run, so that every number and every list is of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from webapp.insights.actions.settling import attribute, follow, incident_of
from webapp.insights.actions.writing import upsert
from webapp.insights.models import Deployment, Incident
from webapp.insights.queries.runs import Place, RunRow, falls_of_site, place_of, runs_of_site
from webapp.insights.queries.services import Service
from webapp.insights.values.runs import Failing, Failure, failures, tier_of
from webapp.kit.cache import touch
from webapp.kit.db import db, execute, rows
from webapp.kit.ids import new_id
from webapp.kit.permissions import Actor
from webapp.patching.values import runs_changed

OF_RUN: Final = "patch_run"
INFERRED: Final = "report_inferred"
LOOKBACK: Final = timedelta(days=180)
"""How long before a change runs are looked at again: as long as reports still speak of a run."""
TITLES: Final = {Failing.FAILED: "A patch run failed", Failing.NOT_ARRIVED: "A patch run did not bring its versions",
                 Failing.FELL_BACK: "What a patch run brought was rolled back"}
COLUMNS: Final = {
    "id": "uuid", "organization_id": "uuid", "site_id": "uuid", "repository_id": "uuid", "service_id": "uuid", "team_id": "uuid",
    "environment": "text", "status": "text", "source": "text", "external_id": "text", "commit_sha": "text", "started_at": "timestamptz",
    "finished_at": "timestamptz", "patch_run_id": "uuid", "created_at": "timestamptz", "updated_at": "timestamptz"}
MOVED: Final = {name: f"new.{name}" for name in ("status", "started_at", "finished_at", "commit_sha")}
"""What may change of a deployment with its run. Where it was and whose stays as it was then."""
Deployed = dict[UUID, tuple[UUID, str]]
"""By run, its deployment and where that was to."""
BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
SITES = "SELECT DISTINCT site_id AS id FROM patch_runs ORDER BY site_id"
GONE = "DELETE FROM deployments WHERE id = ANY(CAST(:ids AS uuid[]))"


@runs_changed.connect
def follow_runs(actor: Actor, site: Any, since: datetime, fell: bool, at: datetime) -> None:
    """Makes the deployments and incidents of a site agree with its runs since a time; doing it twice changes nothing."""
    place = place_of(site.id)
    if place is None:
        return
    begin = since - LOOKBACK
    found = runs_of_site(site.id, begin)
    deployed = _deploy(place, found, at)
    failed = _failures(site.id, found, deployed, begin, fell or place.has_incidents)
    if failed or place.has_incidents:
        _open(actor, place.service, failed, deployed, begin, at)
    touch(f"org:{place.service.organization_id}")


def follow_all(actor: Actor, at: datetime) -> int:
    """Reads the runs of all sites as deployments, from the beginning; how many sites were looked at. Done twice, it changes nothing."""
    sites = rows(SITES)
    for site in sites:
        follow_runs(actor, site, BEGINNING, True, at)
        db.session.expunge_all()
    return len(sites)


def _deploy(place: Place, found: Sequence[RunRow], at: datetime) -> Deployed:
    """Writes a deployment for each run that changed something, and takes away those that follow no longer; by run, its id and where."""
    gone = [row.deployment_id for row in found if row.deployment_id and not row.is_deployment]
    if gone:
        execute(GONE, ids=gone)
    deployed = {row.run.id: (row.deployment_id, row.deployed_to or "") for row in found if row.deployment_id and row.is_deployment}
    news = [_told(place, row, at) for row in found if row.is_deployment and not row.is_told]
    if news:
        written = upsert("deployments", COLUMNS, ("organization_id", "source", "external_id"), MOVED, news)
        ids = {row.external_id: row.id for row in written}
        for each in news:
            deployed.setdefault(each["patch_run_id"], (ids[each["external_id"]], each["environment"]))
    return deployed


def _told(place: Place, row: RunRow, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), **place.service.columns, "environment": tier_of(row.environment, place.environment), "status": row.run.outcome,
        "source": INFERRED if row.is_inferred else OF_RUN, "external_id": str(row.run.id), "commit_sha": row.commit_sha,
        "started_at": row.started_at, "finished_at": row.run.ended_at, "patch_run_id": row.run.id, "created_at": at, "updated_at": at}


def _failures(site_id: UUID, found: Sequence[RunRow], deployed: Deployed, since: datetime, with_falls: bool) -> list[Failure]:
    """The failed runs among those to production; steps down are looked up only where there is reason to."""
    runs = [row.run for row in found if row.run.id in deployed and deployed[row.run.id][1] == "production"]
    return failures(runs, falls_of_site(site_id, since) if with_falls else ())


def _open(actor: Actor, service: Service, failed: Sequence[Failure], deployed: Deployed, since: datetime, at: datetime) -> None:
    """Makes the site's incidents of runs be these; those of runs that were not looked at stay."""
    wanted: dict[str, dict[str, Any]] = {}
    for each in failed:
        row = _Shown(service, each.opened_at, each.resolved_at)
        wanted[f"{each.run.id}:{each.how}"] = incident_of(row, deployed[each.run.id][0], TITLES[each.how])
    older = select(Incident).join(Deployment, Deployment.id == Incident.deployment_id).where(
        Incident.service_id == service.id, Incident.source == OF_RUN, Deployment.finished_at < since)
    for incident in db.session.scalars(older):
        wanted.setdefault(incident.external_id, incident_of(incident, incident.deployment_id or service.id, incident.title))
    follow(actor, service.organization_id, [service.id], OF_RUN, wanted, at)
    attribute(service.organization_id, [service.id])


class _Shown:
    """Where and when an incident is, as the row of a query has it."""

    def __init__(self, service: Service, opened_at: datetime, resolved_at: datetime | None) -> None:
        for name, value in service.columns.items():
            setattr(self, name, value)
        self.opened_at, self.resolved_at = opened_at, resolved_at
