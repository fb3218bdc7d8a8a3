"""Deployments and incidents as providers tell them, made facts: which environment is meant, and which news is old."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from webapp.insights.actions.deployments import record_deployments
from webapp.insights.actions.incidents import change_incident, delete_incident, record_incidents, restore_incident
from webapp.insights.actions.news import Ignored, News
from webapp.insights.actions.places import repository_of
from webapp.insights.models import Deployment, Incident
from webapp.insights.values.runs import TIERS
from webapp.kit.db import db

LABEL: Final = "incident"


def environment_of(name: str | None, is_production: bool = False) -> str:
    """The environment that a provider's name for one means (`prod-eu` is production); Ignored for one that is none of the four."""
    words = re.split(r"[^a-z]+", (name or "").lower())
    known = [TIERS[word] for word in words if word in TIERS]
    if is_production or known:
        return "production" if is_production else known[0]
    raise Ignored("The environment is none of production, staging, testing and development.")


def tell_deployment(news: News, body: Mapping[str, Any]) -> str:
    """Records a deployment of the repository that the news is about; older news than what is known changes nothing."""
    repository = repository_of(news)
    told = {**body, "repository_id": repository.id}
    known = db.session.scalar(select(Deployment.finished_at).where(
        Deployment.organization_id == news.organization_id, Deployment.source == news.provider.value,
        Deployment.external_id == told["external_id"]))
    if known is not None and known > told["finished_at"]:
        raise Ignored("Something later is known of this deployment.")
    _, receipt = record_deployments(news.actor, [told], news.at, news.provider.value)
    return f"Deployment to {told['environment']}: {told['status']}." + ("" if receipt.is_news else " Nothing new.")


def tell_incident(news: News, body: Mapping[str, Any], is_incident: bool) -> str:
    """Records an issue that is labelled as an incident as one; one that is so no longer is dismissed, one opened again is open."""
    repository = repository_of(news)
    known = db.session.scalar(select(Incident).where(
        Incident.organization_id == news.organization_id, Incident.source == news.provider.value,
        Incident.external_id == body["external_id"]).with_for_update())
    if not is_incident:
        if known is None or known.deleted_at is not None:
            raise Ignored("The issue is not labelled as an incident.")
        delete_incident(news.actor, known, news.at)
        return "No incident any more: dismissed."
    if known is not None and known.deleted_at is not None:
        known = restore_incident(news.actor, known.id, news.at)
    if known is not None and known.resolved_at is not None and body["resolved_at"] is None:
        known = change_incident(news.actor, known, {"resolved_at": None}, news.at)
    record_incidents(news.actor, [{**body, "repository_id": repository.id}], news.at, news.provider.value)
    return "Incident: " + ("open." if body["resolved_at"] is None else "resolved.")


def is_labelled(labels: list[str | None]) -> bool:
    """Whether one of an issue's labels says that it is an incident."""
    return any((label or "").lower() == LABEL for label in labels)


def bounded(opened: datetime, closed: datetime | None) -> dict[str, Any]:
    """When an issue was open, none of it before it was opened."""
    return {"opened_at": opened, "resolved_at": None if closed is None else max(opened, closed)}
