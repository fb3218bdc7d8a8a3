"""What can be chosen in forms about tasks: organizations, sites, people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from webapp.accounts.models import Membership, Organization, User
from webapp.accounts.policy import visible_organizations
from webapp.catalog.models import Advisory
from webapp.fleet.models import Site
from webapp.fleet.policy import visible_sites
from webapp.kit.db import db
from webapp.kit.permissions import Actor, Permission
from webapp.tasks.models import Task

NAME = func.coalesce(func.nullif(User.full_name, ""), User.email)
MOST = 500


def find_places(actor: Actor) -> list[Any]:
    """The organizations in which the actor may make tasks, as `id` and `name`."""
    where = actor.organizations(Permission.TASK_EDIT)
    statement = visible_organizations(actor).with_only_columns(Organization.id, Organization.name)
    if where is not None:
        statement = statement.where(Organization.id.in_(where))
    return list(db.session.execute(statement.order_by(func.lower(Organization.name)).limit(MOST)))


def find_sites_to_choose(actor: Actor, task: Task | None, picked: Any) -> list[dict[str, Any]]:
    """The sites that a task may be about, by name: of its organization; the one that is there, or was picked, always."""
    statement = visible_sites(actor, Permission.TASK_EDIT).join(Organization, Organization.id == Site.organization_id)
    if task is not None and task.organization_id is not None:
        statement = statement.where(Site.organization_id == task.organization_id)
    shown = statement.with_only_columns(Site.id, Site.name, Organization.name.label("place"))
    kept = [each for each in (task.site_id if task else None, _id(picked)) if each]
    found = list(db.session.execute(shown.order_by(Site.id.in_(kept).desc(), func.lower(Site.name)).limit(MOST)))
    several = len({row.place for row in found}) > 1
    return [{"value": row.id, "label": f"{row.name}, {row.place}" if several else row.name}
            for row in sorted(found, key=lambda row: row.name.lower())]


def find_assignees(actor: Actor, organization_id: UUID | None) -> list[dict[str, Any]]:
    """The people of that organization (of all in which the actor may change tasks, without one) and the actor, by name."""
    where = actor.organizations(Permission.TASK_EDIT)
    inside = select(Membership.user_id).where(Membership.deleted_at.is_(None))
    if organization_id is not None:
        inside = inside.where(Membership.organization_id == organization_id)
    if where is not None:
        inside = inside.where(Membership.organization_id.in_(where))
    statement = select(User.id, NAME.label("name")).where(or_(User.id.in_(inside), User.id == actor.id), User.deleted_at.is_(None))
    return [{"value": str(row.id), "label": row.name} for row in db.session.execute(statement.order_by(func.lower(NAME)).limit(MOST))]


def advisory_name(public_id: Any) -> str | None:
    """What an advisory is called; None where there is none of this id."""
    key = _id(public_id)
    return db.session.scalar(select(Advisory.name).where(Advisory.public_id == key)) if key else None


def _id(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
