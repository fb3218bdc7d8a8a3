"""What a report says of patch runs: which it proves or contradicts, and which it shows that nobody has posted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.audit.actions import record
from webapp.catalog.versions import is_upgrade
from webapp.fleet.values import ChangeSet
from webapp.kit.clock import stamp
from webapp.kit.db import rows
from webapp.kit.permissions import Actor
from webapp.patching import queries
from webapp.patching.actions.deriving import rederive
from webapp.patching.actions.writing import decide, infer, link
from webapp.patching.values import MOVES, Claim, Evidence, Sighting, Step, assign, runs_changed

# A report that comes late shows that an inferred run after it did not begin before it.
NARROW = """
UPDATE patch_runs r SET started_at = :reported_at, updated_at = :at, updated_by = :by
FROM (SELECT id, started_at FROM patch_runs WHERE site_id = :site AND trigger = 'inferred' AND started_at < :reported_at
    AND finished_at > :reported_at FOR UPDATE) old
WHERE r.id = old.id RETURNING r.id, old.started_at
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A report as runs are judged by it: when it came, from where it speaks, its steps, and what it lists by module."""

    actor: Actor
    site: Any
    report_id: UUID
    reported_at: datetime
    at: datetime
    steps: list[Step]
    observed: Mapping[str, str | None]
    whole: bool
    is_newest: bool
    security: Collection[str]
    before: datetime | None = None

    def of(self, claim: Claim) -> dict[str, Sighting]:
        """What is known of a claim's modules after the report.

        What the newest report leaves open, an earlier one may have shown since the run began. A module counts as gone
        when the report removed it, or speaks of all and leaves it out, and it is not on the site either.
        """
        removed = {step.module for step in self.steps if step.to_version is None}
        known: dict[str, Sighting] = {}
        for name in claim.updates:
            before = claim.shown.get(name) if self.is_newest else None
            if name in removed:
                known[name] = Sighting(False)
            elif self.observed.get(name) is not None:
                known[name] = Sighting(True, self.observed[name])
            elif before is not None and (before.is_present or self.whole):
                known[name] = before
            elif name in self.observed:
                known[name] = Sighting(True)
        return known


def explain(actor: Actor, site: Any, change_set: ChangeSet, report_id: UUID, reported_at: datetime,
            observed: Mapping[str, str | None] | None, at: datetime, *, whole: bool = False,
            security_modules: Collection[str] = (), before: datetime | None = None) -> UUID | None:
    """Decides on the posted runs of a site by a report just recorded; infers a run where versions rose without one.

    To be called in the report's transaction, with the site locked; of `site` only `id` and `organization_id` are read.
    `observed` is what the report lists, by module; `whole` says that what it does not list is gone. `security_modules`
    are those for which the site had announced a security update, `before` is when its newest report before this one came,
    where that is known. Gives the run that the report proves or shows, a
    posted one before an inferred one; None where there is none.

    A run is decided on by reports from its end on; one that ended later, or began more than MEMORY before, stays as it
    is. Downgrades make no run. A report that is not the site's newest proves runs that are still open and contradicts
    none, since newer ones may have seen the versions arrive; what it changes in history is inferred anew.
    """
    steps = [Step(each.module_id, each.module, each.from_version, each.to_version, reported_at, report_id)
             for each in change_set.changes]
    claims = queries.open_claims(site.id, reported_at)
    shown = Shown(actor, site, report_id, reported_at, at, steps, observed or {}, whole, change_set.is_newest,
                  security_modules, before)
    fell = any(is_upgrade(step.to_version, step.from_version) for step in steps)
    if not (claims or fell or any(step.is_up for step in steps)) and change_set.is_newest:
        return None
    run_id = _explain_newest(shown, claims) if change_set.is_newest else _explain_late(shown, claims)
    runs_changed.send(actor, site=site, since=min([reported_at, *(claim.ended_at for claim in claims)]), fell=fell, at=at)
    return run_id


def _explain_newest(shown: Shown, claims: list[Claim]) -> UUID | None:
    open_claims = [claim for claim in claims if claim.evidence == Evidence.CLAIMED]
    owners = assign(shown.steps, open_claims)
    verdicts = {claim.run_id: claim.verdict(shown.of(claim)) for claim in open_claims
                if claim.ended_at <= shown.reported_at}
    for claim in claims:
        arrived = _arrived_late(shown, claim, owners)
        if arrived:
            owners |= arrived
            verdicts[claim.run_id] = Evidence.PROVEN
    _decide(shown, claims, verdicts)
    ups = [step for step in shown.steps if step.is_up and step not in owners]
    inferred = infer(shown.actor, shown.site, ups, shown.security, shown.at, shown.before) if ups else None
    link(shown.site.id, {**owners, **dict.fromkeys(ups, inferred)})
    return _proven(claims, verdicts, owners.values()) or inferred


def _explain_late(shown: Shown, claims: list[Claim]) -> UUID | None:
    """What a report says that is not the newest: it only proves, and history is read again from its time on."""
    judged = {claim.run_id: claim.verdict(shown.of(claim)) for claim in claims
              if claim.evidence == Evidence.CLAIMED and claim.ended_at <= shown.reported_at}
    proven = {run_id: verdict for run_id, verdict in judged.items() if verdict == Evidence.PROVEN}
    _decide(shown, claims, proven)
    for row in rows(NARROW, site=shown.site.id, reported_at=shown.reported_at, at=shown.at, by=shown.actor.id):
        record(shown.actor, "patch_run.corrected", "PatchRun", resource_id=row.id,
               organization_id=shown.site.organization_id,
               changes={"started_at": [stamp(row.started_at), stamp(shown.reported_at)]})
    if not shown.steps:
        return _proven(claims, proven, ())
    modules = {step.module for step in shown.steps}
    derived = rederive(shown.actor, shown.site, modules, shown.reported_at, None, shown.at, shown.security)
    return _proven(claims, proven, derived.owners.values()) or derived.inferred.get(shown.reported_at)


def _arrived_late(shown: Shown, claim: Claim, owners: Mapping[Step, UUID]) -> dict[Step, UUID]:
    """The steps of a contradicted run that have come after all, where no other run accounts for them.

    A run may be posted before it ends, and a site may report from a cache: the contradiction was early then.
    """
    contradicted = claim.evidence == Evidence.CONTRADICTED and claim.status in MOVES
    if not contradicted or claim.evidence_at is None or claim.evidence_at >= shown.reported_at:
        return {}
    if claim.ended_at > shown.reported_at or claim.verdict(shown.of(claim)) != Evidence.PROVEN:
        return {}
    left = (step for step in shown.steps if step not in owners)
    return assign(left, [replace(claim, evidence=Evidence.CLAIMED, evidence_at=None)])


def _decide(shown: Shown, claims: list[Claim], verdicts: Mapping[UUID, Evidence | None]) -> None:
    report = (shown.report_id, shown.reported_at)
    for evidence in (Evidence.PROVEN, Evidence.CONTRADICTED):
        before = {claim.run_id: claim.evidence for claim in claims if verdicts.get(claim.run_id) == evidence}
        decide(shown.actor, shown.site.organization_id, before, evidence, report, shown.at)


def _proven(claims: Iterable[Claim], verdicts: Mapping[UUID, Evidence | None], owners: Collection[UUID]) -> UUID | None:
    """The proven run to name: one that explains a step of this report, then the one begun last."""
    proven = [claim for claim in claims if verdicts.get(claim.run_id) == Evidence.PROVEN]
    return max(proven, key=lambda claim: (claim.run_id in owners, claim.started_at)).run_id if proven else None
