"""`/api/v1/exposures`, and what is decided about them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webapp.exposure import queries
from webapp.exposure.actions import deciding
from webapp.exposure.api.door import P, api
from webapp.exposure.models import RiskDecision
from webapp.exposure.schemas import (
    AcceptInput,
    BulkAcceptInput,
    BulkAcceptSchema,
    DecisionQuery,
    DecisionSchema,
    ExposureQuery,
    ExposureSchema,
    StatisticsQuery,
    StatisticsSchema,
)
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor


@api.get("/exposures", needs=P.EXPOSURE_READ, query=ExposureQuery, gives=ExposureSchema(), lists=True)
def list_exposures(actor: Actor, query: dict[str, Any]) -> Listing:
    """Which of your sites is open to which advisory: open findings first, the nearest deadline first."""
    return queries.find_exposures(actor, query)


@api.get("/exposures/statistics", needs=P.EXPOSURE_READ, query=StatisticsQuery, gives=StatisticsSchema())
def show_statistics(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Time to fix: median and 90th percentile, the shares fixed within a day and a week, and what is still open."""
    return queries.time_to_fix(actor, query, now())


@api.get("/exposures/<uuid:exposure_id>", needs=P.EXPOSURE_READ, finds=queries.get_exposure, gives=ExposureSchema())
def show_exposure(actor: Actor, found: dict[str, Any]) -> dict[str, Any]:
    """One finding, with the reports that opened and closed it."""
    return found


@api.post("/exposures/<uuid:exposure_id>/accept", needs=P.EXPOSURE_DECIDE, takes=AcceptInput, gives=DecisionSchema(), status=201,
          at="/risk-decisions/{id}")
def accept_exposure(actor: Actor, exposure_id: UUID, body: dict[str, Any]) -> RiskDecision:
    """Accepts the risk, or calls the finding false, until a time; where the organization wants it, a second person approves."""
    return deciding.decide(actor, queries.get_exposures(actor, [exposure_id]), body, now())[0]


@api.post("/exposures/accept", needs=P.EXPOSURE_DECIDE, takes=BulkAcceptInput, gives=BulkAcceptSchema())
def accept_exposures(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """The same for many findings at once, all or none; `dry_run` tells which they are."""
    return deciding.decide_many(actor, body, now())


@api.get("/risk-decisions", needs=P.EXPOSURE_READ, query=DecisionQuery, gives=DecisionSchema(), lists=True)
def list_decisions(actor: Actor, query: dict[str, Any]) -> Listing:
    """What was decided about findings, the newest first: proposed, in force, and ended."""
    return queries.find_decisions(actor, query)


@api.get("/risk-decisions/<uuid:decision_id>", needs=P.EXPOSURE_READ, finds=queries.get_decision, gives=DecisionSchema())
def show_decision(actor: Actor, found: RiskDecision) -> RiskDecision:
    """One decision: who proposed and approved it, until when it holds, and why it ended."""
    return found


@api.post("/risk-decisions/<uuid:decision_id>/approve", needs=P.EXPOSURE_APPROVE, finds=queries.get_decision, gives=DecisionSchema())
def approve_decision(actor: Actor, found: RiskDecision) -> RiskDecision:
    """Puts a decision in force that somebody else has proposed."""
    return deciding.approve(actor, found, now())


@api.post("/risk-decisions/<uuid:decision_id>/end", needs=P.EXPOSURE_DECIDE, finds=queries.get_decision, gives=DecisionSchema())
def end_decision(actor: Actor, found: RiskDecision) -> RiskDecision:
    """Takes a decision back, or refuses a proposed one; its findings are open again."""
    return deciding.end_decision(actor, found, now())
