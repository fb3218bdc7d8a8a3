"""A person's calendar address: made, renewed and taken back by themselves; its secret is shown once."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import select

from webapp.accounts.queries.standing import actor_by_id
from webapp.accounts.values import digest_of
from webapp.audit.actions import record
from webapp.kit.db import ALL, beyond_walls, db, enter_scope, scope_of
from webapp.kit.errors import NotFound
from webapp.kit.permissions import Actor, Permission
from webapp.tasks.models import Task, TaskCalendar
from webapp.tasks.queries.tasks import find_tasks

SALT = b"patchboard task calendar"
SECRET_BYTES = 24
MOST = 2000


def open_calendar(actor: Actor, server_key: str, at: datetime) -> str:
    """Makes a new secret for the actor's calendar, in the place of the one before, and gives it this once."""
    actor.require(Permission.OWN_ACCOUNT)
    assert actor.id is not None
    token = secrets.token_urlsafe(SECRET_BYTES)
    calendar = db.session.get(TaskCalendar, actor.id) or TaskCalendar(user_id=actor.id)
    calendar.token_hash, calendar.created_at = digest_of(token, server_key, SALT), at
    db.session.add(calendar)
    record(actor, "task_calendar.opened", "task_calendar", resource_id=actor.id)
    db.session.flush()
    return token


def close_calendar(actor: Actor) -> None:
    """Takes the address back, if there is one: whoever has it reads nothing any more."""
    actor.require(Permission.OWN_ACCOUNT)
    calendar = db.session.get(TaskCalendar, actor.id)
    if calendar is not None:
        db.session.delete(calendar)
        record(actor, "task_calendar.closed", "task_calendar", resource_id=actor.id)
        db.session.flush()


def read_calendar(token: str, server_key: str, at: datetime) -> list[Task]:
    """The open tasks with a day that are for the owner of this secret to do, as they may see them now; NotFound for any other secret.

    The walls are those of the owner afterwards.
    """
    held = select(TaskCalendar.user_id).where(TaskCalendar.token_hash == digest_of(token, server_key, SALT))
    with beyond_walls():
        user_id = db.session.scalar(held)
        owner = actor_by_id(user_id, at) if user_id else None
    if owner is None or not owner.is_person:
        raise NotFound()
    enter_scope(ALL if owner.sees_all else scope_of(owner.roles), str(owner.id))
    listing = find_tasks(owner, {"mine": True, "open": True, "dated": True}, at.date())
    return listing.fetch(listing.ordered(["due_date"]).limit(MOST))
