"""People, organizations, memberships, sign-ins, second factors and API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from webapp.accounts.values import settings_in_force
from webapp.kit.db import Base, Resource
from webapp.kit.ids import new_id
from webapp.kit.secrets import EncryptedText

ACTIVE = text("deleted_at IS NULL")


class Organization(Resource, Base):
    """One customer, agency or department: the wall that everything else lies behind."""

    __tablename__ = "organizations"
    cached_as = "org"

    name: Mapped[str]
    slug: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """What somebody has chosen; the rest is by default."""

    @property
    def settings_in_force(self) -> dict[str, Any]:
        return settings_in_force(self.settings)


Index("uq_organizations_name", func.lower(Organization.name), unique=True, postgresql_where=ACTIVE)
Index("uq_organizations_slug", Organization.slug, unique=True, postgresql_where=ACTIVE)
Index("ix_organizations_created_at", Organization.created_at)


class User(Resource, Base):
    """A person. `email` is unique whatever its case; the password is kept as an argon2id hash only.

    `suspended_at` keeps them out; `two_factor_at` is since when they sign in with a second factor.
    """

    __tablename__ = "users"

    email: Mapped[str]
    full_name: Mapped[str] = mapped_column(server_default="")
    password_hash: Mapped[str]
    is_superuser: Mapped[bool] = mapped_column(server_default="false")
    last_login_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    two_factor_at: Mapped[datetime | None]

    @property
    def two_factor_enabled(self) -> bool:
        return self.two_factor_at is not None


Index("uq_users_email", func.lower(User.email), unique=True)
Index("ix_users_created_at", User.created_at)


class Membership(Base):
    """A person's role in one organization."""

    __tablename__ = "memberships"
    __table_args__ = (Index("ix_memberships_user_id", "user_id"),)

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    role: Mapped[str]
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class SignIn(Base):
    """One log-in, by browser or for tokens; ending it ends every cookie and token that came of it."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_user_id", "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    refresh_id: Mapped[UUID | None]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]


class SecondFactor(Base):
    """A person's TOTP secret: set up, and in force once `User.two_factor_at` is set. `last_step` is the newest step that was used."""

    __tablename__ = "second_factors"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(EncryptedText)
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime]


class RecoveryCode(Base):
    """A code that takes the place of the second factor once; kept as a keyed hash, and forgotten when it is used."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    created_at: Mapped[datetime]


class PasswordReset(Base):
    """A link to a new password that was mailed; its token is kept as a keyed hash, and forgotten when it is used."""

    __tablename__ = "password_resets"
    __table_args__ = (Index("ix_password_resets_user_id", "user_id"), Index("ix_password_resets_expires_at", "expires_at"))

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiKey(Resource, Base):
    """A key of an organization, or of one site. The secret is kept as a keyed hash and found by its prefix.

    A key that is for reports alone keeps it encrypted too (`signing_secret`), so that it can sign without being sent.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        Index("uq_api_keys_prefix", "prefix", unique=True),
        Index("ix_api_keys_organization_id_created_at", "organization_id", "created_at"),
        Index("ix_api_keys_site_id", "site_id"),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("sites.id"))
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String))
    prefix: Mapped[str]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None]
    allowed_ips: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    last_used_at: Mapped[datetime | None]
    signing_secret: Mapped[str | None] = mapped_column(EncryptedText)


class SeenNonce(Base):
    """A nonce that a signed request has brought; forgotten once no request of its time is taken any more."""

    __tablename__ = "seen_nonces"
    __table_args__ = (Index("ix_seen_nonces_seen_at", "seen_at"),)

    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"), primary_key=True)
    nonce: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class Team(Resource, Base):
    """People of one organization who look after sites together. A name is taken once in it, whatever its case.

    A deleted team keeps its members and its sites keep its id: neither is shown, and both are there again when it is restored.
    """

    cached_as = "team"

    __tablename__ = "teams"
    __table_args__ = (UniqueConstraint("id", "organization_id"),)  # what sites and members refer to, so that all lie in one organization

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")


Index("uq_teams_name", Team.organization_id, func.lower(Team.name), unique=True, postgresql_where=ACTIVE)
Index("ix_teams_created_at", Team.created_at)


class TeamMember(Base):
    """A person in a team; only whoever has, or had, a role in its organization. Leaving the organization ends it."""

    __tablename__ = "team_members"
    __table_args__ = (
        ForeignKeyConstraint(["team_id", "organization_id"], ["teams.id", "teams.organization_id"]),
        ForeignKeyConstraint(["organization_id", "user_id"], ["memberships.organization_id", "memberships.user_id"]),
        Index("ix_team_members_organization_id_user_id", "organization_id", "user_id"),
    )

    team_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    deleted_at: Mapped[datetime | None]
