"""Who is exposed to what, from when to when, and what people have decided about it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, false, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base
from webapp.kit.ids import new_id

OPEN = text("ended_at IS NULL")


class Exposure(Base):
    """One site exposed to one advisory for a time: from the later of publication and installation until a report shows
    that no affected version is left (`ended_at` null: still).

    `n` counts the times: 2 is a hole that came back. Rows follow from what was installed and what was published; what people
    decide about them lies in `risk_decisions`, and `decision_id` names the decision in force. `version` is the newest one
    seen that is affected, `fixed_version` what ended it (null: the code is gone). `enabled` is false for code that is only
    there, and null where no report tells; `assumed` is true while it stays open only because the version that the site names now
    cannot be judged. `due_at` is the organization's deadline for the severity.
    """

    __tablename__ = "exposures"
    __table_args__ = (
        CheckConstraint("ended_at > started_at", name="not_empty"),
        Index("uq_exposures_site_id_advisory_id_n", "site_id", "advisory_id", "n", unique=True),
        Index("ix_exposures_advisory_id", "advisory_id", "organization_id"),
        Index("ix_exposures_organization_id_started_at", "organization_id", "started_at"),
        Index("ix_exposures_open", "organization_id", "due_at", postgresql_where=OPEN),
        Index("ix_exposures_open_site", "site_id", postgresql_where=OPEN),
        {"postgresql_with": {"fillfactor": "85"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("sites.id"))
    advisory_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("advisories.id"))
    module_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("modules.id"))
    n: Mapped[int] = mapped_column(Integer)
    version: Mapped[str]
    fixed_version: Mapped[str | None]
    enabled: Mapped[bool | None]
    assumed: Mapped[bool] = mapped_column(default=False, server_default=false())
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    opened_report_id: Mapped[UUID | None]
    closed_report_id: Mapped[UUID | None]
    decision_id: Mapped[UUID | None] = mapped_column(ForeignKey("risk_decisions.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RiskDecision(Base):
    """What people have decided about an advisory, for one site or for all of an organization (`site_id` null).

    It is in force from `approved_at` (at once, or when a second person approves) until `ended_at`; `expires_at` is when it
    ends by itself at the latest. It also ends when the advisory changes what it affects or how grave it is.
    """

    __tablename__ = "risk_decisions"
    __table_args__ = (
        CheckConstraint("kind IN ('accepted', 'false_positive')", name="kind"),
        CheckConstraint("ended_reason IN ('expired', 'advisory_changed', 'revoked', 'replaced', 'refused')", name="ended_reason"),
        Index("ix_risk_decisions_standing", "organization_id", "advisory_id", postgresql_where=OPEN),
        Index("ix_risk_decisions_advisory_id", "advisory_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    advisory_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("advisories.id"))
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str]
    reason: Mapped[str]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    ended_reason: Mapped[str | None]
