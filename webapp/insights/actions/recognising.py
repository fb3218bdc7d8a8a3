"""Recognising people: whose identity this is, by address or provider's id; who was never seen before becomes a developer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, tuple_

from webapp.accounts.models import Membership, User
from webapp.insights.models import Developer, DeveloperIdentity
from webapp.insights.values.identities import Identity, IdentityKind
from webapp.kit.db import db, execute
from webapp.kit.ids import new_id

ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"
Key = tuple[str, str]


def recognise(organization_id: UUID, identities: Iterable[Identity | None], at: datetime) -> dict[Key, UUID]:
    """The ids of these identities in the organization, by kind and value; those that are new are made, each with a developer.

    A few statements, however many there are. Only one transaction at a time makes new ones in an organization, so that nobody
    becomes two.
    """
    wanted = {each.key: each for each in identities if each is not None}
    known = _known(organization_id, wanted.keys())
    if len(known) < len(wanted):
        execute(ALONE, name=f"developers:{organization_id}")
        known = _known(organization_id, wanted.keys())
        known |= _make(organization_id, [each for key, each in wanted.items() if key not in known], at)
    return known


def _known(organization_id: UUID, keys: Iterable[Key]) -> dict[Key, UUID]:
    which = tuple_(DeveloperIdentity.kind, DeveloperIdentity.value)
    found = db.session.execute(select(DeveloperIdentity.kind, DeveloperIdentity.value, DeveloperIdentity.id).where(
        DeveloperIdentity.organization_id == organization_id, which.in_(list(keys))))
    return {(row.kind, row.value): row.id for row in found}


def _make(organization_id: UUID, identities: list[Identity], at: datetime) -> dict[Key, UUID]:
    if not identities:
        return {}
    last = db.session.scalar(select(func.max(Developer.number)).where(Developer.organization_id == organization_id)) or 0
    accounts = _accounts(organization_id, [each.value for each in identities if each.kind is IdentityKind.EMAIL])
    people: list[dict[str, Any]] = []
    known_by: list[dict[str, Any]] = []
    for number, each in enumerate(identities, last + 1):
        developer_id = new_id()
        people.append({"id": developer_id, "organization_id": organization_id, "number": number, "name": each.name or each.value,
                       "is_bot": each.is_bot, "user_id": accounts.get(each.value), "created_at": at, "updated_at": at})
        known_by.append({"id": new_id(), "organization_id": organization_id, "developer_id": developer_id, "home_id": developer_id,
                         "kind": each.kind.value, "value": each.value, "name": each.name})
    db.session.execute(insert(Developer), people)
    db.session.execute(insert(DeveloperIdentity), known_by)
    return {(each["kind"], each["value"]): each["id"] for each in known_by}


def _accounts(organization_id: UUID, addresses: list[str]) -> dict[str, UUID]:
    """Whose accounts of the organization these addresses are at this moment: a link that is made once, and never by a later change."""
    found = db.session.execute(
        select(func.lower(User.email).label("address"), User.id).join(Membership, Membership.user_id == User.id)
        .where(Membership.organization_id == organization_id, Membership.deleted_at.is_(None), User.deleted_at.is_(None),
               func.lower(User.email).in_(addresses)))
    return {row.address: row.id for row in found}
