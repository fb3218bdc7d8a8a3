"""How long pull requests take from the first commit to production, and where the time goes."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any, Final

from webapp.insights.measures import Figure, Measure, Question, register, said_window
from webapp.insights.queries.merged import Request, merged_requests
from webapp.insights.values.cycle import PARTS, Cycle, Merged, Way, cycle_of, way_of
from webapp.insights.values.figures import hours, trend
from webapp.kit.clock import stamp

DEFINITION: Final = (
    "Of the pull requests that were merged into default branches in the window and have arrived in production: means of the whole and of "
    "its parts, which add up to it, and percentiles of the whole. Coding goes from the first commit until ready for review, review until "
    "merged, testing until the first deployment elsewhere that has it, deployment until the first to production. Programs' pull requests "
    "are left out.")
REASONS: Final = {"bot": "A program made it.", "seed": "It came with the first deployment that is known: nobody knows when it arrived.",
                  "not_deployed": "It has not been deployed to production yet."}
Pair = tuple[Merged, Way]


def answer(question: Question) -> Figure:
    window = question.within
    found = merged_requests(question.scope, window.before.start, window.end)
    mine = [each for each in found if window.holds(each.merged.merged_at)]
    earlier = [each for each in found if not window.holds(each.merged.merged_at)]
    pairs = _counted(mine)
    now, before = cycle_of([way for _, way in pairs]), cycle_of([way for _, way in _counted(earlier)])
    moved = trend(now.total_hours, now.n, before.total_hours, before.n, more_is_better=False)
    data: dict[str, Any] = {
        **_numbers(now), "pickup_hours": now.pickup_hours, "trend": moved.word, "trend_detail": moved.detail, "n": now.n,
        "window": said_window(window), "definition": DEFINITION, "left_out": _left_out(mine, pairs),
        "without_testing": sum(way.testing_source == "none" and way.total is not None for _, way in pairs),
        "methods": sorted({merged.method for merged, way in pairs if way.total is not None and merged.method}),
        "series": _series(question, pairs), "granularity": str(question.granularity)}
    if question.wants_records:
        data["explain"] = {"counted": [_record(*pair) for pair in pairs if pair[1].total is not None],
                           "left_out": [_left(each.merged, each.left_out) for each in mine if each.left_out]
                           + [_left(merged, "not_deployed") for merged, way in pairs if way.total is None]}
    return data


def _counted(found: list[Request]) -> list[Pair]:
    return [(each.merged, way_of(each.merged)) for each in found if each.left_out is None]


def _numbers(found: Cycle) -> Figure:
    return {"total_cycle_time_hours": found.total_hours, "breakdown": found.parts, "percentiles": found.percentiles}


def _left_out(mine: list[Request], pairs: list[Pair]) -> dict[str, int]:
    """How many pull requests do not count, by why."""
    counts = {name: sum(each.left_out == name for each in mine) for name in REASONS}
    return {**counts, "not_deployed": sum(way.total is None for _, way in pairs)}


def _series(question: Question, pairs: list[Pair]) -> list[Figure]:
    """The same by period of the merge."""
    window = question.within
    ways: dict[date, list[Way]] = defaultdict(list)
    for merged, way in pairs:
        ways[window.period_of(merged.merged_at, question.granularity)].append(way)
    points = []
    for period in window.periods(question.granularity):
        found = cycle_of(ways.get(window.period_of(period.start, question.granularity), []))
        points.append({"period": window.day_of(period.start).isoformat(), "start": stamp(period.start), "end": stamp(period.end),
                       "n": found.n, **_numbers(found)})
    return points


def _record(merged: Merged, way: Way) -> Figure:
    return {"id": str(merged.id), "number": merged.number, "title": merged.title, "repository": merged.repository,
            "merged_at": stamp(merged.merged_at), "deployed_at": stamp(merged.deployed_at), "method": merged.method,
            "testing_source": way.testing_source, "total_hours": hours(way.total), "pickup_hours": hours(way.pickup),
            **{f"{name}_hours": hours(getattr(way, name)) for name in PARTS}}


def _left(merged: Merged, why: str | None) -> Figure:
    return {"id": str(merged.id), "number": merged.number, "title": merged.title, "repository": merged.repository,
            "reason": REASONS[why or "not_deployed"]}


register(Measure("cycle-time", "Cycle time", answer))
