"""Release feeds, verdicts on versions by them, and what of each a site is told beside what it says itself.

What `latest_version` to `security_update` of an installation held was the site's own word; it goes to `said_…`, and stays what
counts where no feed says otherwise.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SAID = {"latest_version": sa.String(), "recommended_version": sa.String(), "update_available": sa.Boolean(), "security_update": sa.Boolean()}
BIG = sa.BigInteger()
TIME = sa.DateTime(timezone=True)
TEXTS = postgresql.ARRAY(sa.String())


def upgrade() -> None:
    _make_feeds()
    _make_releases()
    _make_verdicts()
    for name, kind in SAID.items():
        op.add_column("installations", sa.Column(f"said_{name}", kind))
    op.add_column("installations", sa.Column("verdict_id", BIG))
    op.add_column("installations", sa.Column("status", sa.String()))
    op.execute(f"UPDATE installations SET {', '.join(f'said_{name} = {name}' for name in SAID)}")
    op.create_foreign_key("fk_installations_verdict_id", "installations", "project_verdicts", ["verdict_id"], ["id"])
    op.create_index("ix_installations_present_verdict", "installations", ["verdict_id"], postgresql_where=sa.text("valid_to IS NULL"))


def _make_feeds() -> None:
    op.create_table(
        "project_feeds",
        sa.Column("id", BIG, sa.Identity(always=True), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("line", sa.String(), server_default="current", nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("source", sa.String()),
        sa.Column("title", sa.String(), server_default="", nullable=False),
        sa.Column("type", sa.String(), server_default="", nullable=False),
        sa.Column("project_status", sa.String(), server_default="", nullable=False),
        sa.Column("link", sa.String(), server_default="", nullable=False),
        sa.Column("supported_branches", TEXTS),
        sa.Column("supported_majors", TEXTS),
        sa.Column("recommended_major", sa.String()),
        sa.Column("default_major", sa.String()),
        sa.Column("releases_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("content_hash", sa.LargeBinary()),
        sa.Column("etag", sa.String()),
        sa.Column("last_modified", sa.String()),
        sa.Column("error", sa.String()),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_settled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("fetched_at", TIME),
        sa.Column("tried_at", TIME),
        sa.Column("changed_at", TIME),
        sa.Column("due_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_project_feeds"),
        sa.CheckConstraint("state IN ('waiting', 'ok', 'unknown_project', 'failed')", name="ck_project_feeds_state"),
        sa.CheckConstraint("line IN ('current', '7.x')", name="ck_project_feeds_line"),
    )
    op.create_index("uq_project_feeds_project_line", "project_feeds", ["project", "line"], unique=True)
    op.create_index("ix_project_feeds_due_at", "project_feeds", ["due_at"])
    op.create_index("ix_project_feeds_unsettled", "project_feeds", ["id"], postgresql_where=sa.text("NOT is_settled"))


def _make_releases() -> None:
    op.create_table(
        "project_releases",
        sa.Column("feed_id", BIG, nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("date", sa.String()),
        sa.Column("released_at", TIME),
        sa.Column("terms", TEXTS, server_default="{}", nullable=False),
        sa.Column("release_link", sa.String(), server_default="", nullable=False),
        sa.Column("download_link", sa.String(), server_default="", nullable=False),
        sa.Column("core_compatibility", sa.String()),
        sa.Column("security", sa.String()),
        sa.Column("covered", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_supported", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("major", sa.String()),
        sa.Column("patch", sa.String()),
        sa.Column("extra", sa.String()),
        sa.PrimaryKeyConstraint("feed_id", "version", name="pk_project_releases"),
        sa.ForeignKeyConstraint(["feed_id"], ["project_feeds.id"], name="fk_project_releases_feed_id"),
    )


def _make_verdicts() -> None:
    op.create_table(
        "project_verdicts",
        sa.Column("id", BIG, sa.Identity(always=True), nullable=False),
        sa.Column("feed_id", BIG, nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("extra_labels", TEXTS, server_default="{}", nullable=False),
        sa.Column("install_type", sa.String(), nullable=False),
        sa.Column("recommended", sa.String()),
        sa.Column("latest_version", sa.String()),
        sa.Column("dev_version", sa.String()),
        sa.Column("latest_dev", sa.String()),
        sa.Column("also", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("security_updates", TEXTS, server_default="{}", nullable=False),
        sa.Column("update_available", sa.Boolean()),
        sa.Column("security_update", sa.Boolean()),
        sa.Column("judged_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_project_verdicts"),
        sa.ForeignKeyConstraint(["feed_id"], ["project_feeds.id"], name="fk_project_verdicts_feed_id"),
    )
    op.create_index("uq_project_verdicts_feed_id_version", "project_verdicts", ["feed_id", "version"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_installations_present_verdict", table_name="installations")
    op.drop_constraint("fk_installations_verdict_id", "installations", type_="foreignkey")
    op.execute(f"UPDATE installations SET {', '.join(f'{name} = said_{name}' for name in SAID)}")
    for name in (*(f"said_{name}" for name in SAID), "verdict_id", "status"):
        op.drop_column("installations", name)
    for table in ("project_verdicts", "project_releases", "project_feeds"):
        op.drop_table(table)
