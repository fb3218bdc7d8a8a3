"""What holds for whatever belongs to an organization: its name is its own there, and it comes back only where the organization is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from webapp.accounts.models import Organization
from webapp.kit.db import db
from webapp.kit.errors import Conflict


def refuse_taken_name(kind: Any, organization_id: UUID, name: str, said: str) -> None:
    """Conflict at `name`, in these words, where the organization has one of this kind and name, in whatever case."""
    taken = select(kind.id).where(kind.organization_id == organization_id, func.lower(kind.name) == func.lower(name),
                                  kind.deleted_at.is_(None))
    if db.session.scalar(taken):
        raise Conflict(said, [{"field": "name", "message": said}])


def refuse_deleted_organization(organization_id: UUID) -> None:
    """Conflict where the organization is deleted: what belongs to it comes back after it."""
    if db.session.scalar(select(Organization.deleted_at).where(Organization.id == organization_id)):
        raise Conflict("Its organization is deleted. Restore that first.")
