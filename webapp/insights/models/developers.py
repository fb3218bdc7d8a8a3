"""Developers: the people behind commits and pull requests, and what each of them is known by."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base, Resource
from webapp.kit.ids import new_id


class Developer(Resource, Base):
    """Somebody who commits, reviews or merges in one organization, made of one or more identities.

    `number` is what they are called by where names are not shown (`anon-7`), the same as long as they are known. `user_id` is their
    account here, if they have one. One who was merged into another (`merged_into`) is deleted, and comes back when that is undone.
    """

    __tablename__ = "developers"
    __table_args__ = (
        UniqueConstraint("id", "organization_id"),
        ForeignKeyConstraint(["merged_into", "organization_id"], ["developers.id", "developers.organization_id"]),
        ForeignKeyConstraint(["organization_id", "user_id"], ["memberships.organization_id", "memberships.user_id"]),
        Index("uq_developers_number", "organization_id", "number", unique=True),
        Index("ix_developers_organization_id_user_id", "organization_id", "user_id"),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    number: Mapped[int]
    name: Mapped[str]
    user_id: Mapped[UUID | None]
    is_bot: Mapped[bool] = mapped_column(server_default="false")
    merged_into: Mapped[UUID | None]


class DeveloperIdentity(Base):
    """What a developer is known by: an e-mail address in lower case, or `github:21031067`; whoever has it is one developer.

    `home_id` is whose it was when it was first seen, to whom it returns when a merge is undone.
    """

    __tablename__ = "developer_identities"
    __table_args__ = (
        CheckConstraint("kind IN ('email', 'provider')", name="kind"),
        ForeignKeyConstraint(["developer_id", "organization_id"], ["developers.id", "developers.organization_id"]),
        ForeignKeyConstraint(["home_id", "organization_id"], ["developers.id", "developers.organization_id"]),
        Index("uq_developer_identities_value", "organization_id", "kind", "value", unique=True),
        Index("ix_developer_identities_developer_id", "developer_id"),
        Index("ix_developer_identities_home_id", "home_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID]
    developer_id: Mapped[UUID]
    home_id: Mapped[UUID]
    kind: Mapped[str]
    value: Mapped[str]
    name: Mapped[str]
