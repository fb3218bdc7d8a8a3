"""Signed requests: what a key signs with, nonces that were used, and sites that take nothing else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("signing_secret", sa.Text(), nullable=True))
    op.add_column("sites", sa.Column("require_signed_reports", sa.Boolean(), server_default="false", nullable=False))
    op.create_table(
        "seen_nonces",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name="fk_seen_nonces_key_id"),
        sa.PrimaryKeyConstraint("key_id", "nonce", name="pk_seen_nonces"),
    )
    op.create_index("ix_seen_nonces_seen_at", "seen_nonces", ["seen_at"])


def downgrade() -> None:
    op.drop_table("seen_nonces")
    op.drop_column("sites", "require_signed_reports")
    op.drop_column("api_keys", "signing_secret")
