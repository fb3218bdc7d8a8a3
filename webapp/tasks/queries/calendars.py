"""Whether somebody has a calendar address."""

from __future__ import annotations

from typing import Any

from webapp.kit.db import db
from webapp.kit.permissions import Actor
from webapp.tasks.models import TaskCalendar


def get_calendar(actor: Actor) -> dict[str, Any]:
    """Whether the actor's calendar is open, and since when; its address is known to nobody but who was shown it."""
    found = db.session.get(TaskCalendar, actor.id)
    return {"is_open": found is not None, "created_at": found.created_at if found else None, "url": None}
