"""Were deadlines kept: findings by what became of their deadline, who decided otherwise, and what nobody can say.

A finding belongs to the period in which it was fixed; what was still open at the period's end belongs to it as it stood then. Only
code that may run has deadlines. `percentage` is of what is judged: met, missed, and open past the deadline, so that leaving a hole
open does not make the figure better. What a decision had lifted before its deadline passed is neither met nor missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import String, and_, case, cast, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from webapp.accounts.models import User
from webapp.catalog.models import Advisory
from webapp.exposure.models import Exposure, RiskDecision
from webapp.exposure.policy import visible_decisions
from webapp.exposure.queries import find_exposures
from webapp.exposure.queries.lens import Lens, in_force
from webapp.fleet.models import Site
from webapp.fleet.queries import count_lists, find_sites, in_team
from webapp.kit.db import db
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.reports.values import SEVERITIES

OUTCOMES: Final = ("met", "missed", "overdue", "open", "waived", "accepted", "false_positive")
"""Fixed in time, fixed late, open past the deadline, open within it, fixed late but decided about before, and decided about."""
COUNTED = ("outcome", "severity", "organization_id", "organization_name", "team_id", "team_name", "fixed_at", "verified")
WHOLE, BY_SEVERITY, BY_ORGANIZATION, BY_TEAM, BY_MONTH = 15, 7, 11, 13, 14
"""What PostgreSQL's grouping() says of each set: a bit for each column that is not in it."""
MOST_DECISIONS = 500
SITES: Final[Mapping[str, dict[str, Any]]] = {
    "sites": {}, "silent": {"status": ["silent"]}, "never_reported": {"reported": False}}


