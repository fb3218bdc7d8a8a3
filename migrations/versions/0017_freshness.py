"""When release feeds and advisories are stale, so that no site is called OK by them; and advisories that came from files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LIMIT = "interval '24 hours'"


def upgrade() -> None:
    for table in ("project_feeds", "advisory_feeds"):
        op.add_column(table, sa.Column("stale_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_project_feeds_stale_at", "project_feeds", ["stale_at"])
    op.drop_constraint("ck_advisory_feeds_source", "advisory_feeds", type_="check")
    op.create_check_constraint("ck_advisory_feeds_source", "advisory_feeds", "source IN ('osv', 'drupal.org', 'psa', 'import')")
    op.execute(f"UPDATE project_feeds SET stale_at = fetched_at + {LIMIT} WHERE state <> 'unknown_project' AND source <> 'demo'")
    op.execute(f"UPDATE advisory_feeds SET stale_at = fetched_at + {LIMIT}")
    op.execute(f"""
        INSERT INTO advisory_feeds (source, state, fetched_at, tried_at, changed_at, due_at, stale_at)
        SELECT 'import', 'ok', at, at, at, at, at + {LIMIT} FROM (SELECT max(fetched_at) AS at FROM advisory_sources WHERE source <> 'demo') s
        WHERE at IS NOT NULL AND NOT EXISTS (SELECT FROM advisory_feeds WHERE fetched_at IS NOT NULL)
    """)


def downgrade() -> None:
    op.execute("DELETE FROM advisory_feeds WHERE source = 'import'")
    op.drop_constraint("ck_advisory_feeds_source", "advisory_feeds", type_="check")
    op.create_check_constraint("ck_advisory_feeds_source", "advisory_feeds", "source IN ('osv', 'drupal.org', 'psa')")
    op.drop_index("ix_project_feeds_stale_at", "project_feeds")
    for table in ("project_feeds", "advisory_feeds"):
        op.drop_column(table, "stale_at")
