"""Noting, for whoever wants to be told, that tasks of an organization were given to somebody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.fleet.queries import names_of
from webapp.kit.events import note
from webapp.kit.permissions import Actor

ASSIGNED = "task.assigned"


def note_assigned(actor: Actor, tasks: Iterable[Any], at: datetime) -> None:
    """Notes which of these tasks somebody else has now. Whoever takes one knows it, and one's own is nobody's news."""
    given = [task for task in tasks if task.organization_id is not None and task.assignee_id not in (None, actor.id)]
    if not given:
        return
    names = names_of({task.assignee_id for task in given})
    things: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for task in given:
        label = f"{task.title}, for {names.get(task.assignee_id, 'somebody')}"
        things[task.organization_id].append({"site": task.site_id, "ref": task.id, "label": label})
    for organization_id, its in things.items():
        note(ASSIGNED, organization_id, its, at)
