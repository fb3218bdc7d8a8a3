"""How often something is deployed to production."""

from __future__ import annotations

from webapp.insights.measures.delivery import Facts, Figure, Number, register
from webapp.insights.values.delivery import frequency_level
from webapp.insights.values.figures import trend


def figure(facts: Facts) -> Figure:
    now, before = facts.now, facts.before
    found = trend(now.per_week, now.successes, before.per_week, before.successes, more_is_better=True)
    return {"value": now.per_week, "unit": "per_week", "trend": found.word, "trend_detail": found.detail, "n": now.successes,
            "deployment_days": now.deployment_days, "median_days_per_week": now.median_days_per_week,
            "level": frequency_level(now) if facts.is_one else None}


def point(facts: Facts) -> Figure:
    now = facts.now
    return {"deployments": now.deployments, "successful_deployments": now.successes, "deployment_days": now.deployment_days}


def records(facts: Facts) -> Figure:
    return {"counted": [each.id for each in facts.mine if each.succeeded],
            "left_out": [{"id": each.id, "reason": "It failed."} for each in facts.mine if not each.succeeded]}


register(Number(
    "deployment_frequency", "Deployment frequency",
    "Successful deployments to production in the window, divided by its weeks. Patch runs of production sites are deployments; runs that "
    "changed nothing and cancelled deployments are not.", figure, point, records))
