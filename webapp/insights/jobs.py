"""What a worker does for insights: ids in, one action called."""

from __future__ import annotations

from uuid import UUID

from webapp.insights.actions import deliveries
from webapp.insights.actions.following import follow_all
from webapp.kit.clock import now
from webapp.kit.db import ALL, scope_of, unit_of_work
from webapp.kit.logs import log
from webapp.kit.permissions import SYSTEM


def read_delivery(attempt: int, delivery_id: str) -> None:
    """Reads a delivery of a webhook, within the walls of its organization; twice does no more than once."""
    with unit_of_work(ALL):
        place = deliveries.organization_of(UUID(delivery_id))
    if place is None:
        return
    with unit_of_work(scope_of([place])):
        deliveries.read_delivery(UUID(delivery_id), now())


def read_delivery_failed(error: str, delivery_id: str) -> None:
    """Says beside the delivery that it could not be read."""
    deliveries.fail_delivery(UUID(delivery_id), error, now())


def follow_patch_runs(attempt: int) -> None:
    """Makes deployments and incidents of all patch runs, where that has not been done yet."""
    with unit_of_work(ALL):
        log().info("patch_runs_followed", sites=follow_all(SYSTEM, now()))
