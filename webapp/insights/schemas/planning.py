"""Sprints and measurements of code as they come in and go out."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from webapp.insights.schemas.facts import Fact, several
from webapp.insights.values.velocity import SprintState
from webapp.kit.web.fields import LARGEST, Choice, Choices, CursorQuery, Input, ListQuery, Moment, Query, ResourceOutput, Text, Time, said

POINTS = validate.Range(0, 1_000_000, error="From 0 to 1,000,000.")
COUNT = validate.Range(0, LARGEST)
SHARE = validate.Range(0, 100, error="From 0 to 100.")
FORMATS = ("patchboard", "clover", "cobertura", "sonarqube")
TOLD = ("test_coverage", "lines_covered", "lines_to_cover", "code_smells", "technical_debt_minutes", "security_issues", "bugs",
        "vulnerabilities")
FROZEN = said("What was planned when it began; nothing changes it.")
DONE = said("What was done when it was closed; nothing changes it.")


class SprintInput(Fact):
    team_id = fields.UUID(required=True, error_messages={"required": "Say which team."})
    name = Text(most=200, least=1, required=True)
    start_date = fields.Date(required=True)
    end_date = fields.Date(required=True)
    planned_points = fields.Float(validate=POINTS, allow_none=True)
    completed_points = fields.Float(validate=POINTS, allow_none=True)

    @validates_schema
    def in_order(self, data: dict[str, Any], **_: Any) -> None:
        if "start_date" in data and "end_date" in data and data["end_date"] < data["start_date"]:
            raise ValidationError("This lies before start_date.", "end_date")


SprintsInput = several(SprintInput, "SprintsInput")


class StartInput(Input):
    """What the sprint commits to, where that is not what was planned so far."""

    planned_points = fields.Float(validate=POINTS, allow_none=True)


class CloseInput(Input):
    """What was done in the sprint, where that is not what was told so far."""

    completed_points = fields.Float(validate=POINTS, allow_none=True)


class SprintSchema(ResourceOutput):
    organization_id = fields.UUID()
    team_id = fields.UUID()
    team_name = fields.String()
    name = fields.String()
    start_date = fields.Date()
    end_date = fields.Date(metadata=said("Its last day."))
    state = fields.String()
    planned_points = fields.Float(allow_none=True, metadata=said("What is planned, as it was told last."))
    completed_points = fields.Float(allow_none=True, metadata=said("What is done, as it was told last."))
    committed_points = fields.Float(allow_none=True, metadata=FROZEN)
    velocity = fields.Float(allow_none=True, metadata=DONE)
    completion_rate = fields.Float(allow_none=True, metadata=said("Done of committed, from 0; null where nothing was committed."))
    started_at = Time(allow_none=True)
    closed_at = Time(allow_none=True)
    source = fields.String()
    external_id = fields.String()


class SprintQuery(ListQuery):
    sortable = ("start_date", "end_date", "name", "team", "state", "committed_points", "velocity", "created_at", "updated_at")

    since = Moment(data_key="from", metadata=said("Ended on this day or later."))
    until = Moment(until=True, data_key="to", metadata=said("Ended on this day or before."))
    team_id = fields.UUID()
    organization_id = fields.UUID()
    state = Choices(SprintState)
    name = Text(most=200)
    source = Text(most=60)
    external_id = Text(most=200)


class MeasurementInput(Fact):
    repository_id = fields.UUID(required=True, error_messages={"required": "Say which repository."})
    measured_at = Time(required=True)
    test_coverage = fields.Float(validate=SHARE, allow_none=True, metadata=said("In percent; better tell lines, which can be added up."))
    lines_covered = fields.Integer(validate=COUNT, allow_none=True)
    lines_to_cover = fields.Integer(validate=COUNT, allow_none=True)
    code_smells = fields.Integer(validate=COUNT, allow_none=True)
    technical_debt_minutes = fields.Float(validate=validate.Range(0, 1e12), allow_none=True)
    security_issues = fields.Integer(validate=COUNT, allow_none=True)
    bugs = fields.Integer(validate=COUNT, allow_none=True)
    vulnerabilities = fields.Integer(validate=COUNT, allow_none=True)

    @validates_schema
    def both_lines(self, data: dict[str, Any], **_: Any) -> None:
        covered, to_cover = data.get("lines_covered"), data.get("lines_to_cover")
        if (covered is None) != (to_cover is None):
            raise ValidationError("Tell both lines_covered and lines_to_cover.", "lines_to_cover" if to_cover is None else "lines_covered")
        if covered is not None and to_cover is not None and covered > to_cover:
            raise ValidationError("More than there are to cover.", "lines_covered")

    @validates_schema
    def something(self, data: dict[str, Any], partial: Any = False, **_: Any) -> None:
        if not partial and all(data.get(name) is None for name in TOLD):
            raise ValidationError("Say what was measured.", "test_coverage")


MeasurementsInput = several(MeasurementInput, "MeasurementsInput")


class DocumentQuery(Query):
    """What a tool's document does not say itself."""

    repository_id = fields.UUID(metadata=said("The repository of a tool's document."))
    measured_at = Time(metadata=said("When it was made; by the document's own time unless said, else now."))
    source = Text(most=60, least=1)
    external_id = Text(most=200, least=1)


class MeasurementSchema(ResourceOutput):
    organization_id = fields.UUID()
    repository_id = fields.UUID()
    repository_name = fields.String()
    measured_at = Time()
    format = fields.String(metadata=said("What it came as: `patchboard`, `clover`, `cobertura` or `sonarqube`."))
    source = fields.String()
    external_id = fields.String()
    test_coverage = fields.Float(allow_none=True)
    lines_covered = fields.Integer(allow_none=True)
    lines_to_cover = fields.Integer(allow_none=True)
    code_smells = fields.Integer(allow_none=True)
    technical_debt_minutes = fields.Float(allow_none=True)
    security_issues = fields.Integer(allow_none=True)
    bugs = fields.Integer(allow_none=True)
    vulnerabilities = fields.Integer(allow_none=True)


class MeasurementQuery(CursorQuery):
    sortable = ("measured_at", "repository", "test_coverage", "code_smells", "technical_debt_minutes", "security_issues", "bugs",
                "vulnerabilities", "created_at", "updated_at")

    since = Moment(data_key="from", metadata=said("Measured at or after."))
    until = Moment(until=True, data_key="to", metadata=said("Measured before."))
    repository_id = fields.UUID()
    organization_id = fields.UUID()
    document = Choice(FORMATS, metadata=said("What it came as; `format` is that of a download."))
    source = Text(most=60)
    external_id = Text(most=200)
