"""Webhook endpoints, where providers tell of what happens, and the deliveries that came to them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base, Resource
from webapp.kit.ids import new_id
from webapp.kit.secrets import EncryptedText


class WebhookEndpoint(Resource, Base):
    """Where one provider tells one organization of what happens in its repositories.

    Secrets are kept encrypted: GitHub's signatures are made anew to be compared. After a rotation the former one is good too, until
    `former_until`.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        UniqueConstraint("id", "organization_id"),
        CheckConstraint("provider IN ('github', 'gitlab')", name="provider"),
        Index("ix_webhook_endpoints_organization_id_created_at", "organization_id", "created_at"),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str]
    provider: Mapped[str]
    signing_secret: Mapped[str] = mapped_column(EncryptedText)
    former_secret: Mapped[str | None] = mapped_column(EncryptedText)
    former_until: Mapped[datetime | None]


class WebhookDelivery(Base):
    """One delivery to an endpoint, kept once by the id that its sender gave it, whatever comes how often.

    `body` is what it said, as JSON, until that is forgotten after its time; then it cannot be read again. `outcome` is a sentence on what
    was made of it. `replays` counts how often somebody asked for it to be read again.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(["endpoint_id", "organization_id"], ["webhook_endpoints.id", "webhook_endpoints.organization_id"]),
        CheckConstraint("state IN ('waiting', 'done', 'ignored', 'failed')", name="state"),
        Index("uq_webhook_deliveries_delivery_id", "endpoint_id", "delivery_id", unique=True),
        Index("ix_webhook_deliveries_endpoint_id_received_at", "endpoint_id", "received_at", "id"),
        Index("ix_webhook_deliveries_organization_id", "organization_id"),
        Index("ix_webhook_deliveries_kept", "received_at", postgresql_where=text("body IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID]
    endpoint_id: Mapped[UUID]
    delivery_id: Mapped[str]
    event: Mapped[str]
    action: Mapped[str | None]
    repository: Mapped[str | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    bytes_count: Mapped[int]
    received_at: Mapped[datetime]
    state: Mapped[str]
    outcome: Mapped[str | None]
    finished_at: Mapped[datetime | None]
    replays: Mapped[int] = mapped_column(server_default="0")
