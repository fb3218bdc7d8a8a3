"""Reading the audit log."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webapp.audit.models import AuditRow
from webapp.audit.policy import visible_rows
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor

EQUAL = {"status": AuditRow.status, "actor_id": AuditRow.actor_id, "action": AuditRow.action, "resource_type": AuditRow.resource_type,
         "resource_id": AuditRow.resource_id, "request_id": AuditRow.request_id, "organization_id": AuditRow.organization_id}


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


def get_row(actor: Actor, row_id: UUID, lock: bool = False) -> AuditRow:
    """One row, or NotFound."""
    row = db.session.scalar(visible_rows(actor).where(AuditRow.id == row_id))
    if row is None:
        raise NotFound()
    return row  # type: ignore[no-any-return]
