"""Reading the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from webapp.audit.models import AuditRow
from webapp.audit.policy import visible_rows
from webapp.kit.db import db, rows
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor

EQUAL = {"status": AuditRow.status, "actor_id": AuditRow.actor_id, "action": AuditRow.action, "resource_type": AuditRow.resource_type,
         "resource_id": AuditRow.resource_id, "request_id": AuditRow.request_id, "organization_id": AuditRow.organization_id}
RECENT = 2000
"""How many of the newest rows tell which filters to offer: a look at all of them would cost more with every year."""
NAMES = {
    "api_key": "SELECT id, name FROM api_keys WHERE id = ANY(CAST(:api_key AS uuid[]))",
    "organization": "SELECT id, name FROM organizations WHERE id = ANY(CAST(:organization AS uuid[]))",
    "site": "SELECT id, name FROM sites WHERE id = ANY(CAST(:site AS uuid[]))",
    "user": "SELECT id, coalesce(nullif(full_name, ''), email) AS name FROM users WHERE id = ANY(CAST(:user AS uuid[]))",
}


class Words(NamedTuple):
    """Actions, kinds of resources, and actors as (id, label)."""

    actions: list[str]
    kinds: list[str]
    actors: list[tuple[str, str]]


def find_rows(actor: Actor, asked: dict[str, Any]) -> Listing:
    """The rows that match, newest first."""
    statement = visible_rows(actor)
    for name, column in EQUAL.items():
        if name in asked:
            statement = statement.where(column == asked[name])
    if "since" in asked:
        statement = statement.where(AuditRow.at >= asked["since"])
    if "until" in asked:
        statement = statement.where(AuditRow.at < asked["until"])
    if asked.get("q"):
        statement = statement.where(AuditRow.actor_label.icontains(asked["q"], autoescape=True)
                                    | AuditRow.action.icontains(asked["q"], autoescape=True))
    return Listing(statement, {"at": AuditRow.at}, "-at", AuditRow.id.desc(), cursor=(AuditRow.at, AuditRow.id))


def find_words(actor: Actor, asked: dict[str, Any]) -> Words:
    """What a menu of filters offers: who did what to which kinds of thing, among the newest rows that the actor sees."""
    newest = visible_rows(actor).with_only_columns(
        AuditRow.action, AuditRow.resource_type, AuditRow.actor_id, AuditRow.actor_label)
    if "organization_id" in asked:
        newest = newest.where(AuditRow.organization_id == asked["organization_id"])
    recent = newest.order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(RECENT).subquery()
    found = db.session.execute(select(recent).distinct()).all()
    people = {str(row.actor_id): row.actor_label for row in found if row.actor_id}
    return Words(sorted({row.action for row in found}), sorted({row.resource_type for row in found}),
                 sorted(people.items(), key=lambda each: each[1].lower()))


def find_names(audited: Sequence[AuditRow]) -> dict[UUID, str]:
    """The present names of the things and organizations that the rows are about, by id, in one statement."""
    wanted: dict[str, set[UUID]] = {}
    for row in audited:
        for kind, key in ((row.resource_type, row.resource_id), ("organization", row.organization_id)):
            if key is not None and kind in NAMES:
                wanted.setdefault(kind, set()).add(key)
    if not wanted:
        return {}
    kinds = sorted(wanted)
    statement = " UNION ALL ".join(NAMES[kind] for kind in kinds)
    return {row.id: row.name for row in rows(statement, **{kind: list(wanted[kind]) for kind in kinds})}


def get_row(actor: Actor, row_id: UUID, lock: bool = False) -> AuditRow:
    """One row, or NotFound."""
    row = db.session.scalar(visible_rows(actor).where(AuditRow.id == row_id))
    if row is None:
        raise NotFound()
    return row  # type: ignore[no-any-return]
