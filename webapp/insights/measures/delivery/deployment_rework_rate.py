"""How many deployments to production were not planned, but made because of an incident."""

from __future__ import annotations

from webapp.insights.measures.delivery import Facts, Figure, Number, register
from webapp.insights.values.figures import trend


def figure(facts: Facts) -> Figure:
    now, before = facts.now, facts.before
    found = trend(now.rework_rate, now.deployments, before.rework_rate, before.deployments, more_is_better=False)
    return {"percentage": now.rework_rate, "trend": found.word, "trend_detail": found.detail, "n": now.deployments, "rework": now.rework}


def point(facts: Facts) -> Figure:
    return {"rework_deployments": facts.now.rework}


def records(facts: Facts) -> Figure:
    return {"counted": [each.id for each in facts.mine if each.rework], "of": [each.id for each in facts.mine], "left_out": []}


register(Number(
    "deployment_rework_rate", "Deployment rework rate",
    "Deployments to production that ended an incident, divided by all that changed production: the last one there that came good after the "
    "incident began and before it was over.", figure, point, records))
