"""Making the inferred runs of a site agree with its history, after a run was posted late or a report came late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from webapp.audit.actions import change, record
from webapp.kit.clock import stamp
from webapp.kit.db import db, execute
from webapp.kit.permissions import Actor
from webapp.patching import queries
from webapp.patching.actions.writing import add_updates, as_update, infer, link
from webapp.patching.models import PatchRun
from webapp.patching.queries import InferredRun
from webapp.patching.values import REACH, Step, assign

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
DROP = "DELETE FROM patch_run_updates WHERE patch_run_id = :run AND module = ANY (CAST(:modules AS text[]))"


@dataclass(frozen=True, slots=True)
class Derived:
    """What came of it: posted runs by their steps, inferred ones by the time of their report, and security updates."""

    owners: dict[Step, UUID]
    inferred: dict[datetime, UUID]
    security: frozenset[str]


def rederive(actor: Actor, site: Any, modules: Collection[str], since: datetime, until: datetime | None, at: datetime,
             security: Collection[str] = ()) -> Derived:
    """Finds the run of each step of these modules between two times anew; doing it twice changes nothing.

    A step belongs to a posted run that accounts for it; a step up that none does, to the inferred run of its report.
    Inferred runs lose the steps that are no longer history, or somebody's by now, and go when they have none left.
    Steps up to REACH before `since` are looked at, as a run accounts for a module once, but not changed.
    """
    until = until or FOREVER
    steps = queries.steps_between(site.id, modules, since - REACH, until)
    owners = assign(steps, queries.posted_claims(site.id, modules, since - REACH, until))
    steps = [step for step in steps if step.at >= since]
    wanted: dict[datetime, dict[str, Step]] = defaultdict(dict)
    for step in steps:
        if step.is_up and step not in owners:
            wanted[step.at][step.module] = step
    known = queries.inferred_runs(site.id, modules, since, until)
    rated = set(security) | {name for inferred in known.values() for name, update in inferred.updates.items()
                             if update.security}
    runs: dict[datetime, UUID] = {}
    for moment in sorted(known.keys() | wanted.keys()):
        run_id = _settle(actor, site, known.get(moment), wanted.get(moment, {}), rated, at)
        if run_id is not None:
            runs[moment] = run_id
    all_owners = {step: owners.get(step) or (runs[step.at] if step.is_up else None) for step in steps}
    link(site.id, all_owners)
    return Derived({step: owner for step, owner in owners.items() if step.at >= since}, runs, frozenset(rated))


def _settle(actor: Actor, site: Any, known: InferredRun | None, wanted: dict[str, Step], security: Collection[str],
            at: datetime) -> UUID | None:
    """Makes the inferred run of one report have the wanted steps, of the modules looked at; None when none are left."""
    if known is None:
        return infer(actor, site, list(wanted.values()), security, at)
    run = known.run
    now_there = {name: (update.from_version, update.to_version) for name, update in known.updates.items()}
    right = {name: (step.from_version, step.to_version) for name, step in wanted.items()}
    dropped = [name for name, versions in now_there.items() if right.get(name) != versions]
    added = [wanted[name] for name, versions in right.items() if now_there.get(name) != versions]
    if not (dropped or added):
        return run.id
    execute(DROP, run=run.id, modules=dropped)
    if len(dropped) == run.updates_count and not added:
        _withdraw(actor, run)
        return None
    add_updates(run.id, run.organization_id, [as_update(step, security) for step in added])
    rated = sum(step.module in security for step in added) - sum(known.updates[name].security for name in dropped)
    change(actor, "patch_run.corrected", run, {"updates_count": run.updates_count - len(dropped) + len(added),
                                               "security_updates_count": run.security_updates_count + rated}, at)
    return run.id


def _withdraw(actor: Actor, run: PatchRun) -> None:
    """Takes an inferred run away for good: nobody has said it, and nothing shows it any more."""
    record(actor, "patch_run.withdrawn", run, changes={"trigger": [run.trigger, None],
                                                       "finished_at": [stamp(run.finished_at), None]})
    db.session.delete(run)
    db.session.flush()
