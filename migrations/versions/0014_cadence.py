"""How often each site really reports, and when it was last heard again after a silence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sites", sa.Column("usual_interval_minutes", sa.Integer(), nullable=True))
    op.add_column("sites", sa.Column("recovered_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("sites", "recovered_at")
    op.drop_column("sites", "usual_interval_minutes")
