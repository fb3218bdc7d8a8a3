"""Recording what was measured of the code of repositories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.audit.actions import change
from webapp.insights.actions.telling import check_past, tell
from webapp.insights.actions.writing import Receipt
from webapp.insights.models import QualityMeasurement
from webapp.insights.queries.planning import get_measurement
from webapp.insights.queries.services import key_of, services_to_feed
from webapp.kit.cache import touch
from webapp.kit.clock import stamp
from webapp.kit.errors import Conflict
from webapp.kit.permissions import Actor, Permission

P = Permission


def record_measurements(actor: Actor, told: Sequence[Mapping[str, Any]], at: datetime,
                        source: str = "api") -> tuple[list[QualityMeasurement], Receipt]:
    """Records measurements, each a body of `MeasurementInput` (perhaps with the `format` it came in), all of them or none.

    One without `external_id` is known by its repository, its format and its time, so that the same report again changes nothing.
    """
    services = services_to_feed(actor, told)
    rows = []
    for each in told:
        check_past(each, ("measured_at",), at)
        made = f"{each.get('format', 'patchboard')}:{each['repository_id']}@{stamp(each['measured_at'])}"
        rows.append({"source": source, **each, "organization_id": services[key_of(each)].organization_id,
                     "external_id": each.get("external_id") or made})
    found, receipt = tell(actor, QualityMeasurement, rows, at, "quality_measurement", _keep_repository)
    _touch(found)
    return found, receipt


def _keep_repository(row: QualityMeasurement, values: Mapping[str, Any]) -> Mapping[str, Any]:
    if row.repository_id != values["repository_id"]:
        raise Conflict("This source has told of a measurement of this name of another repository.")
    return values


def delete_measurement(actor: Actor, measurement: QualityMeasurement, at: datetime) -> QualityMeasurement:
    """Takes a measurement back: it counts for nothing until it is restored."""
    actor.require(P.REPOSITORY_DELETE, measurement.organization_id)
    change(actor, "quality_measurement.deleted", measurement, {"deleted_at": at}, at)
    _touch([measurement])
    return get_measurement(actor, measurement.id, deleted=True)


def restore_measurement(actor: Actor, measurement_id: UUID, at: datetime) -> QualityMeasurement:
    """Brings a measurement back."""
    measurement = get_measurement(actor, measurement_id, lock=True, deleted=True)
    actor.require(P.REPOSITORY_DELETE, measurement.organization_id)
    change(actor, "quality_measurement.restored", measurement, {"deleted_at": None}, at)
    _touch([measurement])
    return get_measurement(actor, measurement.id)


def _touch(found: Sequence[QualityMeasurement]) -> None:
    for organization_id in {each.organization_id for each in found}:
        touch(f"org:{organization_id}")