def compliance(actor: Actor, asked: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The whole document but its rows: totals, by severity, organization, team and month, decisions, and sites that say nothing."""
    found = find_judged(actor, asked, at).only(*COUNTED)
    fixed = found.c.fixed_at.is_not(None)
    month = case((fixed, func.left(cast(func.date_trunc("month", func.timezone("UTC", found.c.fixed_at)), String), 7)))
    every = select(*found.c, month.label("month")).subquery()
    by_set: dict[int, list[Any]] = {WHOLE: [], BY_SEVERITY: [], BY_ORGANIZATION: [], BY_TEAM: [], BY_MONTH: []}
    for row in db.session.execute(_grouped(every)):
        by_set[row.part].append(row)
    severities = {row.severity: row for row in by_set[BY_SEVERITY]}
    decisions, count = _decisions(actor, asked, at)
    where = {name: asked[name] for name in ("organization_id", "team_id") if name in asked}
    sites = count_lists({name: find_sites(actor, {**where, **wanted}, at) for name, wanted in SITES.items()})
    return {
        "totals": {**_numbers(by_set[WHOLE][0]), "decisions": count, **sites},
        "by_severity": [_numbers(severities[name], severity=name) for name in SEVERITIES if name in severities],
        "by_organization": [_numbers(row, organization={"id": row.organization_id, "name": row.organization_name})
                            for row in _worst_first(by_set[BY_ORGANIZATION], "organization_name")],
        "by_team": [_numbers(row, team={"id": row.team_id, "name": row.team_name} if row.team_id else None)
                    for row in _worst_first(by_set[BY_TEAM], "team_name")],
        "by_month": [_numbers(row, month=row.month) for row in sorted(by_set[BY_MONTH], key=lambda row: row.month or "") if row.month],
        "decisions": decisions,
    }


def find_judged(actor: Actor, asked: Mapping[str, Any], at: datetime) -> Listing:
    """The findings of the period, each with its `outcome` and what was decided about it, by whom."""
    narrowed = {name: value for name, value in asked.items() if name not in ("since", "until")}
    narrowed |= {"runs": True, **({"as_of": asked["until"]} if "until" in asked else {})}
    listing = find_exposures(actor, narrowed, at)
    lens = Lens.of(narrowed, at)
    if "since" in asked:
        listing.statement = listing.statement.where(or_(lens.ended.is_(None), lens.ended >= asked["since"]))
    proposer, approver = aliased(User), aliased(User)
    listing.statement = (
        listing.statement.outerjoin(proposer, proposer.id == RiskDecision.created_by)
        .outerjoin(approver, approver.id == RiskDecision.approved_by)
        .add_columns(_outcome(lens).label("outcome"), RiskDecision.kind.label("decision_kind"), proposer.email.label("decided_by"),
                     approver.email.label("approved_by_name"), RiskDecision.approved_at.label("decided_at")))
    return listing


def _outcome(lens: Lens) -> Any:
    other = aliased(RiskDecision)
    waived = exists(select(other.id).where(
        *in_force(other, Exposure.due_at), or_(other.site_id == Exposure.site_id, other.site_id.is_(None))).correlate(Exposure))
    ended = lens.ended
    return case((and_(ended.is_(None), RiskDecision.kind.is_not(None)), RiskDecision.kind),
                (and_(ended.is_not(None), ended <= Exposure.due_at), literal("met")),
                (and_(ended.is_not(None), waived), literal("waived")), (ended.is_not(None), literal("missed")),
                (Exposure.due_at < lens.at, literal("overdue")), else_=literal("open"))


def _grouped(found: Any) -> Any:
    columns: list[Any] = [func.count().filter(found.c.outcome == name).label(name) for name in OUTCOMES]
    unheard = or_(found.c.outcome == "open", found.c.outcome == "overdue") & ~found.c.verified
    columns += [func.count().label("findings"), func.count().filter(unheard).label("unverified")]
    keys = (found.c.severity, found.c.organization_id, found.c.team_id, found.c.month)
    columns += [func.grouping(*keys).label("part"), *keys, func.max(found.c.organization_name).label("organization_name"),
                func.max(found.c.team_name).label("team_name")]
    return select(*columns).group_by(func.grouping_sets(
        tuple_(), tuple_(keys[0]), tuple_(keys[1]), tuple_(keys[2]), tuple_(keys[3])))


def _numbers(row: Any, **more: Any) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in ("findings", *OUTCOMES, "unverified")}
    judged = row.met + row.missed + row.overdue
    return {**more, **found, "percentage": round(100 * row.met / judged, 2) if judged else None}


def _worst_first(found: list[Any], name: str) -> list[Any]:
    return sorted(found, key=lambda row: (-(row.overdue + row.missed), (getattr(row, name) or "\uffff").lower()))


def _decisions(actor: Actor, asked: Mapping[str, Any], at: datetime) -> tuple[list[dict[str, Any]], int]:
    """The decisions that were in force at any time of the period, newest first (MOST_DECISIONS of them), and how many there are."""
    until = min(asked.get("until", at), at)
    proposer, approver = aliased(User), aliased(User)
    statement = (
        visible_decisions(actor).join(Advisory, Advisory.id == RiskDecision.advisory_id).outerjoin(Site, Site.id == RiskDecision.site_id)
        .outerjoin(proposer, proposer.id == RiskDecision.created_by).outerjoin(approver, approver.id == RiskDecision.approved_by)
        .where(RiskDecision.approved_at < until))
    if "since" in asked:
        statement = statement.where(or_(RiskDecision.ended_at.is_(None), RiskDecision.ended_at >= asked["since"]))
    for name, wanted in (("organization_id", RiskDecision.organization_id), ("site_id", RiskDecision.site_id)):
        if name in asked:
            statement = statement.where(or_(wanted == asked[name], wanted.is_(None)))
    if "team_id" in asked:
        statement = statement.where(or_(RiskDecision.site_id.is_(None), in_team(asked["team_id"])))
    if "severity" in asked:
        statement = statement.where(Advisory.severity.in_(asked["severity"]))
    count = int(db.session.scalar(select(func.count()).select_from(statement.with_only_columns(RiskDecision.id).subquery())) or 0)
    shown = statement.with_only_columns(
        RiskDecision.id, Advisory.name.label("advisory"), RiskDecision.kind, Site.name.label("site"), RiskDecision.reason,
        RiskDecision.created_at.label("proposed_at"), proposer.email.label("proposed_by"), RiskDecision.approved_at,
        approver.email.label("approved_by"), RiskDecision.expires_at, RiskDecision.ended_at, RiskDecision.ended_reason)
    newest = db.session.execute(shown.order_by(RiskDecision.approved_at.desc(), RiskDecision.id).limit(MOST_DECISIONS))
    return [dict(row._mapping) for row in newest], count


def count_judged(actor: Actor, asked: Mapping[str, Any], at: datetime) -> int:
    """How many rows `stream_judged` has."""
    return find_judged(actor, asked, at).count()


def stream_judged(actor: Actor, asked: Mapping[str, Any], at: datetime) -> Iterator[dict[str, Any]]:
    """The findings of the period, in portions: what is open first, by deadline."""
    for row in find_judged(actor, asked, at).stream():
        end = row["fixed_at"] or min(asked.get("until", at), at)
        late = None if row["due_at"] is None else max((end - row["due_at"]).total_seconds() / 3600, 0.0)
        yield {**row, "organization": row["organization_name"], "team": row["team_name"], "site": row["site_name"],
               "site_id": str(row["site_id"]), "hours_late": None if late is None else round(late, 2), "decision": row["reason"],
               "approved_by": row["approved_by_name"], "decision_ends_at": row["expires_at"],
               "evidence_report_id": row["closed_report_id"] and str(row["closed_report_id"])}
