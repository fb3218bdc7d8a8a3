"""Deployments and incidents as they come in and go out."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from webapp.insights.schemas.facts import Fact, several
from webapp.insights.values.delivery import Environment, IncidentSeverity, Outcome
from webapp.kit.web.fields import Choice, Choices, CursorQuery, Input, ListQuery, Moment, ResourceOutput, Text, Time, Yes, said

SHA = validate.Regexp(r"^[0-9a-fA-F]{7,64}\Z", error="The id of a commit: 7 to 64 hexadecimal digits.")
OWN = ("patch_run", "report_inferred", "deployment")
OWN_ERROR = "This source is Patchboard's own: what follows from patch runs, reports and failed deployments."
SERVICE = "Say which site or repository."
FROM, TO = said("Finished at or after."), said("Finished before.")
CAUSES = ("explicit", "inferred", "none")


class ServiceFact(Fact):
    """What is told of a site or of a repository."""

    site_id = fields.UUID(allow_none=True)
    repository_id = fields.UUID(allow_none=True)

    @validates_schema
    def at_a_service(self, data: dict[str, Any], partial: Any = False, **_: Any) -> None:
        if not partial and data.get("site_id") is None and data.get("repository_id") is None:
            raise ValidationError(SERVICE, "repository_id")

    @validates_schema
    def of_others(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("source") in OWN:
            raise ValidationError(OWN_ERROR, "source")


class DeploymentInput(ServiceFact):
    environment = Choice(Environment, required=True)
    status = Choice(Outcome, required=True)
    commit_sha = fields.String(validate=SHA, allow_none=True)
    ref = Text(most=255, allow_none=True, metadata=said("The branch or tag."))
    started_at = Time(allow_none=True)
    finished_at = Time(required=True, metadata=said("When it was done: of a GitHub deployment, when its status became success."))
    caused_incident = fields.Boolean(metadata=said("Whether it is known to have needed remediation; incidents say so by themselves."))

    @validates_schema
    def in_order(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("started_at") and "finished_at" in data and data["finished_at"] < data["started_at"]:
            raise ValidationError("This lies before started_at.", "finished_at")


DeploymentsInput = several(DeploymentInput, "DeploymentsInput")


class DeploymentSchema(ResourceOutput):
    organization_id = fields.UUID()
    site_id = fields.UUID(allow_none=True)
    site_name = fields.String(allow_none=True)
    repository_id = fields.UUID(allow_none=True)
    repository_name = fields.String(allow_none=True)
    team_id = fields.UUID(attribute="shown_team_id", allow_none=True, metadata=said("Whose it was when it happened."))
    environment = fields.String()
    status = fields.String()
    source = fields.String(metadata=said("Who told: `api`, `github`, `gitlab`, `patch_run`, or `report_inferred`: seen in a report."))
    external_id = fields.String()
    commit_sha = fields.String(allow_none=True)
    ref = fields.String(allow_none=True)
    started_at = Time(allow_none=True)
    finished_at = Time()
    caused_incident = fields.Boolean()
    patch_run_id = fields.UUID(allow_none=True)
    failed = fields.Boolean(metadata=said("It failed, or is the cause of an incident."))
    rework = fields.Boolean(metadata=said("It ended an incident."))
    restored_at = Time(allow_none=True, metadata=said("When the last of its incidents was over; null while one is open."))
    incidents_count = fields.Integer(metadata=said("The incidents at `/incidents?cause_id=`."))


class DeploymentQuery(CursorQuery):
    sortable = ("finished_at", "started_at", "service", "environment", "status", "source", "created_at", "updated_at")

    since = Moment(data_key="from", metadata=FROM)
    until = Moment(until=True, data_key="to", metadata=TO)
    environment = Choices(Environment)
    status = Choices(Outcome)
    failed = Yes(metadata=said("Those that failed, or are the cause of an incident."))
    rework = Yes(metadata=said("Those that ended an incident."))
    restored = Yes(metadata=said("Those all of whose incidents are over."))
    changed = Yes(metadata=said("All but cancelled ones."))
    site_id = fields.UUID()
    repository_id = fields.UUID()
    organization_id = fields.UUID()
    team_id = fields.UUID()
    source = Text(most=60)
    external_id = Text(most=200)
    commit_sha = Text(most=64)
    ref = Text(most=255)
    patch_run_id = fields.UUID()


class IncidentInput(ServiceFact):
    title = Text(most=300, least=1, required=True)
    description = Text(most=10_000)
    severity = Choice(IncidentSeverity, allow_none=True)
    opened_at = Time(required=True)
    resolved_at = Time(allow_none=True)
    deployment_id = fields.UUID(allow_none=True, metadata=said("The deployment that caused it, where somebody knows."))

    @validates_schema
    def in_order(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("resolved_at") and "opened_at" in data and data["resolved_at"] < data["opened_at"]:
            raise ValidationError("This lies before opened_at.", "resolved_at")


IncidentsInput = several(IncidentInput, "IncidentsInput")


class ResolveInput(Input):
    """When an incident was over; now, unless said."""

    resolved_at = Time(allow_none=True)


class IncidentSchema(ResourceOutput):
    organization_id = fields.UUID()
    site_id = fields.UUID(allow_none=True)
    site_name = fields.String(allow_none=True)
    repository_id = fields.UUID(allow_none=True)
    repository_name = fields.String(allow_none=True)
    team_id = fields.UUID(attribute="shown_team_id", allow_none=True)
    title = fields.String()
    description = fields.String()
    severity = fields.String(allow_none=True)
    state = fields.String(metadata=said("`open` or `resolved`."))
    source = fields.String(metadata=said("Who told: `api`, …, or what it follows from: `patch_run`, `deployment`."))
    external_id = fields.String()
    opened_at = Time()
    resolved_at = Time(allow_none=True)
    resolution = fields.String(allow_none=True, metadata=said("Who ended it: `person`, `source`, or a later `deployment`."))
    deployment_id = fields.UUID(allow_none=True, metadata=said("The deployment that somebody named as its cause."))
    cause_id = fields.UUID(allow_none=True, metadata=said("The deployment that it counts for; null where it counts for none."))
    cause_kind = fields.String(attribute="shown_cause_kind",
                               metadata=said("`explicit`, `inferred` (the last one before it, in time) or `none`."))
    remedy_id = fields.UUID(allow_none=True, metadata=said("The deployment that ended it."))
    recovery_hours = fields.Float(allow_none=True, metadata=said("From the end of the deployment that it counts for until it was over."))


class IncidentQuery(ListQuery):
    sortable = ("state", "opened_at", "resolved_at", "title", "severity", "service", "source", "created_at", "updated_at")

    since = Moment(data_key="from", metadata=said("Opened at or after."))
    until = Moment(until=True, data_key="to", metadata=said("Opened before."))
    state = Choice(["open", "resolved"])
    severity = Choices(IncidentSeverity)
    cause_kind = Choice(CAUSES)
    cause_id = fields.UUID()
    remedy_id = fields.UUID()
    site_id = fields.UUID()
    repository_id = fields.UUID()
    organization_id = fields.UUID()
    team_id = fields.UUID()
    source = Text(most=60)
    external_id = Text(most=200)
