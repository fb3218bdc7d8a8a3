"""Tasks as a calendar (iCalendar, RFC 5545): each is an event of its whole day.

Events and not to-dos (VTODO): Google Calendar and Outlook leave those of a calendar that is subscribed to out, and Apple's shows them
elsewhere. An event of a day has no time and so no time zone, and takes no time of its reader (TRANSPARENT).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from icalendar import Calendar, Event, vDuration

PRIORITIES: Final = {"critical": 1, "high": 3, "medium": 5, "low": 9}
"""RFC 5545, 3.8.1.9: 1 is the highest, 9 the lowest."""
EVERY: Final = timedelta(hours=1)


def address_of(token: str, public_url: str) -> str:
    """Where a calendar is read; its secret stands in the query."""
    return f"{public_url.rstrip('/')}/api/v1/tasks/calendar.ics?{urlencode({'token': token})}"


def calendar_of(tasks: Sequence[Any], public_url: str) -> bytes:
    """The document of a calendar with these tasks, which have days; `public_url` is where their pages are."""
    calendar = Calendar()
    calendar.add("prodid", "-//Patchboard//Tasks//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Patchboard tasks")
    calendar.add("refresh-interval", vDuration(EVERY), parameters={"VALUE": "DURATION"})
    for task in tasks:
        calendar.add_component(_event(task, f"{public_url.rstrip('/')}/tasks/{task.id}"))
    return bytes(calendar.to_ical())


def _event(task: Any, url: str) -> Event:
    event = Event()
    event.add("uid", f"task-{task.id}@patchboard")
    event.add("dtstamp", task.updated_at.replace(microsecond=0))
    event.add("last-modified", task.updated_at.replace(microsecond=0))
    event.add("dtstart", task.due_date)
    event.add("dtend", task.due_date + timedelta(days=1))
    event.add("summary", f"{task.title} ({task.site_name})" if task.site_name else task.title)
    event.add("description", "\n\n".join(part for part in (task.description, url) if part))
    event.add("url", url)
    event.add("priority", PRIORITIES[task.priority])
    event.add("transp", "TRANSPARENT")
    event.add("status", "CONFIRMED")
    if task.tags:
        event.add("categories", task.tags)
    return event
