"""Patch runs of one site as deployments follow from them, and the steps down that its reports showed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from webapp.catalog.versions import is_upgrade
from webapp.insights.queries.services import Service
from webapp.insights.values.runs import Fall, Run
from webapp.kit.db import rows
from webapp.patching.values import ClaimedUpdate

PLACE: Final = """
SELECT s.organization_id, s.repository_id, s.team_id, s.environment,
    EXISTS (SELECT 1 FROM incidents i WHERE i.service_id = s.id) AS has_incidents
FROM sites s WHERE s.id = :site
"""
# A run belongs here by its end. Older ones come along while an incident of theirs is open: a later run may still end it.
RUNS: Final = """
SELECT r.id, r.status, r.trigger, r.environment, r.started_at, coalesce(r.finished_at, r.started_at) AS ended_at, r.evidence, r.evidence_at,
    r.commit_sha, r.deleted_at IS NOT NULL AS is_deleted, d.id AS deployment_id, d.environment AS deployed_to,
    (SELECT json_agg(json_build_array(u.module, u.from_version, u.to_version, u.status) ORDER BY u.module)
     FROM patch_run_updates u WHERE u.patch_run_id = r.id) AS updates,
    d.status AS told_status, d.started_at AS told_started_at, d.finished_at AS told_finished_at, d.commit_sha AS told_commit_sha
FROM patch_runs r LEFT JOIN deployments d ON d.patch_run_id = r.id
WHERE r.site_id = :site
    AND (coalesce(r.finished_at, r.started_at) >= :since
         OR r.id IN (SELECT e.patch_run_id FROM incidents i JOIN deployments e ON e.id = i.deployment_id
                     WHERE i.service_id = :site AND i.source = 'patch_run' AND i.resolved_at IS NULL))
"""
FALLS: Final = """
SELECT m.name AS module, c.from_version, c.to_version, c.at FROM version_changes c JOIN modules m ON m.id = c.module_id
WHERE c.site_id = :site AND c.at >= :since AND c.kind = 'updated' AND c.from_version IS NOT NULL AND c.to_version IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as it is compared, and the deployment that follows from it so far (None: none)."""

    run: Run
    started_at: datetime
    environment: str | None
    commit_sha: str | None
    is_inferred: bool
    is_deleted: bool
    deployment_id: UUID | None
    deployed_to: str | None
    is_told: bool

    @property
    def is_deployment(self) -> bool:
        return self.run.outcome is not None and not self.is_deleted


@dataclass(frozen=True, slots=True)
class Place:
    """A site as what its runs deploy to."""

    service: Service
    environment: str
    has_incidents: bool


def place_of(site_id: UUID) -> Place | None:
    """A site as a service, its environment, and whether anything ever happened there; None where there is no such site."""
    found = rows(PLACE, site=site_id)
    if not found:
        return None
    row = found[0]
    return Place(Service(row.organization_id, site_id, row.repository_id, row.team_id), row.environment, row.has_incidents)


def runs_of_site(site_id: UUID, since: datetime) -> list[RunRow]:
    """The runs of a site that ended since then, and those before whose incident is open."""
    return [_run_row(row) for row in rows(RUNS, site=site_id, since=since)]


def falls_of_site(site_id: UUID, since: datetime) -> list[Fall]:
    """The steps of a site's history since then that went down."""
    return [Fall(row.module, row.from_version, row.to_version, row.at) for row in rows(FALLS, site=site_id, since=since)
            if is_upgrade(row.to_version, row.from_version)]


def _run_row(row: Any) -> RunRow:
    updates = {module: ClaimedUpdate(before, after, status) for module, before, after, status in row.updates or ()}
    run = Run(row.id, row.status, row.ended_at, updates, row.evidence, row.evidence_at)
    told = (row.told_status, row.told_started_at, row.told_finished_at, row.told_commit_sha)
    return RunRow(run, row.started_at, row.environment, row.commit_sha, row.trigger == "inferred", row.is_deleted, row.deployment_id,
                  row.deployed_to, told == (run.outcome, row.started_at, row.ended_at, row.commit_sha))
