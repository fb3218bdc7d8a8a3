"""Tables of the kit: answers kept for repeated POSTs, and work that waits for a worker."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Double, Index, LargeBinary, text
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

    `attempt` is a fence: only the worker that holds the newest attempt may finish the work. Work that was put off waits until
    `not_before`; `postponed` counts how often that was. Work that had failed and is asked for again has `attempts_before` that no
    longer count. `queued_at` and `heartbeat_at` are by the database's clock alone: processes may disagree on the time.
    """

    __tablename__ = "job_outbox"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
        Index("ix_job_outbox_created_at_id", "created_at", "id"),
        Index("ix_job_outbox_unfinished", "state", "created_at", postgresql_where=text("state IN ('waiting', 'queued', 'running')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    queue: Mapped[str] = mapped_column(server_default="default")
    state: Mapped[str] = mapped_column(server_default="waiting")
    attempt: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime]
    queued_at: Mapped[datetime | None] = mapped_column(server_default=text("now()"))
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    postponed: Mapped[int] = mapped_column(server_default="0")
    attempts_before: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]


class ApiUsage(Base):
    """What one caller asked of one route on one day: how often, how often in vain (4xx, 5xx), and how long it took.

    `caller` is `api_key:…`, `user:…` or `anonymous`. The buckets count requests by their time, each for itself.
    """

    __tablename__ = "api_usage"
    __table_args__ = (Index("ix_api_usage_caller_id_day", "caller_id", "day"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    caller: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    caller_kind: Mapped[str]
    caller_id: Mapped[UUID | None]
    requests: Mapped[int] = mapped_column(BigInteger, server_default="0")
    errors: Mapped[int] = mapped_column(BigInteger, server_default="0")
    seconds: Mapped[float] = mapped_column(Double, server_default="0")
    under_10ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    under_50ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    under_100ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    under_250ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    under_500ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    under_1s: Mapped[int] = mapped_column(BigInteger, server_default="0")
    under_5s: Mapped[int] = mapped_column(BigInteger, server_default="0")
    longer: Mapped[int] = mapped_column(BigInteger, server_default="0")
