"""How many deployments to production need remediation."""

from __future__ import annotations

from webapp.insights.measures.delivery import Facts, Figure, Number, register
from webapp.insights.values.delivery import level_of
from webapp.insights.values.figures import trend


def figure(facts: Facts) -> Figure:
    now, before = facts.now, facts.before
    found = trend(now.failure_rate, now.deployments, before.failure_rate, before.deployments, more_is_better=False)
    return {"percentage": now.failure_rate, "trend": found.word, "trend_detail": found.detail, "n": now.deployments, "failed": now.failed,
            "level": level_of("change_failure_rate", now.failure_rate) if facts.is_one else None}


def point(facts: Facts) -> Figure:
    now = facts.now
    return {"failed_deployments": now.failed, "change_failure_rate": now.failure_rate}


def records(facts: Facts) -> Figure:
    return {"counted": [each.id for each in facts.mine if each.failed], "of": [each.id for each in facts.mine], "left_out": []}


register(Number(
    "change_failure_rate", "Change failure rate",
    "Deployments to production that failed, or that an incident counts for, divided by all that changed production. A deployment counts "
    "once, however many incidents it has. An incident counts for the deployment that somebody names, else for the last one there that was "
    "not too long before it (24 hours, unless the organization says otherwise).", figure, point, records))
