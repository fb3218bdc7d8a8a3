"""Uploads: what is known of each file. The file itself lies in the storage, under a key that nobody can guess."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base, Resource

WORDS = "to_tsvector('simple'::regconfig, text)"


class Upload(Resource, Base):
    """A file that somebody put beside an organization or one of its sites; never changed, and gone for good some time after it is deleted.

    `bytes` and `sha256` are of what is kept: of a picture, as it was drawn anew. `sizes` are a picture's smaller ones, each with its
    `size, media_type, width, height, bytes, key`. `report` is what a site's report that came of it changed. `purged_at` is since when
    the file itself is gone.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("scan IN ('clean', 'skipped')", name="scan"),
        CheckConstraint("text_state IN ('whole', 'cut', 'none', 'waiting', 'unreadable')", name="text_state"),
        CheckConstraint("bytes >= 0", name="bytes"),
        CheckConstraint("purged_at IS NULL OR deleted_at IS NOT NULL", name="purged"),
        UniqueConstraint("id", "organization_id"),  # what refers to an upload lies in its organization
        Index("ix_uploads_organization_id_created_at", "organization_id", "created_at"),
        Index("ix_uploads_site_id_created_at", "site_id", "created_at"),
        Index("ix_uploads_deleted_at", "deleted_at", postgresql_where="deleted_at IS NOT NULL AND purged_at IS NULL"),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("sites.id"))
    name: Mapped[str]
    media_type: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    storage_key: Mapped[str]
    scan: Mapped[str]
    width: Mapped[int | None]
    height: Mapped[int | None]
    sizes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    text_state: Mapped[str]
    text_note: Mapped[str] = mapped_column(server_default="")
    text: Mapped[str] = mapped_column(server_default="", deferred=True)
    words: Mapped[str] = mapped_column(TSVECTOR, Computed(WORDS, persisted=True), deferred=True)
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    purged_at: Mapped[datetime | None]

    def key_of(self, size: str | None) -> str | None:
        """Where the file is kept, or the picture in a size; None for a size that it does not have."""
        return self.storage_key if size is None else next((each["key"] for each in self.sizes if each["size"] == size), None)
