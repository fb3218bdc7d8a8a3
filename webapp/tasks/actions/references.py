"""What a task may refer to: only what the actor sees, and in the task's own organization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.queries import get_organization
from webapp.catalog.models import Module
from webapp.exposure.queries.advisories import get_advisory_alone
from webapp.fleet.models import Site
from webapp.fleet.policy import visible_sites
from webapp.fleet.queries import may_own
from webapp.fleet.queries.modules import get_module
from webapp.kit.db import db
from webapp.kit.errors import Invalid, NotFound
from webapp.kit.permissions import Actor, Permission
from webapp.tasks.models import Task

NO_SUCH = {"site_id": "There is no such site.", "advisory_id": "There is no such advisory.", "module_id": "There is no such module.",
           "organization_id": "There is no such organization."}


def place_of(actor: Actor, body: Mapping[str, Any]) -> UUID | None:
    """The organization that a body puts a task in: that of its site, or the one that it names; None where it names neither."""
    named: UUID | None = body.get("organization_id")
    if named is not None:
        _seen("organization_id", lambda: get_organization(actor, named, lock="share"))
    site_id: UUID | None = body.get("site_id")
    if site_id is None:
        return named
    place = _place_of_site(actor, site_id)
    if named not in (None, place):
        raise Invalid.at("site_id", "This site belongs to another organization.")
    return place


def _place_of_site(actor: Actor, site_id: UUID) -> UUID:
    statement = visible_sites(actor, Permission.TASK_READ).with_only_columns(Site.organization_id).where(Site.id == site_id)
    found: UUID | None = db.session.scalar(statement.with_for_update(read=True, key_share=True, of=Site))
    if found is None:
        raise Invalid.at("site_id", NO_SUCH["site_id"])
    return found


def keys_of(actor: Actor, body: Mapping[str, Any], task: Task | None = None) -> dict[str, Any]:
    """The body with the keys of advisory and module in place of their public ids. What a task refers to already it may keep."""
    found = dict(body)
    if (public := found.get("advisory_id")) is not None:
        kept = task is not None and task.shown_advisory_id == public  # type: ignore[attr-defined]
        found["advisory_id"] = task.advisory_id if task and kept else _seen(
            "advisory_id", lambda: get_advisory_alone(actor, public)).id
    if (public := found.get("module_id")) is not None:
        kept = task is not None and task.shown_module_id == public  # type: ignore[attr-defined]
        found["module_id"] = task.module_id if task and kept else _module(actor, public)
    return found


def _module(actor: Actor, public: UUID) -> int:
    _seen("module_id", lambda: get_module(actor, public))
    return int(db.session.scalars(select(Module.id).where(Module.public_id == public)).one())


def _seen(field: str, look: Any) -> Any:
    try:
        return look()
    except NotFound:
        raise Invalid.at(field, NO_SUCH[field]) from None


def check_assignee(assignee_id: UUID | None, organization_id: UUID | None, owner_id: UUID | None) -> None:
    """Invalid unless this person belongs to the task's organization; of a task of one's own, unless it is oneself."""
    if assignee_id is None:
        return
    if organization_id is None:
        if assignee_id != owner_id:
            raise Invalid.at("assignee_id", "A task of your own is nobody else's. Say which site or organization it belongs to.")
    elif not may_own(assignee_id, [organization_id]):
        raise Invalid.at("assignee_id", "This person does not belong to the organization.")
