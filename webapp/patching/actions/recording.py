"""Recording a patch run that somebody posts, and what the site's reports already say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from webapp.audit.actions import record
from webapp.fleet.actions.announcing import tell_of_site
from webapp.fleet.models import Site
from webapp.kit.db import db, execute
from webapp.kit.errors import Detail, Invalid
from webapp.kit.events import note
from webapp.kit.permissions import Actor, Permission
from webapp.patching import queries
from webapp.patching.actions.deriving import rederive
from webapp.patching.actions.writing import add_updates, decide
from webapp.patching.models import PatchRun
from webapp.patching.values import MOVES, REACH, SKEW, Claim, ClaimedUpdate, Evidence, RunStatus, Sighting, Step, runs_changed

FAILURES = {RunStatus.FAILED: "nothing was changed", RunStatus.ROLLED_BACK: "what was changed was rolled back"}
# Drupal 1.0 is of January 2001: a clock that was never set says 1970.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
RATE = "UPDATE patch_run_updates SET security = true WHERE patch_run_id = :run AND module = ANY (:modules)"


def record_run(actor: Actor, site: Site, body: Mapping[str, Any], at: datetime) -> PatchRun:
    """Notes what was done to a site; `site` must be locked, so that no report comes in between.

    The run is claimed, unless the site's reports have already shown all that it claims and one is from its end on: then
    it is proven at once. What was inferred from those reports becomes this run's. It is never contradicted here: that
    takes a report that comes after.
    """
    actor.require(Permission.PATCH_RUN_RECORD, site.organization_id)
    updates: Sequence[Mapping[str, Any]] = body["updates"]
    _check_times(body, at)
    _check_updates(updates, body["status"])
    values = {name: value for name, value in body.items() if name != "updates"}
    values["environment"] = body.get("environment") or site.environment
    run = PatchRun(organization_id=site.organization_id, site_id=site.id, updates_count=len(updates),
                   security_updates_count=sum(bool(each.get("security")) for each in updates),
                   evidence=Evidence.CLAIMED, created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id,
                   **values)
    db.session.add(run)
    record(actor, "patch_run.recorded", run)
    db.session.flush()
    add_updates(run.id, site.organization_id, updates)
    tell_of_site("patch_run.recorded", site.id, site.organization_id,
                 {"patch_run_id": str(run.id), "status": run.status, "updates": len(updates)}, at)
    if run.status in FAILURES:
        failure = {"site": site.id, "ref": run.id, "label": FAILURES[RunStatus(run.status)]}
        note("patch_run.failed", site.organization_id, [failure], at)
    if run.status in MOVES:
        _merge_and_prove(actor, site, run, updates, at)
    runs_changed.send(actor, site=site, since=run.started_at - SKEW, fell=False, at=at)
    run.site = {"id": site.id, "name": site.name}  # type: ignore[attr-defined]
    return queries.with_updates([run])[0]


def _check_times(body: Mapping[str, Any], at: datetime) -> None:
    started, finished = body["started_at"], body.get("finished_at")
    if started > at + SKEW:
        raise Invalid.at("started_at", "This lies more than five minutes in the future.")
    if started < EARLIEST:
        raise Invalid.at("started_at", "This lies before the year 2000.")
    if finished is not None and finished < started:
        raise Invalid.at("finished_at", "This lies before started_at.")
    if finished is not None and finished > at + SKEW:
        raise Invalid.at("finished_at", "This lies more than five minutes in the future.")


def _check_updates(updates: Sequence[Mapping[str, Any]], status: str) -> None:
    """Only a run that changed nothing may name no modules; none may be named twice."""
    if not updates and status in MOVES:
        raise Invalid.at("updates", "Say what was updated.")
    names: set[str] = set()
    twice: list[Detail] = []
    for number, update in enumerate(updates):
        if update["module"] in names:
            twice.append({"field": f"updates.{number}.module", "message": "This module is named twice."})
        names.add(update["module"])
    if twice:
        raise Invalid("A module is named twice.", twice)


def _merge_and_prove(actor: Actor, site: Site, run: PatchRun, updates: Sequence[Mapping[str, Any]],
                     at: datetime) -> None:
    """Gives the run its steps of the site's history, inferred ones too, and proves it if that is all it claims."""
    modules = {each["module"] for each in updates}
    derived = rederive(actor, site, modules, run.started_at - SKEW, run.started_at + REACH, at)
    mine = [step for step, owner in derived.owners.items() if owner == run.id]
    unsaid = {each["module"] for each in updates if "security" not in each}
    rated = sorted(step.module for step in mine if step.module in derived.security & unsaid)
    if rated:  # the site had announced these as security updates; whoever posted the run did not say
        execute(RATE, run=run.id, modules=rated)
        run.security_updates_count += len(rated)
        db.session.flush()
    _prove(actor, run, updates, mine, at)


def _prove(actor: Actor, run: PatchRun, updates: Sequence[Mapping[str, Any]], steps: Sequence[Step],
           at: datetime) -> None:
    """Proves the run where these steps are all that it claims, and a report from its end on is there."""
    claimed = {each["module"]: ClaimedUpdate(each["from_version"], each["to_version"], each.get("status"))
               for each in updates}
    ended = run.finished_at or run.started_at
    claim = Claim(run.id, run.status, run.started_at, ended, updates=claimed)
    seen = {step.module: Sighting(step.to_version is not None, step.to_version) for step in steps}
    if claim.verdict(seen) != Evidence.PROVEN:
        return
    report = queries.next_report(site_id=run.site_id, since=max(ended, *(step.at for step in steps)))
    if report is not None:
        decide(actor, run.organization_id, {run.id: run.evidence}, Evidence.PROVEN, (report.id, report.reported_at),
               at)
        db.session.refresh(run)
