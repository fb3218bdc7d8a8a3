"""What waits for a security update is found by an index of its own, which holds all that the first screen says of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME = "ix_installations_present_security"


def upgrade() -> None:
    op.create_index(NAME, "installations", ["organization_id", "module_id"],
                    postgresql_include=["site_id", "enabled", "latest_version", "display_name"],
                    postgresql_where=sa.text("valid_to IS NULL AND security_update IS TRUE"))


def downgrade() -> None:
    op.drop_index(NAME, table_name="installations")
