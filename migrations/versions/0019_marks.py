"""What lists mark versions as, beside Drupal's verdict and the advisories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

KINDS = "kind IN ('insecure', 'unsupported', 'deprecated', 'no_drupal_10', 'no_drupal_11')"


def upgrade() -> None:
    op.create_table(
        "project_marks",
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("project", sa.String(), primary_key=True),
        sa.Column("version_constraint", sa.String(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(KINDS, name="kind"),
    )
    op.create_index("ix_project_marks_project", "project_marks", ["project"])
    op.add_column("project_verdicts", sa.Column("marks", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False))
    op.create_index("ix_project_verdicts_marked", "project_verdicts", ["id"], postgresql_where=sa.text("marks <> '{}'"))


def downgrade() -> None:
    op.drop_index("ix_project_verdicts_marked", "project_verdicts")
    op.drop_column("project_verdicts", "marks")
    op.drop_table("project_marks")
