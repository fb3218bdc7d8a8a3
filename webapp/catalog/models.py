"""Drupal projects and Composer packages that any site runs, and their versions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base
from webapp.kit.ids import new_id


class Module(Base):
    """A module, theme, profile or library, by its machine name or `vendor/package`. What sites say of it lies with the sites."""

    __tablename__ = "modules"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    public_id: Mapped[UUID] = mapped_column(default=new_id, unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    first_seen_at: Mapped[datetime]


class ModuleVersion(Base):
    """A version of a module that was seen on a site, or (from feeds) published. Unknown stays null, never false."""

    __tablename__ = "module_versions"
    __table_args__ = (Index("ix_module_versions_module_id_released_at", "module_id", "released_at"),)

    module_id: Mapped[int] = mapped_column(ForeignKey("modules.id"), primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    first_seen_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    is_security: Mapped[bool | None]
    is_supported: Mapped[bool | None]
    is_insecure: Mapped[bool | None]
