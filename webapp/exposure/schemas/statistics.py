"""Time to fix as it goes out, and its filters."""

from __future__ import annotations

from marshmallow import fields

from webapp.catalog.values.severity import Severity
from webapp.exposure.schemas.findings import NamedSchema
from webapp.kit.web.fields import Choices, Moment, Narrowed, Output, Query, Time, said


class KnownBeginningSchema(Output):
    fixed = fields.Integer()
    median_hours = fields.Float(allow_none=True)
    p90_hours = fields.Float(allow_none=True)


class ShareSchema(Output):
    fixed = fields.Integer()
    of = fields.Integer(metadata=said("Findings that began at least this long ago, fixed or not; younger ones are not judged yet."))
    share = fields.Float(allow_none=True, metadata=said("0 to 1, four decimals; null where none is old enough."))


class FixingSchema(Output):
    """Findings in numbers, by when their clock began."""

    exposures = fields.Integer(metadata=said("Findings of code that may run: fixed, open and accepted ones. False positives are none."))
    fixed = fields.Integer()
    median_hours = fields.Float(allow_none=True, metadata=said(
        "Of what is fixed, interpolated (`percentile_cont`); what is still open would make it longer. Null where nothing is fixed."))
    p90_hours = fields.Float(allow_none=True, metadata=said("The 90th percentile of the same."))
    within_24_hours = fields.Nested(ShareSchema)
    within_7_days = fields.Nested(ShareSchema)
    open = fields.Integer(metadata=said("Still open, so in no median (right-censored)."))
    overdue = fields.Integer(metadata=said("Of those, past their deadline."))
    unverified = fields.Integer(metadata=said("Of those, on sites that are silent."))
    accepted = fields.Integer(metadata=said("Still there by decision: neither fixed nor counted as open."))
    left_censored = fields.Integer(metadata=said(
        "Fixed ones whose beginning nobody saw: the site's first report showed them. They took at least as long as is counted."))
    without_left_censored = fields.Nested(KnownBeginningSchema, metadata=said("The same without those."))


class BySeveritySchema(FixingSchema):
    severity = fields.String()


class ByOrganizationSchema(FixingSchema):
    organization = fields.Nested(NamedSchema)


class ByMonthSchema(FixingSchema):
    month = fields.String(metadata={"format": "date", "description": "The first day of the month (UTC) in which the clocks began."})


class StatisticsSchema(Output):
    """Time to fix (contract §6: an exposure's clock)."""

    at = Time(metadata=said("When it was counted."))
    totals = fields.Nested(FixingSchema)
    by_severity = fields.List(fields.Nested(BySeveritySchema))
    by_organization = fields.List(fields.Nested(ByOrganizationSchema))
    by_month = fields.List(fields.Nested(ByMonthSchema))


class StatisticsQuery(Narrowed, Query):
    organization_id = fields.UUID()
    organization = fields.UUID()
    team_id = fields.UUID()
    team = fields.UUID()
    site_id = fields.UUID()
    site = fields.UUID()
    severity = Choices(Severity)
    since = Moment(data_key="from", metadata=said("Clocks that began at this moment or later."))
    until = Moment(until=True, data_key="to", metadata=said("Clocks that began before this moment, or up to this day's end (UTC)."))
