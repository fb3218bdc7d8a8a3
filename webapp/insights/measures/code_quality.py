"""How good the code is, as tools measure it: the newest measurement of each repository, added up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from webapp.insights.measures import Figure, Measure, Question, register, said_window
from webapp.insights.queries.quality import learned, measured_at, measured_between, repositories_of
from webapp.insights.values.quality import Measured, Quality, quality_of
from webapp.insights.values.windows import Window
from webapp.kit.clock import stamp

NUMBERS: Final = ("test_coverage", "code_smells", "technical_debt_hours", "security_issues", "bugs", "vulnerabilities")
DEFINITION: Final = (
    "Of each repository the newest measurement before the end of the window, added up. Coverage is lines covered of lines to cover over "
    "all of them; who told a percentage alone cannot be added. Security issues are vulnerabilities and hotspots that wait for a review. "
    "Repositories that were never measured are named, and count for nothing.")


def answer(question: Question) -> Figure:
    window = question.within
    names = repositories_of(question.scope)
    known = measured_at(list(names), window.end)
    now = quality_of(list(known.values()))
    before = quality_of(list(measured_at(list(names), window.start).values()))
    missing = [key for key in names if key not in known]
    data: dict[str, Any] = {
        **_numbers(now), "previous": _numbers(before), "n": now.n, "window": said_window(window), "definition": DEFINITION,
        "missing": [{"id": str(key), "name": names[key]} for key in sorted(missing, key=lambda key: names[key])],
        "unweighed": [{"id": str(key), "name": names[key]} for key in now.unweighed], "series": series_of(question, list(names)),
        "granularity": str(question.granularity)}
    if question.wants_records:
        data["explain"] = {"counted": [_record(each, names) for each in known.values()],
                           "left_out": [{"id": str(key), "name": names[key], "reason": "It was never measured."} for key in missing]}
    return data


def series_of(question: Question, repositories: list[UUID]) -> list[Figure]:
    """What was known at the end of each period; null before anything was."""
    window = question.within
    known = measured_at(repositories, window.start)
    news = measured_between(repositories, window.start, window.end)
    points, place = [], 0
    for period in window.periods(question.granularity):
        while place < len(news) and news[place].measured_at < period.end:
            each = news[place]
            known[each.repository_id] = learned(known.get(each.repository_id), each)
            place += 1
        points.append(_point(period, window, quality_of(list(known.values()))))
    return points


def _point(period: Window, window: Window, found: Quality) -> Figure:
    return {"period": window.day_of(period.start).isoformat(), "start": stamp(period.start), "end": stamp(period.end), "n": found.n,
            **_numbers(found)}


def _numbers(found: Quality) -> Figure:
    return {name: getattr(found, name) for name in NUMBERS}


def _record(each: Measured, names: dict[UUID, str]) -> Figure:
    told = {name: value for name, value in asdict(each).items() if name not in ("repository_id", "measured_at")}
    return {"id": str(each.repository_id), "name": names[each.repository_id], "measured_at": stamp(each.measured_at), **told}


register(Measure("code-quality", "Code quality", answer))
