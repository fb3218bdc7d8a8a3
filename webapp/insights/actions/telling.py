"""Facts that are told of resources: each known once by its source and what that calls it, whoever repeats it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import select, tuple_

from webapp.audit.actions import record
from webapp.insights.actions.writing import Receipt
from webapp.kit.db import Resource, db, execute
from webapp.kit.errors import Invalid
from webapp.kit.ids import new_id
from webapp.kit.permissions import Actor

ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"
AHEAD: Final = timedelta(minutes=5)
Row = TypeVar("Row", bound=Resource)
Values = Mapping[str, Any]
Key = tuple[UUID, str, str]


def tell(actor: Actor, kind: type[Row], told: Sequence[Values], at: datetime, word: str,
         merge: Callable[[Row, Values], Values] = lambda _, values: values) -> tuple[list[Row], Receipt]:
    """Writes these rows of one kind (all their columns but those of audit), in their order, and says what was new of them.

    A row that is known by `source` and `external_id` in its organization is changed to what is told now; `merge` may hold back what
    is settled. One that was deleted stays so, unchanged. Two who tell at once wait for each other, so that nothing is known twice.
    """
    made: Callable[..., Row] = kind
    values = [_named(each) for each in told]
    for organization_id in sorted({each["organization_id"] for each in values}, key=str):
        execute(ALONE, name=f"{word}:{organization_id}")
    known = _known(kind, [_key(each) for each in values])
    found: list[Row] = []
    added: set[UUID] = set()
    changed: set[UUID] = set()
    for each in values:
        row = known.get(_key(each))
        if row is None:
            row = made(created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id, **each)
            known[_key(each)] = row
            db.session.add(row)
            record(actor, f"{word}.recorded", row)
            added.add(row.id)
        elif row.deleted_at is None and _write(actor, row, merge(row, each), at, f"{word}.changed") and row.id not in added:
            changed.add(row.id)
        found.append(row)
    db.session.flush()
    return found, Receipt(len(found), len(added), len(changed))


def check_past(values: Values, names: Sequence[str], at: datetime) -> None:
    """Invalid for what happened more than five minutes from now."""
    for name in names:
        if values.get(name) is not None and values[name] > at + AHEAD:
            raise Invalid.at(name, "This lies more than five minutes in the future.")


def _named(values: Values) -> dict[str, Any]:
    return {**values, "external_id": values.get("external_id") or str(new_id())}


def _key(values: Values) -> Key:
    return values["organization_id"], values["source"], values["external_id"]


def _known(kind: Any, keys: Sequence[Key]) -> dict[Key, Any]:
    which = tuple_(kind.organization_id, kind.source, kind.external_id)
    held = db.session.scalars(select(kind).where(which.in_(keys)).with_for_update())
    return {(row.organization_id, row.source, row.external_id): row for row in held}


def _write(actor: Actor, row: Any, values: Values, at: datetime, action: str) -> bool:
    """Sets what differs, and records it; whether anything did."""
    differs = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not differs:
        return False
    for name, value in differs.items():
        setattr(row, name, value)
    row.updated_at, row.updated_by = at, actor.id
    record(actor, action, row)
    return True
