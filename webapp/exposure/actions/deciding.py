"""What people decide about a finding: that its risk is accepted, or that it is none; always with a reason and an end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.models import Organization
from webapp.audit.actions import record
from webapp.exposure.actions.telling import tell_of_decisions
from webapp.exposure.actions.writing import recount_sites
from webapp.exposure.models import Exposure, RiskDecision
from webapp.exposure.queries.findings import find_exposures, get_decision, get_exposures
from webapp.exposure.values import State, exposures_settled
from webapp.kit.clock import stamp
from webapp.kit.db import db, execute, rows
from webapp.kit.errors import Conflict, Invalid, PermissionDenied
from webapp.kit.permissions import Actor, Permission

MOST_AT_ONCE = 1000
STANDING = """
SELECT id FROM risk_decisions WHERE advisory_id = ANY(CAST(:ids AS bigint[])) AND ended_at IS NULL FOR UPDATE
"""
EXPIRED = "SELECT id FROM risk_decisions WHERE ended_at IS NULL AND expires_at <= :at FOR UPDATE SKIP LOCKED"
# The narrower decision is in force: a site's own before that of its organization.
APPLY = """
UPDATE exposures e SET decision_id = d.id, updated_at = :at
FROM (SELECT x.id AS exposure_id, (SELECT r.id FROM risk_decisions r
        WHERE r.organization_id = x.organization_id AND r.advisory_id = x.advisory_id AND r.ended_at IS NULL AND r.approved_at IS NOT NULL
        AND (r.site_id = x.site_id OR r.site_id IS NULL) ORDER BY r.site_id NULLS LAST LIMIT 1) AS id
      FROM exposures x WHERE x.organization_id = ANY(CAST(:organizations AS uuid[])) AND x.advisory_id = ANY(CAST(:advisories AS bigint[]))
     ) d
WHERE e.id = d.exposure_id AND e.decision_id IS DISTINCT FROM d.id
RETURNING e.site_id, e.organization_id, e.advisory_id
"""


def decide(actor: Actor, exposures: Sequence[Exposure], body: Mapping[str, Any], at: datetime) -> list[RiskDecision]:
    """Decides about these open findings: for each site, or once for the organization (`scope`).

    `kind` is accepted or false_positive. Where the organization asks for a second person the decision waits for another's
    approval, and until then the findings stay open. What was decided before about the same is replaced.
    """
    if body["expires_at"] <= at:
        raise Invalid.at("expires_at", "This lies in the past.")
    for each in exposures:
        actor.require(Permission.EXPOSURE_DECIDE, each.organization_id)
        if each.ended_at is not None:
            raise Conflict("This exposure is over: a report has shown that it is fixed.")
    wide = body.get("scope") == "organization"
    wanted = {(each.organization_id, each.advisory_id, None if wide else each.site_id) for each in exposures}
    waits = _asks_for_two({organization for organization, _, _ in wanted})
    made = []
    for organization_id, advisory_id, site_id in sorted(wanted, key=str):
        _replace(actor, organization_id, advisory_id, site_id, at)
        approved = None if organization_id in waits else at
        decision = RiskDecision(
            organization_id=organization_id, advisory_id=advisory_id, site_id=site_id, kind=body.get("kind", "accepted"),
            reason=body["reason"], expires_at=body["expires_at"], created_at=at, created_by=actor.id, approved_at=approved,
            approved_by=actor.id if approved else None)
        db.session.add(decision)
        db.session.flush()
        record(actor, "exposure.accepted" if approved else "exposure.acceptance_proposed", decision,
               organization_id=organization_id, changes=_told(decision))
        made.append(decision)
    _apply(actor, made, at)
    return [get_decision(actor, decision.id) for decision in made]


def decide_many(actor: Actor, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Decides about the open findings that `ids` or `filter` name; with `dry_run` only tells which they are."""
    ids = body.get("ids")
    if ids is None:
        listing = find_exposures(actor, {**body["filter"], "state": [State.OPEN.value]}, at)
        ids = [row["id"] for row in listing.fetch(listing.statement.limit(MOST_AT_ONCE + 1))]
        if len(ids) > MOST_AT_ONCE:
            raise Invalid.at("filter", f"More than {MOST_AT_ONCE} findings match. Narrow it.")
    exposures = get_exposures(actor, ids)
    for each in exposures:
        actor.require(Permission.EXPOSURE_DECIDE, each.organization_id)
    told = {"dry_run": body["dry_run"], "matched": len(exposures), "exposures": [each.id for each in exposures]}
    return {**told, "decisions": [] if body["dry_run"] or not exposures else decide(actor, exposures, body, at)}


