"""`/tasks/calendar`: one's tasks in a calendar."""

from __future__ import annotations

from flask import Response, current_app, request

from webapp.kit.clock import now
from webapp.kit.permissions import Actor
from webapp.kit.web.pages import go, page
from webapp.tasks.actions.calendars import close_calendar, open_calendar
from webapp.tasks.formats import address_of
from webapp.tasks.pages.door import P, pages
from webapp.tasks.queries.calendars import get_calendar

CALENDAR = "/tasks/calendar"


@pages.get(CALENDAR, needs=P.OWN_ACCOUNT)
def show_calendar(actor: Actor) -> Response:
    """Are my tasks in my calendar?"""
    return page("tasks/calendar.html", calendar=get_calendar(actor), address=None, now=now())


@pages.post(CALENDAR, needs=P.OWN_ACCOUNT)
def make_calendar(actor: Actor) -> Response:
    """Makes a new address, and shows it this once."""
    token = open_calendar(actor, current_app.config["SECRET_KEY"], now())
    address = address_of(token, current_app.config["PUBLIC_URL"] or request.host_url)
    return page("tasks/calendar.html", calendar=get_calendar(actor), address=address, now=now())


@pages.post(f"{CALENDAR}/revoke", needs=P.OWN_ACCOUNT)
def revoke_calendar(actor: Actor) -> Response:
    """Closes the address."""
    close_calendar(actor)
    return go("tasks_pages.show_calendar", say="The address is closed. Who has it reads nothing any more.")
