"""Schedules of reports, their logos, and the schedule that a report was made by."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

IDS = "string_to_array(nullif(current_setting('patchboard.organizations', true), 'all'), ',')"
ALL = "(SELECT current_setting('patchboard.organizations', true)) = 'all'"
MINE = f"(SELECT {IDS}::uuid[])::uuid[]"
WALLED = ("report_schedules", "report_logos")


def upgrade() -> None:
    op.execute("""
    CREATE TABLE report_schedules (
        organization_id UUID NOT NULL,
        owner_id UUID NOT NULL,
        name VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        parameters JSONB NOT NULL,
        period VARCHAR,
        formats VARCHAR[] NOT NULL,
        cron VARCHAR NOT NULL,
        timezone VARCHAR NOT NULL,
        recipients VARCHAR[] NOT NULL,
        title VARCHAR,
        logo_sha256 VARCHAR,
        paused_at TIMESTAMP WITH TIME ZONE,
        paused_reason VARCHAR,
        next_run_at TIMESTAMP WITH TIME ZONE,
        last_run_at TIMESTAMP WITH TIME ZONE,
        id UUID NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by UUID,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_by UUID,
        deleted_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_report_schedules PRIMARY KEY (id),
        CONSTRAINT fk_report_schedules_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
        CONSTRAINT ck_report_schedules_due CHECK (next_run_at IS NULL OR (paused_at IS NULL AND deleted_at IS NULL))
    )""")
    op.execute("CREATE INDEX ix_report_schedules_organization_id_name ON report_schedules (organization_id, name)")
    op.execute("CREATE INDEX ix_report_schedules_due ON report_schedules (next_run_at) WHERE next_run_at IS NOT NULL")
    op.execute("""
    CREATE TABLE report_logos (
        schedule_id UUID NOT NULL,
        organization_id UUID NOT NULL,
        png BYTEA NOT NULL,
        CONSTRAINT pk_report_logos PRIMARY KEY (schedule_id),
        CONSTRAINT fk_report_logos_schedule_id FOREIGN KEY(schedule_id) REFERENCES report_schedules (id),
        CONSTRAINT fk_report_logos_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
    )""")
    op.execute("ALTER TABLE reports ADD COLUMN schedule_id UUID")
    op.execute("ALTER TABLE reports ADD CONSTRAINT fk_reports_schedule_id FOREIGN KEY(schedule_id) REFERENCES report_schedules (id)")
    op.execute("CREATE INDEX ix_reports_schedule_id_created_at ON reports (schedule_id, created_at) WHERE schedule_id IS NOT NULL")
    for table in WALLED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING ({ALL} OR organization_id = ANY ({MINE}))")


def downgrade() -> None:
    op.execute("ALTER TABLE reports DROP COLUMN schedule_id")
    op.execute("DROP TABLE report_logos")
    op.execute("DROP TABLE report_schedules")
