"""`/api/v1/tasks/calendar`: a person's tasks as a calendar, under an address that is a secret.

The secret stands in the query, which this server's own log leaves out of the paths that it writes down.
"""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request

from webapp.kit.clock import now
from webapp.kit.permissions import Actor
from webapp.tasks.actions.calendars import close_calendar, open_calendar, read_calendar
from webapp.tasks.api.door import P, api
from webapp.tasks.formats import address_of, calendar_of
from webapp.tasks.queries.calendars import get_calendar
from webapp.tasks.schemas.calendars import CalendarQuery, CalendarSchema

CALENDAR = "/tasks/calendar"
ICS = "text/calendar"


@api.get(CALENDAR, needs=P.OWN_ACCOUNT, gives=CalendarSchema())
def show_calendar(actor: Actor) -> dict[str, Any]:
    """Whether your tasks can be read as a calendar."""
    return get_calendar(actor)


@api.post(CALENDAR, needs=P.OWN_ACCOUNT, gives=CalendarSchema(), idempotent=False)
def make_calendar(actor: Actor) -> dict[str, Any]:
    """A new address for your calendar, shown this once; the one before is closed."""
    token = open_calendar(actor, current_app.config["SECRET_KEY"], now())
    return {**get_calendar(actor), "url": address_of(token, current_app.config["PUBLIC_URL"] or request.host_url)}


@api.delete(CALENDAR, needs=P.OWN_ACCOUNT, gives=CalendarSchema())
def revoke_calendar(actor: Actor) -> dict[str, Any]:
    """Closes the address of your calendar."""
    close_calendar(actor)
    return get_calendar(actor)


@api.get(f"{CALENDAR}.ics", needs=P.PUBLIC, query=CalendarQuery, extra={"produces": [ICS]})
def read_task_calendar(actor: Actor, query: dict[str, Any]) -> Response:
    """The open tasks that are for its owner to do, each on its day, for a calendar to subscribe to (RFC 5545)."""
    tasks = read_calendar(query["token"], current_app.config["SECRET_KEY"], now())
    answer = Response(calendar_of(tasks, current_app.config["PUBLIC_URL"] or request.host_url), content_type=f"{ICS}; charset=utf-8")
    answer.headers["Content-Disposition"] = 'inline; filename="tasks.ics"'
    answer.add_etag()
    return answer
