"""Sealing the audit log: what was committed is linked into the chain, in one order, by one process at a time.

Writers do not wait for each other and know nothing of the chain: a trigger notes each new row in `audit_unsealed`, and this
takes from there. A row whose transaction commits late is seen late, and sealed then; its place in the chain is where it was
sealed (docs/decisions/0011-audit-chain.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, tuple_

from webapp.audit.models import AuditCheck, AuditRow, AuditSeal, AuditUnsealed
from webapp.audit.queries.chain import find_head
from webapp.audit.values import Verdict, link, mac_of
from webapp.kit.db import db, rows
from webapp.kit.ids import new_id

PORTION = 500
LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('patchboard audit seals')) AS taken"


def seal(key: bytes, most: int = PORTION) -> int:
    """Seals up to `most` rows that wait, oldest first, and tells how many; none while another process is at it.

    One transaction, which the caller commits. A row that waits but is gone stays noted: the check of the chain names it.
    """
    if not rows(LOCK)[0].taken:
        return 0
    waiting = db.session.scalars(
        select(AuditRow).join(AuditUnsealed, (AuditUnsealed.row_at == AuditRow.at) & (AuditUnsealed.row_id == AuditRow.id))
        .order_by(AuditUnsealed.row_at, AuditUnsealed.row_id).limit(most)
        .execution_options(populate_existing=True)).all()
    if not waiting:
        return 0
    db.session.execute(insert(AuditSeal), _links(key, waiting))
    sealed = [(row.at, row.id) for row in waiting]
    db.session.execute(delete(AuditUnsealed).where(tuple_(AuditUnsealed.row_at, AuditUnsealed.row_id).in_(sealed))
                       .execution_options(synchronize_session=False))
    db.session.expunge_all()
    return len(waiting)


def _links(key: bytes, waiting: Sequence[AuditRow]) -> list[dict[str, Any]]:
    """The links for these rows after the head of the chain, at the database's time."""
    head, sealed_at = find_head(), rows("SELECT now() AS at")[0].at
    position, before, links = head.position, head.hash, []
    for row in waiting:
        position += 1
        before = link(key, before, position, mac_of(key, row))
        links.append({"position": position, "sealed_at": sealed_at, "row_id": row.id, "row_at": row.at, "hash": before})
    return links


def note_check(found: Verdict, at: datetime) -> AuditCheck:
    """Keeps what a check of the chain has found; its head binds every later check."""
    check = AuditCheck(id=new_id(), at=at, position=found.head.position, hash=found.head.hash, unsealed=found.unsealed,
                       findings=found.findings, first_finding=str(found.first) if found.first else None)
    db.session.add(check)
    db.session.flush()
    return check
