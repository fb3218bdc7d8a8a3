"""Findings as they stand now, or as they stood at a moment: what was over, decided, late and verified by then.

The past is what is known of it today: a late report or an advisory that came since has corrected it. `version`, `enabled` and
`due_at` are those of the finding's row, which has one of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_
from sqlalchemy.orm import aliased

from webapp.exposure.models import Exposure, RiskDecision
from webapp.fleet.models import Site

ORDER = {"open": 0, "accepted": 1, "false_positive": 2, "fixed": 3}


@dataclass(frozen=True, slots=True)
class Lens:
    """The moment that findings are seen from; `is_past` where it is not the present. Its columns expect `with_decisions`."""

    at: datetime
    is_past: bool = False

    @classmethod
    def of(cls, asked: Mapping[str, Any], at: datetime) -> Lens:
        """The lens that `as_of` asks for; what lies ahead is seen as the present."""
        wanted = asked.get("as_of")
        return cls(at) if wanted is None or wanted >= at else cls(wanted, is_past=True)

    def by_then(self, column: Any) -> Any:
        """A column of the end, null where the end came later."""
        return case((Exposure.ended_at < self.at, column)) if self.is_past else column

    @property
    def ended(self) -> Any:
        return self.by_then(Exposure.ended_at)

    def with_decisions(self, statement: Select[Any]) -> Select[Any]:
        """Joins the decision in force: the narrower one, a site's own before that of its organization."""
        if not self.is_past:
            return statement.outerjoin(RiskDecision, and_(RiskDecision.id == Exposure.decision_id, RiskDecision.ended_at.is_(None)))
        own, wide = aliased(RiskDecision), aliased(RiskDecision)
        return (statement.outerjoin(own, and_(*in_force(own, self.at), own.site_id == Exposure.site_id))
                .outerjoin(wide, and_(*in_force(wide, self.at), wide.site_id.is_(None)))
                .outerjoin(RiskDecision, RiskDecision.id == func.coalesce(own.id, wide.id)))

    @property
    def state(self) -> ColumnElement[str]:
        return case((self.ended.is_not(None), literal("fixed")), (RiskDecision.kind.is_not(None), RiskDecision.kind),
                    else_=literal("open"))

    @property
    def state_order(self) -> ColumnElement[int]:
        return case(ORDER, value=self.state)

    @property
    def overdue(self) -> ColumnElement[bool]:
        """Whether the deadline of a finding that is still open has passed."""
        undecided = RiskDecision.id.is_(None) if self.is_past else Exposure.decision_id.is_(None)
        return and_(self.ended.is_(None), undecided, Exposure.due_at < self.at)

    @property
    def verified(self) -> ColumnElement[bool]:
        """Whether its end, or that it goes on, is known from a report.

        The clocks of silent sites run on unverified, and so do those of versions that nobody can judge.
        """
        return or_(Exposure.ended_at.is_not(None), and_(Site.silent_after >= self.at, Exposure.assumed.is_(False)))

    @property
    def until(self) -> Any:
        """Where its clock stands, or stopped."""
        return func.coalesce(self.ended, self.at)


def in_force(decision: Any, at: Any) -> tuple[ColumnElement[bool], ...]:
    """That a decision is about the advisory of a finding (of the query around it), and was in force at a moment, wherever it reaches."""
    return (decision.organization_id == Exposure.organization_id, decision.advisory_id == Exposure.advisory_id, decision.approved_at <= at,
            or_(decision.ended_at.is_(None), decision.ended_at > at))
