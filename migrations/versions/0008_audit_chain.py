"""A chain that seals the audit log, what requests cost by caller and route, and times of jobs by one clock.

`audit_unsealed` is filled by a trigger of the log: whatever writes a row, its note comes and goes with it. Rows that are there
already are noted as they are; they have no signature, and the first links hold them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NOTE = """
CREATE FUNCTION patchboard_await_seal() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO audit_unsealed (row_at, row_id) VALUES (NEW.at, NEW.id);
    RETURN NULL;
END $$
"""
# Every table that is divided by months has a default partition; a new one needs no mention here.
MAKE_PARTITIONS = """
CREATE OR REPLACE FUNCTION patchboard_make_partitions(months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parent text;
    month date;
    made integer := 0;
BEGIN
    FOR parent IN SELECT c.relname FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
            WHERE c.relnamespace = 'public'::regnamespace AND p.partstrat = 'r' AND p.partdefid <> 0 ORDER BY 1 LOOP
        FOR month IN SELECT generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'),
                date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => months), interval '1 month')::date LOOP
            IF to_regclass(parent || to_char(month, '_"y"YYYY"m"MM')) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', parent || to_char(month, '_"y"YYYY"m"MM'),
                    parent, month || ' 00:00+00', (month + interval '1 month')::date || ' 00:00+00');
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$
"""
BUCKETS = ("under_10ms", "under_50ms", "under_100ms", "under_250ms", "under_500ms", "under_1s", "under_5s", "longer")


def upgrade() -> None:
    make_chain()
    make_usage()
    op.add_column("job_outbox", sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("job_outbox", sa.Column("attempts_before", sa.Integer(), server_default="0", nullable=False))
    op.alter_column("job_outbox", "queued_at", server_default=sa.text("now()"))
    op.create_index("ix_job_outbox_created_at_id", "job_outbox", ["created_at", "id"])
    op.execute(MAKE_PARTITIONS)
    op.execute("SELECT patchboard_make_partitions(12)")


def make_chain() -> None:
    op.add_column("audit_log", sa.Column("mac", sa.LargeBinary(), nullable=True))
    op.create_table(
        "audit_unsealed",
        sa.Column("row_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("row_at", "row_id", name=op.f("pk_audit_unsealed")))
    # It stays small and is written all the time: cleaned by how much was written, not by a share of what is there.
    op.execute("ALTER TABLE audit_unsealed SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)")
    op.create_table(
        "audit_seals",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("row_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", "sealed_at", name=op.f("pk_audit_seals")),
        postgresql_partition_by="RANGE (sealed_at)")
    op.create_index("ix_audit_seals_row_id", "audit_seals", ["row_id"])
    op.execute("CREATE TABLE audit_seals_default PARTITION OF audit_seals DEFAULT")
    op.create_table(
        "audit_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("unsealed", sa.BigInteger(), nullable=False),
        sa.Column("findings", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_finding", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_checks")))
    op.create_index("ix_audit_checks_at", "audit_checks", ["at"])
    op.execute("SELECT set_config('patchboard.organizations', 'all', true)")
    op.execute("INSERT INTO audit_unsealed (row_at, row_id) SELECT at, id FROM audit_log")
    op.execute(NOTE)
    op.execute("CREATE TRIGGER await_seal AFTER INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION patchboard_await_seal()")


def make_usage() -> None:
    op.create_table(
        "api_usage",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("caller_kind", sa.String(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=True),
        sa.Column("requests", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("errors", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seconds", sa.Double(), server_default="0", nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in BUCKETS),
        sa.PrimaryKeyConstraint("day", "caller", "route", "method", name=op.f("pk_api_usage")))
    op.create_index("ix_api_usage_caller_id_day", "api_usage", ["caller_id", "day"])


def downgrade() -> None:
    op.drop_table("api_usage")
    op.drop_index("ix_job_outbox_created_at_id", table_name="job_outbox")
    op.alter_column("job_outbox", "queued_at", server_default=None)
    op.drop_column("job_outbox", "attempts_before")
    op.drop_column("job_outbox", "started_at")
    op.execute("DROP TRIGGER await_seal ON audit_log")
    op.execute("DROP FUNCTION patchboard_await_seal()")
    for table in ("audit_checks", "audit_seals", "audit_unsealed"):
        op.drop_table(table)
    op.drop_column("audit_log", "mac")