def approve(actor: Actor, decision: RiskDecision, at: datetime) -> RiskDecision:
    """Puts a proposed decision in force; only somebody else than who proposed it can (Conflict)."""
    actor.require(Permission.EXPOSURE_APPROVE, decision.organization_id)
    if decision.ended_at is not None or decision.approved_at is not None:
        raise Conflict("This decision does not wait for an approval.")
    if not actor.is_person or decision.created_by == actor.id:
        raise PermissionDenied("A second person has to approve this.")
    decision.approved_at, decision.approved_by = at, actor.id
    record(actor, "exposure.acceptance_approved", decision, organization_id=decision.organization_id)
    db.session.flush()
    _apply(actor, [decision], at)
    return get_decision(actor, decision.id)


def end_decision(actor: Actor, decision: RiskDecision, at: datetime) -> RiskDecision:
    """Takes a decision back, or refuses a proposed one; the findings are open again."""
    actor.require(Permission.EXPOSURE_DECIDE, decision.organization_id)
    if decision.ended_at is not None:
        raise Conflict("This decision has ended already.")
    _end(actor, decision, "refused" if decision.approved_at is None else "revoked", at)
    _apply(actor, [decision], at)
    return get_decision(actor, decision.id)


def end_decisions(actor: Actor, advisories: Collection[int], reason: str, at: datetime) -> int:
    """Ends all decisions about these advisories, and tells how many."""
    return _end_all(actor, [row.id for row in rows(STANDING, ids=list(advisories))], reason, at)


def expire_decisions(actor: Actor, at: datetime) -> int:
    """Ends the decisions whose time is up, and tells how many."""
    return _end_all(actor, [row.id for row in rows(EXPIRED, at=at)], "expired", at)


def _end_all(actor: Actor, ids: Sequence[UUID], reason: str, at: datetime) -> int:
    ended = list(db.session.scalars(select(RiskDecision).where(RiskDecision.id.in_(ids)))) if ids else []
    for decision in ended:
        _end(actor, decision, reason, at)
    _apply(actor, ended, at)
    return len(ended)


def _end(actor: Actor, decision: RiskDecision, reason: str, at: datetime) -> None:
    decision.ended_at, decision.ended_by, decision.ended_reason = at, actor.id, reason
    record(actor, f"exposure.acceptance_{reason}", decision, organization_id=decision.organization_id)
    db.session.flush()


def _replace(actor: Actor, organization_id: UUID, advisory_id: int, site_id: UUID | None, at: datetime) -> None:
    """Ends what stands about just the same; decisions of one organization about one advisory wait for each other."""
    execute("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))", key=f"decision {organization_id} {advisory_id}")
    same = select(RiskDecision).where(RiskDecision.organization_id == organization_id, RiskDecision.advisory_id == advisory_id,
                                      RiskDecision.site_id.is_(None) if site_id is None else RiskDecision.site_id == site_id,
                                      RiskDecision.ended_at.is_(None))
    for decision in db.session.scalars(same):
        _end(actor, decision, "replaced", at)


def _apply(actor: Actor, decisions: Sequence[RiskDecision], at: datetime) -> None:
    """Makes the findings follow the decisions in force, and their sites the findings; tells of both."""
    if decisions:
        touched = rows(APPLY, organizations=list({each.organization_id for each in decisions}),
                       advisories=list({each.advisory_id for each in decisions}), at=at)
        recount_sites({row.site_id for row in touched})
        if touched:
            exposures_settled.send(actor, found=[(row.site_id, row.organization_id, row.advisory_id) for row in touched], at=at)
        by_place: dict[UUID, set[UUID]] = defaultdict(set)
        for row in touched:
            by_place[row.organization_id].add(row.site_id)
        tell_of_decisions(decisions, by_place, at)


def _asks_for_two(organizations: Collection[UUID]) -> set[UUID]:
    found = db.session.execute(select(Organization.id, Organization.settings).where(Organization.id.in_(organizations)))
    return {organization_id for organization_id, settings in found if settings.get("require_second_approver")}


def _told(decision: RiskDecision) -> dict[str, list[Any]]:
    told = {"kind": decision.kind, "reason": decision.reason, "expires_at": stamp(decision.expires_at), "advisory_id": decision.advisory_id,
            "site_id": str(decision.site_id) if decision.site_id else None}
    return {name: [None, value] for name, value in told.items()}
