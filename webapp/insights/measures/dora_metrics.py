"""DORA's numbers: how often something is deployed, how long a change takes, how many fail, how soon all is well again, and rework."""

from __future__ import annotations

from typing import Any

from webapp.insights.measures import Figure, Measure, Question, register
from webapp.insights.measures.delivery import Facts, figures_of, records_of, series_of
from webapp.insights.queries.delivered import deployed_between, open_incidents, open_seconds, was_deployed_before
from webapp.insights.queries.leads import commit_leads, has_commits
from webapp.insights.queries.module_leads import module_leads
from webapp.insights.values.delivery import ChangeKind


def answer(question: Question) -> Figure:
    facts = facts_of(question)
    found: dict[str, Any] = {**figures_of(facts), "series": series_of(facts), "change_kind": str(facts.kind),
                             "granularity": str(question.granularity)}
    if question.wants_records:
        found["explain"] = records_of(facts)
    return found


def facts_of(question: Question) -> Facts:
    """What the numbers follow from, in both windows."""
    scope, window = question.scope, question.within
    start, end = window.before.start, window.end
    deployed = deployed_between(scope, start, end)
    was_known = was_deployed_before(scope, start)
    waiting = open_incidents(scope)
    leads = commit_leads(scope, start, end) + module_leads(scope, start, end) if deployed else []
    return Facts(
        window, question.granularity, deployed, leads, _kind(question),
        is_known=was_known or any(each.finished_at < window.start for each in deployed), was_known=was_known, is_one=scope.is_one,
        open_incidents=waiting.count, open_since=waiting.since, open_seconds=open_seconds(scope, window.start, end))


def _kind(question: Question) -> ChangeKind:
    """The kind of change that lead times are about: the one that is asked for, else commits where any were deployed."""
    asked = question.asked.get("change_kind")
    if asked:
        return ChangeKind(asked)
    window = question.within
    return ChangeKind.COMMIT if has_commits(question.scope, window.start, window.end) else ChangeKind.MODULE_UPDATE


register(Measure("dora-metrics", "DORA metrics", answer))
