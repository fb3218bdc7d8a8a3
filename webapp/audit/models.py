"""The audit log: append-only, partitioned by month; the chain that seals it; what checks of the chain have found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base


class AuditRow(Base):
    """Who did what to what, when, from where; `changes` is `{field: [before, after]}` and never holds a secret.

    `mac` is the keyed digest of all the rest (`values.mac_of`): nobody who has only the database can write one.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_organization_id_at", "organization_id", "at", "id"),
        Index("ix_audit_log_at_id", "at", "id"),
        Index("ix_audit_log_resource_id", "resource_id"),
        Index("ix_audit_log_request_id", "request_id"),
        Index("ix_audit_log_actor_id_at", "actor_id", "at"),
        Index("ix_audit_log_action_at", "action", "at"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_label: Mapped[str]
    action: Mapped[str]
    resource_type: Mapped[str]
    resource_id: Mapped[UUID | None]
    organization_id: Mapped[UUID | None]
    status: Mapped[str]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    request_id: Mapped[str | None]
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    mac: Mapped[bytes | None] = mapped_column(LargeBinary)


class AuditUnsealed(Base):
    """A committed row that waits for its seal. A trigger of `audit_log` writes it in the transaction of the row.

    A row of this table is seen when the audit row is, however late its transaction commits: none can be left out.
    """

    __tablename__ = "audit_unsealed"

    row_at: Mapped[datetime] = mapped_column(primary_key=True)
    row_id: Mapped[UUID] = mapped_column(primary_key=True)


class AuditSeal(Base):
    """One link of the chain: `hash` is keyed, over the link before, the position and the row (`values.link`)."""

    __tablename__ = "audit_seals"
    __table_args__ = (Index("ix_audit_seals_row_id", "row_id"), {"postgresql_partition_by": "RANGE (sealed_at)"})

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sealed_at: Mapped[datetime] = mapped_column(primary_key=True)
    row_id: Mapped[UUID]
    row_at: Mapped[datetime]
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditCheck(Base):
    """What one verification of the whole chain has found; `position` and `hash` are the head that it saw."""

    __tablename__ = "audit_checks"
    __table_args__ = (Index("ix_audit_checks_at", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    position: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    unsealed: Mapped[int] = mapped_column(BigInteger)
    findings: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    first_finding: Mapped[str | None]
