"""Feeds and sources of advisories as they go out, and how they are asked for."""

from __future__ import annotations

from marshmallow import fields

from webapp.catalog.values.releases import AdvisoryOrigin, FeedState, Line
from webapp.kit.web.fields import Choice, Choices, ListQuery, Output, Text, Time, Yes, said

SOURCES = ("updates.drupal.org", "import", "demo")
SOURCE_STATES = ("waiting", "ok", "failed")


class FeedSchema(Output):
    project = fields.String()
    line = fields.String(metadata={"enum": [str(line) for line in Line]})
    title = fields.String()
    source = fields.String(allow_none=True, metadata=said("Where what is kept came from; null where nothing was ever had."))
    state = fields.String(metadata={"enum": [str(state) for state in FeedState]})
    error = fields.String(allow_none=True, metadata=said("Why the last attempt failed."))
    failures = fields.Integer(metadata=said("Attempts that failed since the last that did not."))
    fetched_at = Time(allow_none=True, metadata=said("When its server last said what is kept here; null: never."))
    age_seconds = fields.Integer(allow_none=True)
    tried_at = Time(allow_none=True)
    changed_at = Time(allow_none=True)
    due_at = Time(metadata=said("When it is asked for next; nothing happens before that unless somebody asks."))
    stale_at = Time(allow_none=True, metadata=said("When it makes no site OK any more; null where it does not age, or judges nothing."))
    releases_count = fields.Integer()
    project_status = fields.String(metadata=said("What Drupal.org says of the whole project: published, unsupported, insecure and so on."))
    supported_branches = fields.List(fields.String(), allow_none=True)


class FeedQuery(ListQuery):
    sortable = ("project", "line", "state", "fetched_at", "tried_at", "changed_at", "due_at", "releases_count", "failures")

    project = Text(most=128)
    line = Choice(Line)
    state = Choices(FeedState)
    source = Choice(SOURCES)
    stale = Yes(metadata=said("Whether it is too old to call a site OK by it, or was never fetched."))


class RefreshSchema(Output):
    project = fields.String()
    job_id = fields.UUID(metadata=said("The job that fetches it: /admin/jobs/{id}."))


class AdvisoryFeedSchema(Output):
    source = fields.String(metadata={"enum": [str(origin) for origin in AdvisoryOrigin]})
    state = fields.String(metadata={"enum": list(SOURCE_STATES)} | said("`waiting`: it was never read to its end."))
    error = fields.String(allow_none=True, metadata=said("Why the last attempt failed."))
    failures = fields.Integer(metadata=said("Attempts that failed since the last that did not."))
    fetched_at = Time(allow_none=True, metadata=said("When everything was had that the source then knew; null: never."))
    age_seconds = fields.Integer(allow_none=True)
    tried_at = Time(allow_none=True)
    changed_at = Time(allow_none=True, metadata=said("When it last brought an advisory that was new, or other than before."))
    due_at = Time(metadata=said("When it is asked next at the earliest."))
    stale_at = Time(allow_none=True, metadata=said("When it makes no site OK any more."))
    is_unfinished = fields.Boolean(metadata=said("The last run ended before its work did; the next goes on where it was."))
    refused_count = fields.Integer(metadata=said("Documents of the last reading that were no advisories."))


class AdvisoryFeedQuery(ListQuery):
    sortable = ("source", "state", "fetched_at", "due_at")

    state = Choices(SOURCE_STATES)


class AdvisoryRefreshSchema(Output):
    source = fields.String()
    job_id = fields.UUID(metadata=said("The job that fetches it: /admin/jobs/{id}."))
