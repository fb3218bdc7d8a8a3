"""Writing the audit log: one row for each write, in the transaction of the write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import inspect

from webapp.audit.models import AuditRow
from webapp.audit.values import FIELDS, Entry, mac_of
from webapp.kit import security
from webapp.kit.clock import now, stamp
from webapp.kit.db import ALL, Base, after_commit, db, execute, unit_of_work
from webapp.kit.errors import PermissionDenied
from webapp.kit.ids import new_id
from webapp.kit.keys import audit_keys
from webapp.kit.permissions import Actor

SECRET = frozenset({"password_hash", "secret_hash", "signing_secret", "refresh_hash", "secret", "former_secret", "endpoint"})
NOISE = frozenset({"updated_at", "updated_by", "created_at", "created_by", "id"})
EDIT = ".changed"
Changes = Mapping[str, list[Any]]
EACH = {"id": "uuid", "action": "text", "resource_type": "text", "resource_id": "uuid", "organization_id": "uuid", "changes": "text",
        "mac": "bytea"}
SHARED = [name for name in FIELDS if name not in EACH]
TAKEN = ", ".join(f"CAST(u.{name} AS jsonb)" if name == "changes" else f"u.{name}" for name in EACH)
INSERT = f"""
INSERT INTO audit_log ({", ".join(SHARED)}, {", ".join(EACH)})
SELECT {", ".join(f":{name}" for name in SHARED)}, {TAKEN}
FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in EACH.items())}) AS u ({", ".join(EACH)})
"""  # noqa: S608 (names from constants)


def record(actor: Actor, action: str, resource: Any, *, organization_id: UUID | None = None, changes: Changes | None = None,
           status: str = "success", resource_id: UUID | None = None) -> None:
    """Writes down that `actor` did `action` (`site.registered`) to `resource`.

    `resource` is an object, or the name of its kind beside `resource_id`. `changes` defaults to what the session is about
    to write of the resource: call it before the flush that writes it.
    """
    kind, key = (resource, resource_id) if isinstance(resource, str) else (type(resource).__name__, resource.id)
    if changes is None:
        changes = {} if isinstance(resource, str) else changes_of(resource)
    if organization_id is None and not isinstance(resource, str):
        organization_id = resource.id if kind == "Organization" else getattr(resource, "organization_id", None)
    entry = _entry(actor, Event(action, kind, key, organization_id, changes), now(), status)
    db.session.add(AuditRow(mac=mac_of(audit_keys()[0], entry), **{name: getattr(entry, name) for name in FIELDS}))
    if security.is_event(action):
        _tell(actor, entry)


class Event(NamedTuple):
    """What was done to one of many things: `kind` names the thing's kind, `changes` what is different now."""

    action: str
    kind: str
    resource_id: UUID | None
    organization_id: UUID | None
    changes: Changes


def record_many(actor: Actor, events: Sequence[Event]) -> None:
    """Writes down many things that `actor` did, each with a row of its own, in one statement; they are written at once."""
    at, key = now(), audit_keys()[0]
    entries = [_entry(actor, event, at, "success") for event in events]
    if not entries:
        return
    columns: dict[str, list[Any]] = {name: [getattr(entry, name) for entry in entries] for name in EACH if name not in ("changes", "mac")}
    columns["changes"] = [orjson.dumps(entry.changes).decode() for entry in entries]
    execute(INSERT, **columns, **{name: getattr(entries[0], name) for name in SHARED}, mac=[mac_of(key, entry) for entry in entries])
    for entry in entries:
        if security.is_event(entry.action):
            _tell(actor, entry)


def _entry(actor: Actor, event: Event, at: datetime, status: str) -> Entry:
    return Entry(
        id=new_id(), at=at, actor_kind=actor.kind, actor_id=actor.id, actor_label=actor.label, action=event.action,
        resource_type=snake(event.kind), resource_id=event.resource_id, organization_id=event.organization_id, status=status,
        ip=actor.origin.ip, user_agent=actor.origin.user_agent, request_id=actor.origin.request_id, changes=dict(event.changes))


def record_refusal(actor: Actor, problem: PermissionDenied, resource: tuple[str, UUID | None], route: str) -> None:
    """Writes down that the actor may not do what they asked for, in a transaction of its own; `route` is the rule, not the path.

    Where it is not known in which organization it was refused, it is that of somebody who has only one: its admins see it.
    """
    where = problem.organization_id
    if where is None:
        own = {*actor.roles, *actor.grants}
        where = next(iter(own)) if len(own) == 1 else None
    kind, key = resource
    changes = {"route": [None, route], "reason": [None, problem.code], "needs": [None, problem.permission and str(problem.permission)]}
    with unit_of_work(ALL):
        record(actor, "permission.denied", kind, resource_id=key, organization_id=where, status="failure", changes=changes)


def _tell(actor: Actor, row: Entry) -> None:
    """Says in the log what is an event of security: a success once it is one, a failure at once, also if it is rolled back."""
    event = security.Event(row.action, row.status, row.resource_type, row.resource_id, row.organization_id)
    if row.status == "success":
        after_commit(lambda: security.tell(actor, event))
    else:
        security.tell(actor, event)


def change(actor: Actor, action: str, resource: Any, values: Mapping[str, Any], at: datetime) -> Any:
    """Sets these values on a resource, records what changed, and flushes; the resource comes back.

    An edit that says what is so already is none: it leaves no row in the log, and the resource as it was touched last.
    """
    _set(actor, action, resource, values, at)
    db.session.flush()
    return resource


def change_many(actor: Actor, action: str, wanted: Iterable[tuple[Any, Mapping[str, Any]]], at: datetime) -> None:
    """The same for many resources of one kind, each with its values and its own row, written together: few statements however many."""
    for resource, values in wanted:
        _set(actor, action, resource, values, at)
    db.session.flush()


def _set(actor: Actor, action: str, resource: Any, values: Mapping[str, Any], at: datetime) -> None:
    for name, value in values.items():
        setattr(resource, name, value)
    if is_idle(action, resource):
        return
    resource.updated_at, resource.updated_by = at, actor.id
    record(actor, action, resource)


def is_idle(action: str, resource: Base) -> bool:
    """Whether this is an edit (`….changed`) that changes nothing, secrets included. Other verbs (a key was rotated) tell of something
    that was done, whatever it did to the row.
    """
    return action.endswith(EDIT) and not _differences(resource)


def changes_of(resource: Base) -> dict[str, list[Any]]:
    """What has changed on an object since it was loaded, as `{field: [before, after]}`; secrets are left out."""
    return {name: change for name, change in _differences(resource).items() if name not in SECRET}


def _differences(resource: Base) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for attribute in inspect(resource).mapper.column_attrs:
        history = inspect(resource).attrs[attribute.key].history
        if attribute.key in NOISE or not history.has_changes():
            continue
        before = plain(history.deleted[0]) if history.deleted else None
        after = plain(history.added[0]) if history.added else None
        if before != after:
            found[attribute.key] = [before, after]
    return found


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (list, tuple, set)):
        return [plain(each) for each in value]
    return value


def snake(name: str) -> str:
    """`ApiKey` as `api_key`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
