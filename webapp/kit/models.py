"""Tables of the kit: answers kept for repeated POSTs, and work that waits for a worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base


class IdempotencyKey(Base):
    """The answer to a POST, kept for 24 hours; one row a caller and key."""

    __tablename__ = "idempotency_keys"

    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    location: Mapped[str | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


class JobOutbox(Base):
    """Work for a worker, written in the transaction that asks for it; Redis only carries its id.

    `attempt` is a fence: only the worker that holds the newest attempt may finish the work.
    """

    __tablename__ = "job_outbox"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
        Index("ix_job_outbox_unfinished", "state", "created_at", postgresql_where=text("state IN ('waiting', 'queued', 'running')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    queue: Mapped[str] = mapped_column(server_default="default")
    state: Mapped[str] = mapped_column(server_default="waiting")
    attempt: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime]
    queued_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]
