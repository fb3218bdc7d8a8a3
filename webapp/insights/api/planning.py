"""`/api/v1/sprints` and `/api/v1/quality-measurements`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from webapp.insights.actions import measurements, sprints
from webapp.insights.api.bodies import optional_body, read_measured
from webapp.insights.api.delivery import summary
from webapp.insights.api.door import P, api
from webapp.insights.models import QualityMeasurement, Sprint
from webapp.insights.queries import planning
from webapp.insights.schemas.facts import FactsSchema, read_facts
from webapp.insights.schemas.planning import (
    CloseInput,
    DocumentQuery,
    MeasurementInput,
    MeasurementQuery,
    MeasurementSchema,
    MeasurementsInput,
    SprintInput,
    SprintQuery,
    SprintSchema,
    SprintsInput,
    StartInput,
)
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.kit.web.bodies import read_body

SPRINT, MEASUREMENT = "/sprints/<uuid:sprint_id>", "/quality-measurements/<uuid:measurement_id>"


@api.get("/sprints", needs=P.INSIGHT_READ, query=SprintQuery, gives=SprintSchema(), lists=True)
def list_sprints(actor: Actor, query: dict[str, Any]) -> Listing:
    """The sprints of your teams, the last that ends first."""
    return planning.find_sprints(actor, query)


@api.post("/sprints", needs=P.INSIGHT_POST, gives=SprintSchema(), status=201, at="/sprints/{id}",
          extra={"request_schema": [SprintInput, SprintsInput], "or_gives": FactsSchema})
def post_sprints(actor: Actor) -> Any:
    """Tells of a sprint, or of several (`items`: all or none); the same again changes nothing, and what is frozen stays."""
    told, are_many = read_facts(SprintInput, SprintsInput, read_body(), "external_id")
    found, receipt = sprints.record_sprints(actor, told, now())
    return summary(receipt) if are_many else planning.told_sprint(found[0].id)


@api.get(SPRINT, needs=P.INSIGHT_READ, finds=planning.get_sprint, gives=SprintSchema())
def show_sprint(actor: Actor, found: Sprint) -> Sprint:
    """One sprint."""
    return found


@api.change(SPRINT, needs=P.INSIGHT_POST, finds=planning.get_sprint, takes=SprintInput, gives=SprintSchema())
def change_sprint(actor: Actor, found: Sprint, body: dict[str, Any]) -> Sprint:
    """Changes what is told of a sprint; what is frozen stays frozen."""
    return sprints.change_sprint(actor, found, body, now())


@api.delete(SPRINT, needs=P.INSIGHT_POST, finds=planning.get_sprint, gives=SprintSchema())
def delete_sprint(actor: Actor, found: Sprint) -> Sprint:
    """Deletes a sprint: it counts for nothing until it is restored."""
    return sprints.delete_sprint(actor, found, now())


@api.post(f"{SPRINT}/restore", needs=P.INSIGHT_POST, gives=SprintSchema())
def restore_sprint(actor: Actor, sprint_id: UUID) -> Sprint:
    """Brings a sprint back as it was."""
    return sprints.restore_sprint(actor, sprint_id, now())


@api.post(f"{SPRINT}/start", needs=P.INSIGHT_POST, finds=planning.get_sprint, gives=SprintSchema(), extra={"request_schema": StartInput})
def start_sprint(actor: Actor, found: Sprint) -> Sprint:
    """Begins a sprint: what is planned now is what it commits to, for good."""
    return sprints.start_sprint(actor, found, optional_body(StartInput), now())


@api.post(f"{SPRINT}/close", needs=P.INSIGHT_POST, finds=planning.get_sprint, gives=SprintSchema(), extra={"request_schema": CloseInput})
def close_sprint(actor: Actor, found: Sprint) -> Sprint:
    """Closes a sprint: what is done now is what it has achieved, for good."""
    return sprints.close_sprint(actor, found, optional_body(CloseInput), now())


@api.get("/quality-measurements", needs=P.INSIGHT_READ, query=MeasurementQuery, gives=MeasurementSchema(), lists=True)
def list_measurements(actor: Actor, query: dict[str, Any]) -> Listing:
    """What was measured of the code of your repositories, the newest first."""
    return planning.find_measurements(actor, query)


@api.post("/quality-measurements", needs=P.INSIGHT_POST, query=DocumentQuery, gives=MeasurementSchema(), status=201,
          at="/quality-measurements/{id}", extra={"request_schema": [MeasurementInput, MeasurementsInput], "or_gives": FactsSchema})
def post_measurements(actor: Actor, query: dict[str, Any]) -> Any:
    """Tells what was measured, once or several times (`items`: all or none), or as a Clover, Cobertura or SonarQube document."""
    told, are_many = read_measured(request, query, now())
    found, receipt = measurements.record_measurements(actor, told, now())
    return summary(receipt) if are_many else planning.told_measurement(found[0].id)


@api.get(MEASUREMENT, needs=P.INSIGHT_READ, finds=planning.get_measurement, gives=MeasurementSchema())
def show_measurement(actor: Actor, found: QualityMeasurement) -> QualityMeasurement:
    """One measurement."""
    return found


@api.delete(MEASUREMENT, needs=P.REPOSITORY_DELETE, finds=planning.get_measurement, gives=MeasurementSchema())
def delete_measurement(actor: Actor, found: QualityMeasurement) -> QualityMeasurement:
    """Takes a measurement back: it counts for nothing until it is restored."""
    return measurements.delete_measurement(actor, found, now())


@api.post(f"{MEASUREMENT}/restore", needs=P.REPOSITORY_DELETE, gives=MeasurementSchema())
def restore_measurement(actor: Actor, measurement_id: UUID) -> QualityMeasurement:
    """Brings a measurement back."""
    return measurements.restore_measurement(actor, measurement_id, now())
