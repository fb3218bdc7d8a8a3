"""The statements that write many tasks of organizations at once, each the same however many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from webapp.audit.actions import Event, plain, record_many
from webapp.fleet.actions.announcing import FLEET
from webapp.kit.db import rows
from webapp.kit.events import announce
from webapp.kit.ids import new_id
from webapp.kit.permissions import Actor
from webapp.tasks.actions.assigning import note_assigned

COLUMNS = {"id": "uuid", "organization_id": "uuid", "site_id": "uuid", "advisory_id": "bigint", "module_id": "bigint", "title": "text",
           "description": "text", "priority": "text", "due_date": "date", "assignee_id": "uuid", "rule_id": "uuid"}
INSERT = f"""
INSERT INTO tasks ({", ".join(COLUMNS)}, created_at, created_by, updated_at, updated_by)
SELECT {", ".join(f"u.{name}" for name in COLUMNS)}, :at, :by, :at, :by
FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in COLUMNS.items())}) AS u ({", ".join(COLUMNS)})
ON CONFLICT (site_id, advisory_id) WHERE rule_id IS NOT NULL DO NOTHING RETURNING id
"""  # noqa: S608 (names from constants)


@dataclass(slots=True)
class Draft:
    """A task of an organization before it is written."""

    organization_id: UUID
    title: str
    priority: str
    site_id: UUID | None = None
    advisory_id: int | None = None
    module_id: int | None = None
    description: str = ""
    due_date: date | None = None
    assignee_id: UUID | None = None
    rule_id: UUID | None = None
    id: UUID = field(default_factory=new_id)


def write_drafts(actor: Actor, drafts: Sequence[Draft], at: datetime) -> list[Draft]:
    """Writes these tasks in one statement, with a row in the audit log each, and gives those that were written.

    What a rule has made meanwhile for the same site and advisory is not made again.
    """
    if not drafts:
        return []
    columns: dict[str, list[Any]] = {name: [getattr(draft, name) for draft in drafts] for name in COLUMNS}
    written = {row.id for row in rows(INSERT, at=at, by=actor.id, **columns)}
    made = [draft for draft in drafts if draft.id in written]
    record_many(actor, [Event("task.created", "Task", draft.id, draft.organization_id, _said(draft)) for draft in made])
    tell_of_many("task.created", Counter(draft.organization_id for draft in made), at)
    note_assigned(actor, made, at)
    return made


def _said(draft: Draft) -> dict[str, list[Any]]:
    values = {name: plain(value) for name, value in asdict(draft).items() if name not in ("id", "organization_id")}
    return {name: [None, value] for name, value in values.items() if value not in (None, "")}


def tell_of_many(kind: str, counts: Counter[UUID], at: datetime) -> None:
    """Announces to each organization how many of its tasks this happened to."""
    for place, count in sorted(counts.items(), key=str):
        announce(kind, (f"org:{place}", FLEET), {"organization_id": str(place), "tasks": count}, at, place)
