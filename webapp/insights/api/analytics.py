"""`/api/v1/analytics`: what is measured (contract §7)."""

from __future__ import annotations

from typing import Any

from flask import Response

from webapp.insights.api.door import P, api
from webapp.insights.measures import measure
from webapp.insights.schemas.analytics import (
    CycleSchema,
    DoraQuery,
    DoraSchema,
    QualitySchema,
    VelocityQuery,
    VelocitySchema,
    WindowQuery,
)
from webapp.kit.permissions import Actor
from webapp.kit.web import answers


@api.get("/analytics/dora-metrics", needs=P.INSIGHT_READ, query=DoraQuery, gives=DoraSchema())
def show_dora_metrics(actor: Actor, query: dict[str, Any]) -> Response:
    """How often something is deployed, how long a change takes, how many fail, how soon all is well again, and rework."""
    return answers.one(measure("dora-metrics", actor, query))


@api.get("/analytics/velocity", needs=P.INSIGHT_READ, query=VelocityQuery, gives=VelocitySchema())
def show_velocity(actor: Actor, query: dict[str, Any]) -> Response:
    """What a team committed to and got done in its last closed sprints."""
    return answers.one(measure("velocity", actor, query))


@api.get("/analytics/code-quality", needs=P.INSIGHT_READ, query=WindowQuery, gives=QualitySchema())
def show_code_quality(actor: Actor, query: dict[str, Any]) -> Response:
    """The newest measurements of repositories, added up."""
    return answers.one(measure("code-quality", actor, query))


@api.get("/analytics/cycle-time", needs=P.INSIGHT_READ, query=WindowQuery, gives=CycleSchema())
def show_cycle_time(actor: Actor, query: dict[str, Any]) -> Response:
    """How long pull requests take from the first commit to production, and where the time goes."""
    return answers.one(measure("cycle-time", actor, query))
