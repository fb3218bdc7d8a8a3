"""Teams: people of an organization who look after sites together. Sites and members lie in the organization of their team."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

IDS = "string_to_array(nullif(current_setting('patchboard.organizations', true), 'all'), ',')"
ALL = "(SELECT current_setting('patchboard.organizations', true)) = 'all'"
MINE = f"(SELECT {IDS}::uuid[])::uuid[]"
OF_SITES = "fk_sites_team_id_organization_id"


def upgrade() -> None:
    make_tables()
    for table in ("teams", "team_members"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING ({ALL} OR organization_id = ANY ({MINE}))")
    op.create_foreign_key(OF_SITES, "sites", "teams", ["team_id", "organization_id"], ["id", "organization_id"])
    op.create_index("ix_sites_team_id", "sites", ["team_id"])


def make_tables() -> None:
    op.create_table(
        "teams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_teams_organization_id"),
        sa.PrimaryKeyConstraint("id", name="pk_teams"),
        sa.UniqueConstraint("id", "organization_id", name="uq_teams_id_organization_id"),
    )
    op.create_index("uq_teams_name", "teams", ["organization_id", sa.text("lower(name)")], unique=True,
                    postgresql_where=sa.text("deleted_at IS NULL"))
    op.create_index("ix_teams_created_at", "teams", ["created_at"])
    op.create_table(
        "team_members",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["team_id", "organization_id"], ["teams.id", "teams.organization_id"],
                                name="fk_team_members_team_id_organization_id"),
        sa.ForeignKeyConstraint(["organization_id", "user_id"], ["memberships.organization_id", "memberships.user_id"],
                                name="fk_team_members_organization_id_user_id"),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_team_members"),
    )
    op.create_index("ix_team_members_organization_id_user_id", "team_members", ["organization_id", "user_id"])


def downgrade() -> None:
    op.drop_index("ix_sites_team_id", table_name="sites")
    op.drop_constraint(OF_SITES, "sites", type_="foreignkey")
    op.drop_table("team_members")
    op.drop_table("teams")
