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

EQUAL = {name: getattr(AuditRow, name) for name in (
    "status", "actor_id", "action", "resource_type", "resource_id", "request_id", "organization_id")}
RECENT = 2000
"""How many of the newest rows tell which filters to offer: a look at all of them would cost more with every year."""
NAMES = {
    "api_key": "SELECT id, name AS name, true AS open FROM api_keys WHERE id = ANY(CAST(:api_key AS uuid[]))",
    "organization": """
        SELECT id, name AS name, deleted_at IS NULL OR :everything AS open
        FROM organizations WHERE id = ANY(CAST(:organization AS uuid[]))""",
    "patch_run": """
        SELECT r.id, s.name AS name, s.deleted_at IS NULL AS open
        FROM patch_runs r JOIN sites s ON s.id = r.site_id WHERE r.id = ANY(CAST(:patch_run AS uuid[]))""",
    "site": "SELECT id, name AS name, deleted_at IS NULL AS open FROM sites WHERE id = ANY(CAST(:site AS uuid[]))",
    "user": """
        SELECT id, coalesce(nullif(full_name, ''), email) AS name, deleted_at IS NULL AND (:everything OR EXISTS (
            SELECT 1 FROM memberships m WHERE m.user_id = users.id AND m.deleted_at IS NULL)) AS open
        FROM users WHERE id = ANY(CAST(:user AS uuid[]))""",
}
"""By kind of resource: its name, and whether the actor (of `everything`, or of what the walls show) can open it."""


class Words(NamedTuple):
    """Actions, kinds of resources, and actors as (id, label)."""

    actions: list[str]
    kinds: list[str]
    actors: list[tuple[str, str]]


class Named(NamedTuple):
    """What a thing is called now, and whether the actor can open its page."""

    name: str
    is_open: bool


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
    """What menus of filters offer: who did what to which kinds of thing, in the newest rows that the actor sees."""
    newest = visible_rows(actor).with_only_columns(
        AuditRow.action, AuditRow.resource_type, AuditRow.actor_id, AuditRow.actor_label)
    if "organization_id" in asked:
        newest = newest.where(AuditRow.organization_id == asked["organization_id"])
    recent = newest.order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(RECENT).subquery()
    found = db.session.execute(select(recent).distinct()).all()
    people = {str(row.actor_id): row.actor_label for row in found if row.actor_id}
    return Words(sorted({row.action for row in found}), sorted({row.resource_type for row in found}),
                 sorted(people.items(), key=lambda each: each[1].lower()))


def find_names(actor: Actor, audited: Sequence[AuditRow]) -> dict[UUID, Named]:
    """The present names of the things and organizations that the rows are about, by id, in one statement."""
    wanted: dict[str, set[UUID]] = {}
    for row in audited:
        for kind, key in ((row.resource_type, row.resource_id), ("organization", row.organization_id)):
            if key is not None and kind in NAMES:
                wanted.setdefault(kind, set()).add(key)
    if not wanted:
        return {}
    statement = " UNION ALL ".join(NAMES[kind] for kind in sorted(wanted))
    given: dict[str, Any] = {kind: list(keys) for kind, keys in wanted.items()}
    return {row.id: Named(row.name, row.open) for row in rows(statement, everything=actor.sees_all, **given)}


def get_row(actor: Actor, row_id: UUID, lock: bool = False) -> AuditRow:
    """One row, or NotFound."""
    row = db.session.scalar(visible_rows(actor).where(AuditRow.id == row_id))
    if row is None:
        raise NotFound()
    return row
