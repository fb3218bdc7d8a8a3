"""What the operator asks and is told: figures, jobs, and who asks for what."""

from __future__ import annotations

from marshmallow import fields

from webapp.kit.web.fields import Choice, Choices, ListQuery, Moment, Output, Text, Time, said

STATES = ("waiting", "queued", "running", "done", "failed", "cancelled")
KINDS = ("api_key", "user", "anonymous")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other")


class DaySchema(Output):
    day = fields.Date()
    accepted = fields.Integer()
    unchanged = fields.Integer()
    refused = fields.Integer()


class TableSchema(Output):
    name = fields.String()
    bytes = fields.Integer()
    rows = fields.Integer(metadata=said("PostgreSQL's estimate."))
    partitions = fields.Integer()
    strays = fields.Integer(metadata=said("Rows of a time for which there is no partition."))


class DatabaseSchema(Output):
    bytes = fields.Integer()
    tables = fields.List(fields.Nested(TableSchema))


class BacklogSchema(Output):
    queue = fields.String()
    state = Choice(STATES)
    jobs = fields.Integer()
    oldest_at = fields.String()


class ChainSchema(Output):
    sealed = fields.Integer(metadata=said("How many rows have their link in the chain."))
    head = fields.String(metadata=said("The last link, `position:hash`; kept elsewhere, it proves what the log was."))
    sealed_at = fields.String(allow_none=True)
    unsealed = fields.Integer()
    checked_at = fields.String(allow_none=True)
    findings = fields.Integer(metadata=said("What the newest check found that is not as it was written; 0 for a whole log."))
    first_finding = fields.String(allow_none=True)


class VersionsSchema(Output):
    patchboard = fields.String()
    python = fields.String()
    postgresql = fields.String()


class StatsSchema(Output):
    organizations = fields.Integer()
    sites = fields.Integer()
    sites_reporting = fields.Integer(metadata=said("Sites that have reported in the last 24 hours."))
    users = fields.Integer()
    users_active = fields.Integer(metadata=said("People who have signed in in the last 30 days."))
    api_keys = fields.Integer()
    reports_by_day = fields.List(fields.Nested(DaySchema))
    database = fields.Nested(DatabaseSchema)
    jobs = fields.List(fields.Nested(BacklogSchema))
    audit = fields.Nested(ChainSchema)
    versions = fields.Nested(VersionsSchema)


class JobSchema(Output):
    """A job without its arguments, which may name what the operator has no business with."""

    id = fields.UUID()
    name = fields.String()
    queue = fields.String()
    state = Choice(STATES)
    attempt = fields.Integer()
    error = fields.String(allow_none=True)
    created_at = Time()
    queued_at = Time(allow_none=True)
    started_at = Time(allow_none=True)
    heartbeat_at = Time(allow_none=True)
    finished_at = Time(allow_none=True)
    not_before = Time(allow_none=True)


class JobQuery(ListQuery):
    sortable = ("created_at", "started_at", "finished_at", "name", "state", "attempt")

    state = Choices(STATES)
    queue = Text(most=100)
    name = Text(most=100)


class UsageSchema(Output):
    """One row of use; what `group_by` does not tell apart is null."""

    day = fields.Date(allow_none=True)
    caller_kind = Choice(KINDS, allow_none=True)
    caller_id = fields.UUID(allow_none=True)
    caller_name = fields.String(allow_none=True)
    route = fields.String(allow_none=True)
    method = Choice(METHODS, allow_none=True)
    requests = fields.Integer()
    errors = fields.Integer(metadata=said("Answers of 400 and more."))
    error_rate = fields.Float(metadata=said("Percent of the requests."))
    mean_ms = fields.Float()
    p95_ms = fields.Float(metadata=said("Read from buckets of times."))


class UsageQuery(ListQuery):
    sortable = ("day", "route", "requests", "errors", "mean")

    since = Moment(data_key="from")
    until = Moment(until=True, data_key="to")
    api_key_id = fields.UUID()
    user_id = fields.UUID()
    caller_kind = Choice(KINDS)
    route = Text(most=300)
    method = Choice(METHODS)
    group_by = Choice(["all", "caller", "route", "day"], metadata=said("What is told apart; `all` unless said."))
