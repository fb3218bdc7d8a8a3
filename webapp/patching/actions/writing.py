"""The statements that write patch runs, each once for any number of modules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.audit.actions import record
from webapp.fleet.actions.announcing import tell_of_site
from webapp.fleet.models import Site
from webapp.kit.db import db, execute, rows
from webapp.kit.events import note
from webapp.kit.permissions import Actor
from webapp.patching import queries
from webapp.patching.models import PatchRun
from webapp.patching.values import Evidence, RunStatus, Step, Trigger

ADD_UPDATES = """
INSERT INTO patch_run_updates (patch_run_id, organization_id, module, from_version, to_version, security, status)
SELECT :run, :organization, * FROM unnest(CAST(:modules AS text[]), CAST(:before AS text[]), CAST(:after AS text[]),
    CAST(:security AS boolean[]), CAST(:statuses AS text[]))
"""
# `at` is compared with constants too, so that only the partitions of those months are opened.
LINK = """
UPDATE version_changes c SET patch_run_id = v.run
FROM unnest(CAST(:times AS timestamptz[]), CAST(:modules AS bigint[]), CAST(:runs AS uuid[])) AS v (at, module_id, run)
WHERE c.site_id = :site AND c.at BETWEEN :since AND :until AND c.at = v.at AND c.module_id = v.module_id
    AND c.patch_run_id IS DISTINCT FROM v.run
"""
DECIDE = """
UPDATE patch_runs SET evidence = :evidence, evidence_at = :reported_at, evidence_report_id = :report, updated_at = :at,
    updated_by = :by
WHERE id = ANY (CAST(:runs AS uuid[])) RETURNING id, site_id
"""


def add_updates(run_id: UUID, organization_id: UUID, updates: Sequence[Mapping[str, Any]]) -> None:
    """Gives a run its modules."""
    if updates:
        execute(ADD_UPDATES, run=run_id, organization=organization_id, modules=[each["module"] for each in updates],
                before=[each["from_version"] for each in updates], after=[each["to_version"] for each in updates],
                security=[bool(each.get("security")) for each in updates],
                statuses=[each.get("status") for each in updates])


def link(site_id: UUID, owners: Mapping[Step, UUID | None]) -> None:
    """Says in the site's history which run each step belongs to; None for none."""
    if owners:
        times = [step.at for step in owners]
        execute(LINK, site=site_id, since=min(times), until=max(times), times=times,
                modules=[step.module_id for step in owners], runs=list(owners.values()))


def infer(actor: Actor, site: Any, steps: Sequence[Step], security: Collection[str], at: datetime,
          before: datetime | None = None) -> UUID:
    """Makes a run of the steps that one report showed and nobody posted, between that report and the one before it.

    `site` needs its `id` and `organization_id` only. `before` is when that other report came; None has it looked up.
    """
    shown_at, report_id = steps[0].at, steps[0].report_id
    updates = [as_update(step, security) for step in steps]
    run = PatchRun(
        organization_id=site.organization_id, site_id=site.id,
        started_at=before or queries.report_before(site.id, shown_at) or shown_at,
        finished_at=shown_at, status=RunStatus.SUCCESS, trigger=Trigger.INFERRED,
        environment=select(Site.environment).where(Site.id == site.id).scalar_subquery(), updates_count=len(updates),
        security_updates_count=sum(each["security"] for each in updates), evidence=Evidence.PROVEN,
        evidence_at=shown_at, evidence_report_id=report_id, created_at=at, created_by=actor.id, updated_at=at,
        updated_by=actor.id)
    db.session.add(run)
    record(actor, "patch_run.inferred", run, changes={"updates": [None, sorted(each["module"] for each in updates)]})
    db.session.flush()
    add_updates(run.id, site.organization_id, updates)
    tell_of_site("patch_run.inferred", site.id, site.organization_id, {"patch_run_id": str(run.id), "updates": len(updates)}, at)
    return run.id


def as_update(step: Step, security: Collection[str]) -> dict[str, Any]:
    """A step as a module of a run; `security` are the modules whose update is a security update."""
    return {"module": step.module, "from_version": step.from_version, "to_version": step.to_version,
            "security": step.module in security}


def decide(actor: Actor, organization_id: UUID, before: Mapping[UUID, str], evidence: Evidence,
           report: tuple[UUID, datetime], at: datetime) -> None:
    """Notes what a report (its id and time) makes of runs, whose evidence so far is `before`."""
    if not before:
        return
    decided = rows(DECIDE, evidence=evidence, reported_at=report[1], report=report[0], at=at, by=actor.id, runs=list(before))
    for run in decided:
        tell_of_site(f"patch_run.{evidence}", run.site_id, organization_id, {"patch_run_id": str(run.id)}, at)
    if evidence is Evidence.CONTRADICTED:
        note("patch_run.contradicted", organization_id, [{"site": run.site_id, "ref": run.id} for run in decided], at)
    for run_id, evidence_before in before.items():
        record(actor, f"patch_run.{evidence}", "PatchRun", resource_id=run_id, organization_id=organization_id,
               changes={"evidence": [evidence_before, evidence], "evidence_report_id": [None, str(report[0])]})
    db.session.flush()
