"""Second factors, recovery codes, password resets and suspension; work that can be put off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("users", sa.Column("suspended_at", MOMENT, nullable=True))
    op.add_column("users", sa.Column("two_factor_at", MOMENT, nullable=True))
    op.add_column("job_outbox", sa.Column("not_before", MOMENT, nullable=True))
    op.add_column("job_outbox", sa.Column("postponed", sa.Integer(), server_default="0", nullable=False))
    _of_a_user("second_factors", sa.Column("user_id", sa.Uuid(), primary_key=True), sa.Column("secret", sa.Text(), nullable=False),
               sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False))
    _of_a_user("recovery_codes", sa.Column("user_id", sa.Uuid(), primary_key=True), sa.Column("code_hash", sa.LargeBinary(), primary_key=True))
    _of_a_user("password_resets", sa.Column("token_hash", sa.LargeBinary(), primary_key=True),
               sa.Column("user_id", sa.Uuid(), nullable=False), sa.Column("expires_at", MOMENT, nullable=False))
    op.create_index("ix_password_resets_user_id", "password_resets", ["user_id"])
    op.create_index("ix_password_resets_expires_at", "password_resets", ["expires_at"])


def _of_a_user(table: str, *columns: sa.Column[object]) -> None:
    key = [column.name for column in columns if column.primary_key]
    op.create_table(
        table,
        *[sa.Column(column.name, column.type, nullable=False, server_default=column.server_default) for column in columns],
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{table}_user_id"),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
    )


def downgrade() -> None:
    for table in ("password_resets", "recovery_codes", "second_factors"):
        op.drop_table(table)
    op.drop_column("job_outbox", "postponed")
    op.drop_column("job_outbox", "not_before")
    op.drop_column("users", "two_factor_at")
    op.drop_column("users", "suspended_at")
