"""How far the audit log is sealed, and when the chain was last found whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from webapp.audit.models import AuditCheck, AuditRow, AuditSeal, AuditUnsealed
from webapp.audit.values import Head
from webapp.kit.db import db


@dataclass(frozen=True, slots=True)
class ChainState:
    """The head of the chain, what waits for its seal, and the newest check; the words of a finding are for superusers."""

    head: Head
    sealed_at: datetime | None
    unsealed: int
    oldest_unsealed_at: datetime | None
    checked_at: datetime | None
    findings: int
    first_finding: str | None


def find_head() -> Head:
    """The last link; the genesis while nothing is sealed."""
    found = db.session.execute(select(AuditSeal.position, AuditSeal.hash).order_by(AuditSeal.position.desc()).limit(1)).first()
    return Head(found.position, bytes(found.hash)) if found else Head()


def find_chain_state() -> ChainState:
    """The state of the chain, in three statements that cost the same however long the log is."""
    last = db.session.execute(select(AuditSeal.position, AuditSeal.hash, AuditSeal.sealed_at)
                              .order_by(AuditSeal.position.desc()).limit(1)).first()
    waiting = db.session.execute(select(func.count().label("rows"), func.min(AuditUnsealed.row_at).label("oldest"))).one()
    check = db.session.scalar(select(AuditCheck).order_by(AuditCheck.at.desc()).limit(1))
    return ChainState(
        Head(last.position, bytes(last.hash)) if last else Head(), last.sealed_at if last else None, waiting.rows, waiting.oldest,
        check.at if check else None, check.findings if check else 0, check.first_finding if check else None)


def sealed_at(row: AuditRow) -> tuple[int, datetime] | None:
    """The position and the time at which a row was sealed; None while it waits."""
    found = db.session.execute(select(AuditSeal.position, AuditSeal.sealed_at).where(AuditSeal.row_id == row.id)).first()
    return (found.position, found.sealed_at) if found else None


def known_heads(most: int = 400) -> dict[int, bytes]:
    """The heads that earlier checks have seen, by position: the newest, over a year where there is one check a day."""
    newest = select(AuditCheck.position, AuditCheck.hash).where(AuditCheck.findings == 0).order_by(AuditCheck.at.desc()).limit(most)
    return {row.position: bytes(row.hash) for row in db.session.execute(newest) if row.position}


