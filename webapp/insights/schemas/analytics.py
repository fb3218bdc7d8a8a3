"""Questions about what is measured, and the answers."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validate

from webapp.insights.values.delivery import ChangeKind
from webapp.insights.values.velocity import MOST_SPRINTS
from webapp.insights.values.windows import Granularity
from webapp.kit.web.fields import DATE, Choice, InOrder, Output, Query, Time, Yes, read_time, said

N = said("How many records this number is of.")
HOURS = said("Null where there is no data, never 0.")
TREND = said("increasing, decreasing or stable, against the window before; `trend_detail` says whether that is good.")
LEVEL = said("DORA's benchmark with its threshold and source; of one team, repository or site, null of a blend.")
OPTIONAL = {"optional": True}


class Day(fields.Field[Any]):
    """An end of a window: a date, which is in it with all of its day in the organization's time zone, or a moment."""

    openapi: ClassVar[dict[str, Any]] = {
        "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}], "examples": ["2026-11-18"]}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not DATE.match(value):
            return read_time(value.replace(" ", "+") if isinstance(value, str) else value)
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError("There is no such date.") from None


class ScopeQuery(Query):
    """Of what: all that you may see, or one of these."""

    organization_id = fields.UUID()
    team_id = fields.UUID()
    repository_id = fields.UUID()
    site_id = fields.UUID()
    explain = Yes(metadata=said("With the records behind each number, and what was left out and why."))


class WindowQuery(ScopeQuery):
    start_date = Day(required=True, error_messages={"required": "Say from when."}, metadata=said("The first day, or a moment."))
    end_date = Day(required=True, error_messages={"required": "Say until when."}, metadata=said("The last day, which counts too."))
    granularity = Choice(Granularity, metadata=said("How long a period of `series` is; weekly unless said, from Monday."))


class DoraQuery(WindowQuery):
    change_kind = Choice(ChangeKind, metadata=said(
        "What lead times are of. Commits where any were deployed, else module updates, unless said; kinds are never pooled unasked."))


class VelocityQuery(InOrder, ScopeQuery):
    team_id = fields.UUID(required=True, error_messages={"required": "Say which team."})
    sprint_count = fields.Integer(validate=validate.Range(1, MOST_SPRINTS), metadata=said("How many closed sprints; 6 unless said."))
    start_date = Day(metadata=said("Sprints that ended on this day or later."))
    end_date = Day(metadata=said("Sprints that ended on this day or before."))


class WindowSchema(Output):
    start = Time()
    end = Time(metadata=said("The first moment that is not in it."))
    days = fields.Float()
    timezone = fields.String()


class TrendDetailSchema(Output):
    previous_value = fields.Float(allow_none=True)
    change_percent = fields.Float(allow_none=True)
    n = fields.Integer(metadata=N)
    previous_n = fields.Integer()
    improving = fields.Boolean(allow_none=True)
    reason = fields.String(allow_none=True, metadata=said("`insufficient_data` where either window has fewer than 5 records."))


class LevelSchema(Output):
    level = fields.String()
    threshold = fields.String()
    source = fields.String()


class TimesSchema(Output):
    median_hours = fields.Float(allow_none=True, metadata=HOURS)
    p90_hours = fields.Float(allow_none=True, metadata=HOURS)
    n = fields.Integer(metadata=N)


class FigureSchema(Output):
    trend = fields.String(metadata=TREND)
    trend_detail = fields.Nested(TrendDetailSchema)
    n = fields.Integer(metadata=N)
    definition = fields.String()
    window = fields.Nested(WindowSchema)


class FrequencySchema(FigureSchema):
    value = fields.Float(allow_none=True, metadata=said("Null where nothing is known, 0 where nothing was deployed."))
    unit = fields.String()
    deployment_days = fields.Integer()
    median_days_per_week = fields.Float(allow_none=True)
    level = fields.Nested(LevelSchema, allow_none=True, metadata=LEVEL)


class KindsSchema(Output):
    commit = fields.Nested(TimesSchema)
    module_update = fields.Nested(TimesSchema)
    security_fix = fields.Nested(TimesSchema)


class LeftOutSchema(Output):
    seed = fields.Integer(metadata=said("Changes that came with the first deployment of all."))
    left_censored = fields.Integer(metadata=said("Updates of which nobody saw the beginning."))
    unknown_release = fields.Integer(metadata=said("Updates to versions whose release nobody knows."))


class LeadTimeSchema(FigureSchema):
    median_hours = fields.Float(allow_none=True, metadata=HOURS)
    p90_hours = fields.Float(allow_none=True, metadata=HOURS)
    change_kind = fields.String()
    methods = fields.List(fields.String(), metadata=said("How arrivals were found: by the `graph` of commits, by `time`, by `release`."))
    by_kind = fields.Nested(KindsSchema)
    left_out = fields.Nested(LeftOutSchema)
    level = fields.Nested(LevelSchema, allow_none=True, metadata=LEVEL)


class FailureRateSchema(FigureSchema):
    percentage = fields.Float(allow_none=True, metadata=said("From 0 to 100; null where nothing was deployed."))
    failed = fields.Integer(metadata=said("The deployments at `/deployments?failed=true`."))
    level = fields.Nested(LevelSchema, allow_none=True, metadata=LEVEL)


class RestoreSchema(FigureSchema):
    median_hours = fields.Float(allow_none=True, metadata=HOURS)
    p90_hours = fields.Float(allow_none=True, metadata=HOURS)
    not_restored = fields.Integer(metadata=said("Deployments that failed and have not recovered."))
    open_incidents = fields.Integer(metadata=said("Incidents that are open now, whatever the window."))
    open_since = Time(allow_none=True)
    incident_open = fields.Nested(TimesSchema, metadata=said("How long the incidents themselves were open."))
    level = fields.Nested(LevelSchema, allow_none=True, metadata=LEVEL)


class ReworkSchema(FigureSchema):
    percentage = fields.Float(allow_none=True)
    rework = fields.Integer(metadata=said("The deployments at `/deployments?rework=true`."))


class DoraPointSchema(Output):
    period = fields.Date(metadata=said("Its first day in the window."))
    start = Time()
    end = Time()
    deployments = fields.Integer()
    successful_deployments = fields.Integer()
    deployment_days = fields.Integer()
    changes = fields.Integer()
    lead_time_median_hours = fields.Float(allow_none=True)
    failed_deployments = fields.Integer()
    change_failure_rate = fields.Float(allow_none=True)
    time_to_restore_median_hours = fields.Float(allow_none=True, metadata=said("Of the deployments that finished in this period."))
    rework_deployments = fields.Integer()


class DoraSchema(Output):
    deployment_frequency = fields.Nested(FrequencySchema)
    lead_time_for_changes = fields.Nested(LeadTimeSchema)
    change_failure_rate = fields.Nested(FailureRateSchema)
    time_to_restore = fields.Nested(RestoreSchema)
    deployment_rework_rate = fields.Nested(ReworkSchema)
    change_kind = fields.String()
    granularity = fields.String()
    series = fields.List(fields.Nested(DoraPointSchema))
    explain = fields.Dict(metadata=OPTIONAL | said("The records behind each number, with `explain=1`."))


class SprintRowSchema(Output):
    sprint_id = fields.UUID()
    name = fields.String()
    start_date = fields.Date()
    end_date = fields.Date()
    planned_points = fields.Float(allow_none=True, metadata=said("What was committed when it began."))
    completed_points = fields.Float(allow_none=True, metadata=said("What was done when it was closed."))
    velocity = fields.Float(allow_none=True)
    completion_rate = fields.Float(allow_none=True, metadata=said("Done of committed; may be over 1, null where nothing was committed."))


class DatesSchema(Output):
    start_date = fields.Date()
    end_date = fields.Date()


class VelocitySchema(Output):
    sprints = fields.List(fields.Nested(SprintRowSchema), metadata=said("The last closed ones, in their order."))
    average_velocity = fields.Float(allow_none=True)
    trend = fields.String(metadata=TREND)
    trend_detail = fields.Nested(TrendDetailSchema)
    n = fields.Integer(metadata=N)
    definition = fields.String()
    window = fields.Nested(DatesSchema, allow_none=True)
    explain = fields.Dict(metadata=OPTIONAL | said("With `explain=1`."))


class NamedSchema(Output):
    id = fields.UUID()
    name = fields.String()


class QualityNumbersSchema(Output):
    test_coverage = fields.Float(allow_none=True, metadata=said("In percent: lines covered of lines to cover."))
    code_smells = fields.Integer(allow_none=True)
    technical_debt_hours = fields.Float(allow_none=True)
    security_issues = fields.Integer(allow_none=True)
    bugs = fields.Integer(allow_none=True)
    vulnerabilities = fields.Integer(allow_none=True)


class QualityPointSchema(QualityNumbersSchema):
    period = fields.Date()
    start = Time()
    end = Time()
    n = fields.Integer(metadata=N)


class QualitySchema(QualityNumbersSchema):
    previous = fields.Nested(QualityNumbersSchema, metadata=said("The same at the beginning of the window."))
    n = fields.Integer(metadata=said("How many repositories were measured."))
    missing = fields.List(fields.Nested(NamedSchema), metadata=said("Repositories that were never measured; they count for nothing."))
    unweighed = fields.List(fields.Nested(NamedSchema), metadata=said("Those that told their coverage as a percentage alone."))
    window = fields.Nested(WindowSchema)
    definition = fields.String()
    granularity = fields.String()
    series = fields.List(fields.Nested(QualityPointSchema))
    explain = fields.Dict(metadata=OPTIONAL | said("With `explain=1`."))


class BreakdownSchema(Output):
    coding_hours = fields.Float(allow_none=True)
    review_hours = fields.Float(allow_none=True)
    testing_hours = fields.Float(allow_none=True, metadata=said("0 where nobody recorded any."))
    deployment_hours = fields.Float(allow_none=True)


class PercentilesSchema(Output):
    p50 = fields.Float(allow_none=True)
    p75 = fields.Float(allow_none=True)
    p90 = fields.Float(allow_none=True)


class CycleNumbersSchema(Output):
    total_cycle_time_hours = fields.Float(allow_none=True, metadata=said("The sum of its parts."))
    breakdown = fields.Nested(BreakdownSchema)
    percentiles = fields.Nested(PercentilesSchema)


class CyclePointSchema(CycleNumbersSchema):
    period = fields.Date()
    start = Time()
    end = Time()
    n = fields.Integer(metadata=N)


class CycleLeftOutSchema(Output):
    bot = fields.Integer()
    seed = fields.Integer()
    not_deployed = fields.Integer()


class CycleSchema(CycleNumbersSchema):
    pickup_hours = fields.Float(allow_none=True, metadata=said("The part of review in which nobody had looked."))
    trend = fields.String(metadata=TREND)
    trend_detail = fields.Nested(TrendDetailSchema)
    n = fields.Integer(metadata=said("How many pull requests have arrived."))
    left_out = fields.Nested(CycleLeftOutSchema)
    without_testing = fields.Integer(metadata=said("Of how many nobody recorded a deployment before production."))
    methods = fields.List(fields.String())
    window = fields.Nested(WindowSchema)
    definition = fields.String()
    granularity = fields.String()
    series = fields.List(fields.Nested(CyclePointSchema))
    explain = fields.Dict(metadata=OPTIONAL | said("With `explain=1`."))
