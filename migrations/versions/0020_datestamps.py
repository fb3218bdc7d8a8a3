"""When development versions were made, which core judges them by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("installations", sa.Column("datestamp", sa.BigInteger(), nullable=True))
    op.add_column("project_verdicts", sa.Column("datestamp", sa.BigInteger(), server_default="0", nullable=False))
    op.drop_index("uq_project_verdicts_feed_id_version", "project_verdicts")
    op.create_index("uq_project_verdicts_feed_id_version", "project_verdicts", ["feed_id", "version", "datestamp"], unique=True)


def downgrade() -> None:
    op.execute("UPDATE installations SET verdict_id = NULL WHERE verdict_id IN (SELECT id FROM project_verdicts WHERE datestamp <> 0)")
    op.execute("DELETE FROM project_verdicts WHERE datestamp <> 0")
    op.drop_index("uq_project_verdicts_feed_id_version", "project_verdicts")
    op.create_index("uq_project_verdicts_feed_id_version", "project_verdicts", ["feed_id", "version"], unique=True)
    op.drop_column("project_verdicts", "datestamp")
    op.drop_column("installations", "datestamp")
