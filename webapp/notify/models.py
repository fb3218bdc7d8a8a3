"""Channels, rules, what happened, which message tells of it, and every try to deliver one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base, Resource
from webapp.kit.ids import new_id
from webapp.kit.secrets import EncryptedText

ACTIVE = text("deleted_at IS NULL")


class NotificationChannel(Resource, Base):
    """Where messages go: some e-mail addresses, a webhook, a room in Slack or Teams.

    `kind` names a file of `channels`. `endpoint` is where they are posted; `address` is as much of it as may be shown. While a
    webhook's secret is changed, two are valid: what is sent until `former_secret_until` is signed with both. `failures` counts tries
    in a row.
    """

    __tablename__ = "notification_channels"
    __table_args__ = (UniqueConstraint("id", "organization_id"),)  # what rules refer to, so that both lie in one organization

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str]
    kind: Mapped[str]
    recipients: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    address: Mapped[str] = mapped_column(server_default="")
    endpoint: Mapped[str | None] = mapped_column(EncryptedText)
    secret: Mapped[str | None] = mapped_column(EncryptedText)
    former_secret: Mapped[str | None] = mapped_column(EncryptedText)
    former_secret_until: Mapped[datetime | None]
    is_enabled: Mapped[bool] = mapped_column(server_default="true", default=True)
    disabled_reason: Mapped[str | None]
    failures: Mapped[int] = mapped_column(server_default="0", default=0)
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None]
    last_tried_at: Mapped[datetime | None]
    last_delivered_at: Mapped[datetime | None]


Index("uq_notification_channels_name", NotificationChannel.organization_id, func.lower(NotificationChannel.name), unique=True,
      postgresql_where=ACTIVE)


class NotificationRule(Resource, Base):
    """Who is told of what, and when: these happenings at these sites, through this channel.

    Empty `tags` and `environments` mean any; of several tags one is enough. `severity` is the least that an advisory must have.
    `hour` and `weekday` (1 is Monday) are of digests, in the time zone of the organization.
    """

    __tablename__ = "notification_rules"
    __table_args__ = (
        CheckConstraint("timing IN ('at_once', 'hourly', 'daily', 'weekly')", name="timing"),
        CheckConstraint("severity IN ('critical', 'high', 'moderate', 'low')", name="severity"),
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("cardinality(events) > 0", name="events"),
        ForeignKeyConstraint(["channel_id", "organization_id"], ["notification_channels.id", "notification_channels.organization_id"]),
        ForeignKeyConstraint(["team_id", "organization_id"], ["teams.id", "teams.organization_id"]),
        Index("ix_notification_rules_channel_id", "channel_id"),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str]
    channel_id: Mapped[UUID]
    events: Mapped[list[str]] = mapped_column(ARRAY(String))
    severity: Mapped[str | None]
    team_id: Mapped[UUID | None]
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    environments: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    timing: Mapped[str] = mapped_column(server_default="at_once")
    hour: Mapped[int] = mapped_column(server_default="8")
    weekday: Mapped[int] = mapped_column(server_default="1")
    is_enabled: Mapped[bool] = mapped_column(server_default="true", default=True)


Index("uq_notification_rules_name", NotificationRule.organization_id, func.lower(NotificationRule.name), unique=True,
      postgresql_where=ACTIVE)


class NotificationFact(Base):
    """Something of one kind that happened in one organization, to any number of things: written in the transaction of its cause.

    The arrays are one list of things, taken apart: the site, the advisory, another id, and a word for people, each or null.
    `matched_at` is when the rules have been asked.
    """

    __tablename__ = "notification_facts"
    __table_args__ = (
        CheckConstraint("cardinality(sites) = cardinality(advisories) AND cardinality(sites) = cardinality(refs)"
                        " AND cardinality(sites) = cardinality(labels)", name="same_length"),
        Index("ix_notification_facts_unmatched", "created_at", postgresql_where=text("matched_at IS NULL")),
        Index("ix_notification_facts_matched", "matched_at", postgresql_where=text("matched_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    kind: Mapped[str]
    at: Mapped[datetime]
    sites: Mapped[list[UUID | None]] = mapped_column(ARRAY(PGUUID(as_uuid=True)))
    advisories: Mapped[list[int | None]] = mapped_column(ARRAY(BigInteger))
    refs: Mapped[list[UUID | None]] = mapped_column(ARRAY(PGUUID(as_uuid=True)))
    labels: Mapped[list[str | None]] = mapped_column(ARRAY(String))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    matched_at: Mapped[datetime | None]


class NotificationMark(Base):
    """That a moment which came by itself was noticed (a deadline, a silence), or the first of a row of refusals; once each."""

    __tablename__ = "notification_marks"
    __table_args__ = (Index("ix_notification_marks_moment", "moment"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    moment: Mapped[datetime] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))


class NotificationDelivery(Base):
    """One message to one channel, and how far it is. What it says is fixed once it has gathered, so that every try says the same.

    `event` is what it is about, or `digest`, or `test`. `tries` counts all that were made, `tries_before` those of earlier rounds
    (a dead delivery that is asked for again begins a new one). While it gathers or waits, `due_at` is when it goes on.
    """

    __tablename__ = "notification_deliveries"
    __table_args__ = (
        CheckConstraint("state IN ('gathering', 'waiting', 'sending', 'delivered', 'dead')", name="state"),
        Index("uq_notification_deliveries_gathering", "rule_id", "event", unique=True, postgresql_where=text("state = 'gathering'")),
        Index("ix_notification_deliveries_due", "due_at", postgresql_where=text("state IN ('gathering', 'waiting')")),
        Index("ix_notification_deliveries_organization_id", "organization_id", "created_at", "id"),
        Index("ix_notification_deliveries_created_at", "created_at", "id"),
        Index("ix_notification_deliveries_rule_id", "rule_id", "event", "gathered_at"),
        Index("ix_notification_deliveries_channel_id", "channel_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    channel_id: Mapped[UUID] = mapped_column(ForeignKey("notification_channels.id"))
    rule_id: Mapped[UUID | None] = mapped_column(ForeignKey("notification_rules.id"))
    event: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="gathering")
    title: Mapped[str] = mapped_column(server_default="")
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    items_count: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    due_at: Mapped[datetime | None]
    gathered_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0", default=0)
    tries_before: Mapped[int] = mapped_column(server_default="0", default=0)
    last_code: Mapped[int | None]
    last_error: Mapped[str | None]


class NotificationMatch(Base):
    """The things of a fact that a rule asks for, and the delivery that tells of them: each fact once for a rule."""

    __tablename__ = "notification_matches"
    __table_args__ = (Index("ix_notification_matches_delivery_id", "delivery_id"),)

    rule_id: Mapped[UUID] = mapped_column(ForeignKey("notification_rules.id"), primary_key=True)
    fact_id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("notification_deliveries.id", ondelete="CASCADE"))
    event: Mapped[str]
    at: Mapped[datetime]
    sites: Mapped[list[UUID | None]] = mapped_column(ARRAY(PGUUID(as_uuid=True)))
    advisories: Mapped[list[int | None]] = mapped_column(ARRAY(BigInteger))
    refs: Mapped[list[UUID | None]] = mapped_column(ARRAY(PGUUID(as_uuid=True)))
    labels: Mapped[list[str | None]] = mapped_column(ARRAY(String))


class NotificationAttempt(Base):
    """One try to deliver: what was answered, and how long it took. Append-only; never a secret, nor an address, is in it."""

    __tablename__ = "notification_attempts"
    __table_args__ = (
        CheckConstraint("outcome IN ('delivered', 'failed')", name="outcome"),
        Index("ix_notification_attempts_delivery_id", "delivery_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("notification_deliveries.id", ondelete="CASCADE"))
    number: Mapped[int]
    at: Mapped[datetime]
    outcome: Mapped[str]
    code: Mapped[int | None]
    error: Mapped[str | None]
    milliseconds: Mapped[int]
