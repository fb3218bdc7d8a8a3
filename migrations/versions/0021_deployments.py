"""Deployments and incidents, sprints, measurements of code. Patch runs that are there are read as deployments by a worker."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

IDS = "string_to_array(nullif(current_setting('patchboard.organizations', true), 'all'), ',')"
ALL = "(SELECT current_setting('patchboard.organizations', true)) = 'all'"
MINE = f"(SELECT {IDS}::uuid[])::uuid[]"
WALLED = ("deployments", "incidents", "sprints", "quality_measurements")
TABLES = (
    """
    CREATE TABLE deployments (
organization_id UUID NOT NULL,
site_id UUID,
repository_id UUID,
service_id UUID NOT NULL,
team_id UUID,
environment VARCHAR NOT NULL,
status VARCHAR NOT NULL,
source VARCHAR NOT NULL,
external_id VARCHAR NOT NULL,
commit_sha VARCHAR,
ref VARCHAR,
started_at TIMESTAMP WITH TIME ZONE,
finished_at TIMESTAMP WITH TIME ZONE NOT NULL,
caused_incident BOOLEAN DEFAULT 'false' NOT NULL,
patch_run_id UUID,
id UUID NOT NULL,
created_at TIMESTAMP WITH TIME ZONE NOT NULL,
created_by UUID,
updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
updated_by UUID,
deleted_at TIMESTAMP WITH TIME ZONE,
CONSTRAINT pk_deployments PRIMARY KEY (id),
CONSTRAINT ck_deployments_environment CHECK (environment IN ('production', 'staging', 'testing', 'development')),
CONSTRAINT ck_deployments_status CHECK (status IN ('success', 'failure', 'cancelled')),
CONSTRAINT ck_deployments_in_order CHECK (finished_at >= started_at),
CONSTRAINT fk_deployments_repository_id_organization_id FOREIGN KEY(repository_id, organization_id) REFERENCES repositories (id, organization_id),
CONSTRAINT fk_deployments_team_id_organization_id FOREIGN KEY(team_id, organization_id) REFERENCES teams (id, organization_id),
CONSTRAINT ck_deployments_service CHECK (service_id = coalesce(site_id, repository_id)),
CONSTRAINT fk_deployments_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT fk_deployments_site_id FOREIGN KEY(site_id) REFERENCES sites (id),
CONSTRAINT fk_deployments_patch_run_id FOREIGN KEY(patch_run_id) REFERENCES patch_runs (id) ON DELETE CASCADE
)
    """,
    "CREATE INDEX ix_deployments_organization_id_finished_at ON deployments (organization_id, finished_at, id)",
    "CREATE INDEX ix_deployments_repository_id_finished_at ON deployments (repository_id, finished_at)",
    "CREATE INDEX ix_deployments_service_id_finished_at ON deployments (service_id, environment, finished_at)",
    "CREATE UNIQUE INDEX uq_deployments_external_id ON deployments (organization_id, source, external_id)",
    "CREATE UNIQUE INDEX uq_deployments_patch_run_id ON deployments (patch_run_id) WHERE patch_run_id IS NOT NULL",
    """
    CREATE TABLE incidents (
organization_id UUID NOT NULL,
site_id UUID,
repository_id UUID,
service_id UUID NOT NULL,
team_id UUID,
title VARCHAR NOT NULL,
description VARCHAR DEFAULT '' NOT NULL,
severity VARCHAR,
source VARCHAR NOT NULL,
external_id VARCHAR NOT NULL,
opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
resolved_at TIMESTAMP WITH TIME ZONE,
resolution VARCHAR,
deployment_id UUID,
cause_id UUID,
cause_kind VARCHAR,
remedy_id UUID,
id UUID NOT NULL,
created_at TIMESTAMP WITH TIME ZONE NOT NULL,
created_by UUID,
updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
updated_by UUID,
deleted_at TIMESTAMP WITH TIME ZONE,
CONSTRAINT pk_incidents PRIMARY KEY (id),
CONSTRAINT ck_incidents_severity CHECK (severity IN ('critical', 'high', 'moderate', 'low')),
CONSTRAINT ck_incidents_cause_kind CHECK (cause_kind IN ('explicit', 'inferred')),
CONSTRAINT ck_incidents_cause CHECK (cause_id IS NULL OR cause_kind IS NOT NULL),
CONSTRAINT ck_incidents_resolution CHECK (resolution IN ('person', 'source', 'deployment')),
CONSTRAINT ck_incidents_in_order CHECK (resolved_at >= opened_at),
CONSTRAINT fk_incidents_repository_id_organization_id FOREIGN KEY(repository_id, organization_id) REFERENCES repositories (id, organization_id),
CONSTRAINT fk_incidents_team_id_organization_id FOREIGN KEY(team_id, organization_id) REFERENCES teams (id, organization_id),
CONSTRAINT ck_incidents_service CHECK (service_id = coalesce(site_id, repository_id)),
CONSTRAINT fk_incidents_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT fk_incidents_site_id FOREIGN KEY(site_id) REFERENCES sites (id),
CONSTRAINT fk_incidents_deployment_id FOREIGN KEY(deployment_id) REFERENCES deployments (id) ON DELETE SET NULL,
CONSTRAINT fk_incidents_cause_id FOREIGN KEY(cause_id) REFERENCES deployments (id) ON DELETE SET NULL,
CONSTRAINT fk_incidents_remedy_id FOREIGN KEY(remedy_id) REFERENCES deployments (id) ON DELETE SET NULL
)
    """,
    "CREATE INDEX ix_incidents_cause_id ON incidents (cause_id) WHERE cause_id IS NOT NULL",
    "CREATE INDEX ix_incidents_deployment_id ON incidents (deployment_id) WHERE deployment_id IS NOT NULL",
    "CREATE INDEX ix_incidents_open ON incidents (organization_id) WHERE resolved_at IS NULL AND deleted_at IS NULL",
    "CREATE INDEX ix_incidents_organization_id_opened_at ON incidents (organization_id, opened_at, id)",
    "CREATE INDEX ix_incidents_remedy_id ON incidents (remedy_id) WHERE remedy_id IS NOT NULL",
    "CREATE INDEX ix_incidents_service_id_opened_at ON incidents (service_id, opened_at)",
    "CREATE UNIQUE INDEX uq_incidents_external_id ON incidents (organization_id, source, external_id)",
    """
    CREATE TABLE sprints (
organization_id UUID NOT NULL,
team_id UUID NOT NULL,
name VARCHAR NOT NULL,
start_date DATE NOT NULL,
end_date DATE NOT NULL,
state VARCHAR DEFAULT 'planned' NOT NULL,
planned_points DOUBLE PRECISION,
completed_points DOUBLE PRECISION,
committed_points DOUBLE PRECISION,
velocity DOUBLE PRECISION,
started_at TIMESTAMP WITH TIME ZONE,
closed_at TIMESTAMP WITH TIME ZONE,
source VARCHAR NOT NULL,
external_id VARCHAR NOT NULL,
id UUID NOT NULL,
created_at TIMESTAMP WITH TIME ZONE NOT NULL,
created_by UUID,
updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
updated_by UUID,
deleted_at TIMESTAMP WITH TIME ZONE,
CONSTRAINT pk_sprints PRIMARY KEY (id),
CONSTRAINT fk_sprints_team_id_organization_id FOREIGN KEY(team_id, organization_id) REFERENCES teams (id, organization_id),
CONSTRAINT ck_sprints_state CHECK (state IN ('planned', 'active', 'closed')),
CONSTRAINT ck_sprints_in_order CHECK (end_date >= start_date),
CONSTRAINT ck_sprints_points CHECK (planned_points >= 0 AND completed_points >= 0),
CONSTRAINT ck_sprints_started CHECK ((started_at IS NULL) = (state = 'planned')),
CONSTRAINT ck_sprints_closed CHECK ((closed_at IS NULL) = (state <> 'closed')),
CONSTRAINT fk_sprints_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
    """,
    "CREATE INDEX ix_sprints_organization_id_start_date ON sprints (organization_id, start_date)",
    "CREATE INDEX ix_sprints_team_id_end_date ON sprints (team_id, end_date)",
    "CREATE UNIQUE INDEX uq_sprints_external_id ON sprints (organization_id, source, external_id)",
    """
    CREATE TABLE quality_measurements (
organization_id UUID NOT NULL,
repository_id UUID NOT NULL,
measured_at TIMESTAMP WITH TIME ZONE NOT NULL,
source VARCHAR NOT NULL,
external_id VARCHAR NOT NULL,
format VARCHAR DEFAULT 'patchboard' NOT NULL,
test_coverage DOUBLE PRECISION,
lines_covered INTEGER,
lines_to_cover INTEGER,
code_smells INTEGER,
technical_debt_minutes DOUBLE PRECISION,
security_issues INTEGER,
bugs INTEGER,
vulnerabilities INTEGER,
id UUID NOT NULL,
created_at TIMESTAMP WITH TIME ZONE NOT NULL,
created_by UUID,
updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
updated_by UUID,
deleted_at TIMESTAMP WITH TIME ZONE,
CONSTRAINT pk_quality_measurements PRIMARY KEY (id),
CONSTRAINT fk_quality_measurements_repository_id_organization_id FOREIGN KEY(repository_id, organization_id) REFERENCES repositories (id, organization_id),
CONSTRAINT ck_quality_measurements_format CHECK (format IN ('patchboard', 'clover', 'cobertura', 'sonarqube')),
CONSTRAINT ck_quality_measurements_coverage CHECK (test_coverage BETWEEN 0 AND 100),
CONSTRAINT ck_quality_measurements_lines CHECK (lines_covered BETWEEN 0 AND lines_to_cover),
CONSTRAINT fk_quality_measurements_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
    """,
    "CREATE INDEX ix_quality_measurements_organization_id_measured_at ON quality_measurements (organization_id, measured_at, id)",
    "CREATE INDEX ix_quality_measurements_repository_id_measured_at ON quality_measurements (repository_id, measured_at)",
    "CREATE UNIQUE INDEX uq_quality_measurements_external_id ON quality_measurements (organization_id, source, external_id)",
)
FOLLOW = """
INSERT INTO job_outbox (id, name, arguments, created_at)
SELECT gen_random_uuid(), 'insights.follow_runs', '{}', now() WHERE EXISTS (SELECT 1 FROM sites)
"""


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table in WALLED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING ({ALL} OR organization_id = ANY ({MINE}))")
    op.execute("SELECT set_config('patchboard.organizations', 'all', true)")
    op.execute(FOLLOW)


def downgrade() -> None:
    for table in reversed(WALLED):
        op.drop_table(table)
    op.execute("DELETE FROM job_outbox WHERE name = 'insights.follow_runs'")
