"""Who may read the audit log: admins their organization's rows, superusers all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from webapp.audit.models import AuditRow
from webapp.kit.permissions import Actor, Permission


def visible_rows(actor: Actor) -> Select[Any]:
    """The rows of the organizations that the actor administers."""
    where = actor.organizations(Permission.AUDIT_READ)
    statement = select(AuditRow)
    return statement if where is None else statement.where(AuditRow.organization_id.in_(where))
