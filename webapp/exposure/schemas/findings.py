"""Findings and decisions as they come in and go out."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from webapp.catalog.values.severity import Severity
from webapp.exposure.values import State
from webapp.fleet.values import Criticality, Environment
from webapp.kit.web.fields import Choice, Choices, Input, ListQuery, Moment, Output, Text, Time, Yes, said

MOST_AT_ONCE = 1000
MOST_HOURS = 100_000


class NamedSchema(Output):
    id = fields.UUID()
    name = fields.String()


class StandingDecisionSchema(Output):
    id = fields.UUID()
    kind = fields.String()
    reason = fields.String()
    expires_at = Time()
    approved_by = fields.UUID(allow_none=True)


class ExposureSchema(Output):
    id = fields.UUID()
    organization_id = fields.UUID()
    site = fields.Nested(NamedSchema)
    environment = fields.String()
    criticality = fields.String()
    owner_id = fields.UUID(allow_none=True)
    team_id = fields.UUID(allow_none=True)
    module_id = fields.UUID()
    module = fields.String()
    version = fields.String()
    enabled = fields.Boolean(allow_none=True)
    advisory_id = fields.UUID()
    advisory = fields.String()
    severity = fields.String()
    state = fields.String()
    exposed_since = Time()
    due_at = Time(allow_none=True)
    overdue = fields.Boolean()
    fixed_at = Time(allow_none=True)
    fixed_version = fields.String(allow_none=True)
    hours_exposed = fields.Float()
    verified = fields.Boolean()
    reintroduced = fields.Boolean()
    opened_report_id = fields.UUID(allow_none=True)
    closed_report_id = fields.UUID(allow_none=True)
    decision = fields.Nested(StandingDecisionSchema, allow_none=True)
    created_at = Time()
    updated_at = Time()


class ExposureQuery(ListQuery):
    sortable = ("exposed_since", "due_at", "fixed_at", "severity", "state", "site", "module", "advisory", "hours_exposed", "created_at",
                "updated_at")

    site_id = fields.UUID()
    site = fields.UUID(metadata=said("The same as site_id."))
    organization_id = fields.UUID()
    advisory_id = fields.UUID()
    advisory = Text(most=100, metadata=said("Any name of the advisory: SA-CORE-2022-003, DRUPAL-CORE-2022-003, a CVE."))
    module = Text(most=128)
    version = Text(most=255)
    severity = Choices(Severity)
    state = Choices(State)
    overdue = Yes(metadata=said("Open, not accepted, and past its deadline."))
    breached = Yes(metadata=said("Fixed after its deadline."))
    enabled = Yes()
    runs = Yes(metadata=said("Code that may run: all but what a report shows switched off."))
    verified = Yes(metadata=said("False: the site is silent, and the clock runs on without a report."))
    reintroduced = Yes()
    left_censored = Yes(metadata=said("The site's first report showed it, after the advisory: it may be older than is known."))
    fixed_within = fields.Integer(validate=validate.Range(1, MOST_HOURS), metadata=said("Fixed within so many hours of its beginning."))
    since = Moment(data_key="from")
    until = Moment(until=True, data_key="to")
    as_of = Moment(until=True, metadata=said("The findings that had begun by then, as they stood: a moment, or a day's end (UTC)."))
    fixed_since = Moment(data_key="fixed_from", metadata=said("Fixed at this moment or day, or later."))
    fixed_until = Moment(until=True, data_key="fixed_to", metadata=said("Fixed before this moment, or up to this day's end."))
    due_since = Moment(data_key="due_from", metadata=said("Deadlines from this moment or day on."))
    due_until = Moment(until=True, data_key="due_to", metadata=said("Deadlines before this moment, or up to this day's end."))
    environment = Choice(Environment)
    criticality = Choice(Criticality)
    owner_id = fields.UUID()
    owned = Yes()
    team_id = fields.UUID()
    tag = Text(most=60)


class AcceptInput(Input):
    reason = Text(most=2000, least=1, required=True)
    expires_at = Time(required=True)
    kind = Choice(["accepted", "false_positive"])
    scope = Choice(["site", "organization"], metadata=said("`organization`: for all of its sites that have it, or come to."))


class BulkAcceptInput(AcceptInput):
    ids = fields.List(fields.UUID(), validate=validate.Length(min=1, max=MOST_AT_ONCE))
    filter = fields.Nested(lambda: ExposureQuery(exclude=["page", "per_page", "skip", "limit", "sort", "format"]))
    dry_run = fields.Boolean(load_default=False)

    @validates_schema
    def ids_or_filter(self, data: dict[str, Any], **_: Any) -> None:
        if ("ids" in data) == ("filter" in data):
            raise ValidationError("Say which: ids, or a filter.", "ids")


class DecisionSchema(Output):
    id = fields.UUID()
    organization_id = fields.UUID()
    advisory = fields.String()
    standing = fields.String()
    site_id = fields.UUID(allow_none=True)
    kind = fields.String()
    reason = fields.String()
    expires_at = Time()
    created_at = Time()
    created_by = fields.UUID(allow_none=True)
    approved_at = Time(allow_none=True)
    approved_by = fields.UUID(allow_none=True)
    ended_at = Time(allow_none=True)
    ended_by = fields.UUID(allow_none=True)
    ended_reason = fields.String(allow_none=True)


class DecisionQuery(ListQuery):
    sortable = ("created_at", "expires_at", "advisory")

    organization_id = fields.UUID()
    site_id = fields.UUID()
    advisory = Text(most=100)
    kind = Choice(["accepted", "false_positive"])
    standing = Choice(["proposed", "in_force", "ended"])


class BulkAcceptSchema(Output):
    dry_run = fields.Boolean()
    matched = fields.Integer()
    exposures = fields.List(fields.UUID())
    decisions = fields.List(fields.Nested(DecisionSchema))
