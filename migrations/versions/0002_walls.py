"""Walls between organizations (row-level security, forced), and monthly partitions of the append-only tables."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCOPE = "(SELECT current_setting('patchboard.organizations', true))"
ALL = f"{SCOPE} = 'all'"
# A sub-select, so that it is evaluated once a statement and not once a row.
MINE = "(SELECT string_to_array(nullif(current_setting('patchboard.organizations', true), 'all'), ','))::uuid[]"
MINE_AS_TEXT = "(SELECT string_to_array(nullif(current_setting('patchboard.organizations', true), 'all'), ','))"
TENANT = ("memberships", "api_keys", "sites", "installations", "inventory_reports", "version_changes", "patch_runs", "patch_run_updates")
WALLED = (*TENANT, "organizations", "audit_log", "reports", "report_files")
PARTITIONED = {"audit_log": "at", "inventory_reports": "received_at", "version_changes": "at"}

MAKE_PARTITIONS = """
CREATE FUNCTION patchboard_make_partitions(months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parent text;
    month date;
    made integer := 0;
BEGIN
    FOREACH parent IN ARRAY ARRAY['audit_log', 'inventory_reports', 'version_changes'] LOOP
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


def upgrade() -> None:
    for table in PARTITIONED:
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
    op.execute(MAKE_PARTITIONS)
    op.execute("REVOKE ALL ON FUNCTION patchboard_make_partitions(integer) FROM PUBLIC")
    op.execute("SELECT patchboard_make_partitions(12)")
    for table in WALLED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table in TENANT:
        op.execute(f"CREATE POLICY tenant ON {table} USING ({ALL} OR organization_id = ANY ({MINE}))")
    op.execute(f"CREATE POLICY tenant ON organizations USING ({ALL} OR id = ANY ({MINE}))")
    op.execute(f"CREATE POLICY readers ON audit_log FOR SELECT USING ({ALL} OR organization_id = ANY ({MINE}))")
    op.execute("CREATE POLICY writers ON audit_log FOR INSERT WITH CHECK (true)")
    op.execute(f"CREATE POLICY view ON reports USING ({ALL} OR \"view\"::text[] <@ {MINE_AS_TEXT}::text[])")
    op.execute(f"CREATE POLICY view ON report_files USING ({ALL} OR EXISTS (SELECT 1 FROM reports WHERE reports.id = report_id))")


def downgrade() -> None:
    for table in WALLED:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        for policy in ("tenant", "view", "readers", "writers"):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
    op.execute("""
        DO $$ DECLARE part regclass; BEGIN
            FOR part IN SELECT inhrelid::regclass FROM pg_inherits
                    WHERE inhparent IN ('audit_log'::regclass, 'inventory_reports'::regclass, 'version_changes'::regclass) LOOP
                EXECUTE format('DROP TABLE %s', part);
            END LOOP;
        END $$""")
    op.execute("DROP FUNCTION patchboard_make_partitions(integer)")
