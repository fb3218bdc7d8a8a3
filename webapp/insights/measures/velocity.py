"""How much a team gets done in a sprint: the mean of the last closed ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from webapp.insights.measures import Figure, Measure, Question, register
from webapp.insights.queries.planning import closed_sprints
from webapp.insights.values.velocity import SPRINTS, Closed, velocity_of

DEFINITION: Final = (
    "The mean of what was done in the last closed sprints of the team, by the day on which they end. What was committed is what was "
    "planned when a sprint began, what was done is what was done when it was closed; sprints that do not tell are left out.")


def answer(question: Question) -> Figure:
    asked = question.asked
    found = velocity_of(closed_sprints(question.scope, _day(asked.get("start_date")), _day(asked.get("end_date"))),
                        asked.get("sprint_count") or SPRINTS)
    told = [each for each in found.sprints if each.completed is not None]
    data: dict[str, Any] = {
        "sprints": [row_of(each) for each in found.sprints], "average_velocity": found.average, "trend": found.trend.word,
        "trend_detail": found.trend.detail, "n": len(told), "definition": DEFINITION,
        "window": _window(found.sprints)}
    if question.wants_records:
        data["explain"] = {"counted": [str(each.id) for each in told],
                           "left_out": [{"id": str(each.id), "reason": "Nobody told what was done in it."}
                                        for each in found.sprints if each.completed is None]}
    return data


def row_of(sprint: Closed) -> Figure:
    """A sprint as the contract has it: what was committed is its plan, what was done its velocity."""
    return {"sprint_id": str(sprint.id), "name": sprint.name, "start_date": sprint.start.isoformat(), "end_date": sprint.end.isoformat(),
            "planned_points": sprint.committed, "completed_points": sprint.completed, "velocity": sprint.completed,
            "completion_rate": sprint.completion_rate}


def _window(sprints: Sequence[Closed]) -> Figure | None:
    return {"start_date": sprints[0].start.isoformat(), "end_date": sprints[-1].end.isoformat()} if sprints else None


def _day(said: date | datetime | None) -> date | None:
    return said.date() if isinstance(said, datetime) else said


register(Measure("velocity", "Velocity", answer))
