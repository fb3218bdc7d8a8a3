"""Recording deployments, and taking back those that never were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.audit.actions import change
from webapp.insights.actions.settling import settle
from webapp.insights.actions.telling import check_past, tell
from webapp.insights.actions.writing import Receipt
from webapp.insights.models import Deployment
from webapp.insights.queries.deployments import get_deployment
from webapp.insights.queries.services import key_of, services_to_feed
from webapp.kit.errors import Conflict
from webapp.kit.permissions import Actor, Permission

OF_RUNS = "This deployment follows from a patch run, and goes only with it."


def record_deployments(actor: Actor, told: Sequence[dict[str, Any]], at: datetime, source: str = "api") -> tuple[list[Deployment], Receipt]:
    """Records deployments, each a body of `DeploymentInput`, all of them or none.

    One that is told again changes to what is told now, and moves to no other service. What follows for incidents is worked out anew.
    """
    services = services_to_feed(actor, told)
    rows = []
    for each in told:
        check_past(each, ("finished_at", "started_at"), at)
        plain = {name: value for name, value in each.items() if name not in ("site_id", "repository_id")}
        rows.append({"source": source, **plain, **services[key_of(each)].columns})
    found, receipt = tell(actor, Deployment, rows, at, "deployment", _keep_place)
    _settle(actor, found, at)
    return found, receipt


def _keep_place(row: Deployment, values: Any) -> dict[str, Any]:
    """What is told again of a deployment; where it was, and whose, is settled."""
    if row.service_id != values["service_id"]:
        raise Conflict("This source has told of a deployment of this name to another site or repository.")
    return {name: value for name, value in values.items() if name not in ("team_id", "repository_id")}


def delete_deployment(actor: Actor, deployment: Deployment, at: datetime) -> Deployment:
    """Takes a deployment back: it counts for nothing, and incidents look for another cause."""
    actor.require(Permission.REPOSITORY_DELETE, deployment.organization_id)
    if deployment.patch_run_id is not None:
        raise Conflict(OF_RUNS)
    change(actor, "deployment.deleted", deployment, {"deleted_at": at}, at)
    _settle(actor, [deployment], at)
    return get_deployment(actor, deployment.id, deleted=True)


def restore_deployment(actor: Actor, deployment_id: UUID, at: datetime) -> Deployment:
    """Brings a deployment back."""
    deployment = get_deployment(actor, deployment_id, lock=True, deleted=True)
    actor.require(Permission.REPOSITORY_DELETE, deployment.organization_id)
    change(actor, "deployment.restored", deployment, {"deleted_at": None}, at)
    _settle(actor, [deployment], at)
    return get_deployment(actor, deployment.id)


def _settle(actor: Actor, found: Sequence[Deployment], at: datetime) -> None:
    by_place: dict[UUID, set[UUID]] = {}
    for each in found:
        by_place.setdefault(each.organization_id, set()).add(each.service_id)
    for organization_id, services in by_place.items():
        settle(actor, organization_id, services, at)
