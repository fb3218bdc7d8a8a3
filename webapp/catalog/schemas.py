"""Feeds as they go out, and how they are asked for."""

from __future__ import annotations

from marshmallow import fields

from webapp.catalog.values.releases import FeedState, Line
from webapp.kit.web.fields import Choice, Choices, ListQuery, Output, Text, Time, said

SOURCES = ("updates.drupal.org", "import", "demo")


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
    releases_count = fields.Integer()
    project_status = fields.String(metadata=said("What Drupal.org says of the whole project: published, unsupported, insecure and so on."))
    supported_branches = fields.List(fields.String(), allow_none=True)


class FeedQuery(ListQuery):
    sortable = ("project", "line", "state", "fetched_at", "tried_at", "changed_at", "due_at", "releases_count", "failures")

    project = Text(most=128)
    line = Choice(Line)
    state = Choices(FeedState)
    source = Choice(SOURCES)


class RefreshSchema(Output):
    project = fields.String()
    job_id = fields.UUID(metadata=said("The job that fetches it: /admin/jobs/{id}."))
