"""Modules are found by any part of their name, patch runs by how their commit begins.

What else is searched lies behind walls and is looked through within its organizations: PostgreSQL uses no index for ILIKE or
trigrams before it has checked a row's wall, as neither operator is leakproof; comparing is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NAME = "ix_modules_search"
COMMITS = "ix_patch_runs_commit_sha"


def upgrade() -> None:
    op.create_index(NAME, "modules", ["name"], postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"})
    op.create_index(COMMITS, "patch_runs", ["commit_sha"], postgresql_where=sa.text("commit_sha IS NOT NULL"))


def downgrade() -> None:
    op.drop_index(COMMITS, table_name="patch_runs")
    op.drop_index(NAME, table_name="modules")
