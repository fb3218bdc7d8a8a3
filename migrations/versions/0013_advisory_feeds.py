"""How far each source of advisories was read, and the machine names of projects by their nodes on drupal.org."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "advisory_feeds",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("etag", sa.String()),
        sa.Column("last_modified", sa.String()),
        sa.Column("cursor", sa.String()),
        sa.Column("scope", sa.String()),
        sa.Column("pending", postgresql.JSONB(astext_type=sa.Text())),
        sa.Column("refused_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fetched_at", TIME),
        sa.Column("tried_at", TIME),
        sa.Column("changed_at", TIME),
        sa.Column("due_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_advisory_feeds"),
        sa.CheckConstraint("source IN ('osv', 'drupal.org', 'psa')", name="ck_advisory_feeds_source"),
        sa.CheckConstraint("state IN ('waiting', 'ok', 'failed')", name="ck_advisory_feeds_state"),
    )
    op.create_table(
        "project_nodes",
        sa.Column("node", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String()),
        sa.Column("asked_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("node", name="pk_project_nodes"),
    )


def downgrade() -> None:
    op.drop_table("project_nodes")
    op.drop_table("advisory_feeds")
