"""What one asks for of live events, and how the document shows it."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields, validate

from webapp.kit.live.desk import MOST_TOPICS
from webapp.kit.web.fields import Query, said

PLACE = re.compile(r"^\d{1,19}-\d{1,19}$")


class Topics(fields.Field[list[str]]):
    """Topics, separated by commas."""

    openapi = {"type": "string"}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[str]:
        topics = list(dict.fromkeys(part.strip() for part in str(value).split(",") if part.strip()))
        if not topics:
            raise ValidationError("Name a topic: site:{id}, org:{id}, report:{id} or fleet.")
        if len(topics) > MOST_TOPICS:
            raise ValidationError(f"{MOST_TOPICS} topics at most.")
        return topics


class EventsQuery(Query):
    topics = Topics(load_default=["fleet"], metadata=said("`site:{id}`, `org:{id}`, `report:{id}`, `fleet`, separated by commas.") | {
        "type": "string", "default": "fleet", "example": "fleet"})
    after = fields.String(validate=validate.Regexp(PLACE, error="Not the id of an event."),
                          metadata=said("The id of the last event that you know; like the header Last-Event-ID."))


STREAM = ("id: 1795317049163-0\nevent: change\ndata: {\"type\": \"inventory.received\", \"topic\": \"fleet\", "
          "\"at\": \"2026-11-18T16:05:00Z\", \"data\": {\"site_id\": \"0199e2a4-0000-7000-8000-000000000001\"}}\n\n")
EVENTS = {
    "headers": {"Last-Event-ID": "The id of the last event that you know: what came since is told first, or `reset` where that "
                                 "cannot be known any more."},
    "responses": {
        "200": {"description": "Server-sent events without end. `change` carries an event; `subscribed`, `reset`, `paused`, "
                               "`resumed` and `ended` are about the stream itself (docs/live.md).",
                "content": {"text/event-stream": {"schema": {"type": "string"}, "example": STREAM}}}},
}
SOCKET = {
    "responses": {
        "101": {"description": "A WebSocket (RFC 6455). Messages are JSON objects: first `{\"type\": \"auth\", \"token\": …}`, unless the "
                               "session cookie comes along; then `{\"type\": \"subscribe\", \"topics\": [\"site:{id}\", \"org:{id}\", "
                               "\"report:{id}\", \"fleet\"]}`. Events are `{type, topic, at, data, id}` (docs/live.md)."}},
}
