"""Security advisories, made one of several sources; exposures, which follow from them and from what is installed; decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

IDS = "string_to_array(nullif(current_setting('patchboard.organizations', true), 'all'), ',')"
ALL = "(SELECT current_setting('patchboard.organizations', true)) = 'all'"
MINE = f"(SELECT {IDS}::uuid[])::uuid[]"
WALLED = ("risk_decisions", "exposures")
TABLES = (
    """
    CREATE TABLE module_projects (
    project VARCHAR NOT NULL,
    module_id BIGINT NOT NULL,
    CONSTRAINT pk_module_projects PRIMARY KEY (project, module_id),
    CONSTRAINT fk_module_projects_module_id FOREIGN KEY(module_id) REFERENCES modules (id)
)
    """,
    """
    CREATE TABLE advisories (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    public_id UUID NOT NULL,
    name VARCHAR NOT NULL,
    kind VARCHAR DEFAULT 'advisory' NOT NULL,
    title VARCHAR DEFAULT '' NOT NULL,
    details VARCHAR DEFAULT '' NOT NULL,
    link VARCHAR,
    severity VARCHAR DEFAULT 'unknown' NOT NULL,
    risk VARCHAR,
    risk_score INTEGER,
    cvss VARCHAR,
    cvss_score DOUBLE PRECISION,
    aliases VARCHAR[] DEFAULT '{}' NOT NULL,
    packages VARCHAR[] DEFAULT '{}' NOT NULL,
    provenance JSONB DEFAULT '{}' NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE,
    modified_at TIMESTAMP WITH TIME ZONE,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    merged_into BIGINT,
    CONSTRAINT pk_advisories PRIMARY KEY (id),
    CONSTRAINT ck_advisories_severity CHECK (severity IN ('critical', 'high', 'moderate', 'low', 'unknown')),
    CONSTRAINT ck_advisories_kind CHECK (kind IN ('advisory', 'psa')),
    CONSTRAINT uq_advisories_public_id UNIQUE (public_id),
    CONSTRAINT fk_advisories_merged_into FOREIGN KEY(merged_into) REFERENCES advisories (id)
)
    """,
    "CREATE INDEX ix_advisories_published_at ON advisories (published_at, public_id)",
    "CREATE UNIQUE INDEX uq_advisories_name ON advisories (name) WHERE merged_into IS NULL",
    """
    CREATE TABLE advisory_aliases (
    alias VARCHAR NOT NULL,
    advisory_id BIGINT NOT NULL,
    CONSTRAINT pk_advisory_aliases PRIMARY KEY (alias, advisory_id),
    CONSTRAINT fk_advisory_aliases_advisory_id FOREIGN KEY(advisory_id) REFERENCES advisories (id)
)
    """,
    """
    CREATE TABLE advisory_sources (
    source VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    advisory_id BIGINT NOT NULL,
    record JSONB NOT NULL,
    record_hash BYTEA NOT NULL,
    fetched_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_advisory_sources PRIMARY KEY (source, source_id),
    CONSTRAINT fk_advisory_sources_advisory_id FOREIGN KEY(advisory_id) REFERENCES advisories (id)
)
    """,
    "CREATE INDEX ix_advisory_sources_advisory_id ON advisory_sources (advisory_id)",
    """
    CREATE TABLE advisory_packages (
    advisory_id BIGINT NOT NULL,
    package VARCHAR NOT NULL,
    version_constraint VARCHAR DEFAULT '' NOT NULL,
    versions VARCHAR[] DEFAULT '{}' NOT NULL,
    of_branch BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_advisory_packages PRIMARY KEY (advisory_id, package),
    CONSTRAINT fk_advisory_packages_advisory_id FOREIGN KEY(advisory_id) REFERENCES advisories (id)
)
    """,
    "CREATE INDEX ix_advisory_packages_package ON advisory_packages (package)",
    """
    CREATE TABLE risk_decisions (
    id UUID NOT NULL,
    organization_id UUID NOT NULL,
    advisory_id BIGINT NOT NULL,
    site_id UUID,
    kind VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by UUID,
    approved_at TIMESTAMP WITH TIME ZONE,
    approved_by UUID,
    ended_at TIMESTAMP WITH TIME ZONE,
    ended_by UUID,
    ended_reason VARCHAR,
    CONSTRAINT pk_risk_decisions PRIMARY KEY (id),
    CONSTRAINT ck_risk_decisions_kind CHECK (kind IN ('accepted', 'false_positive')),
    CONSTRAINT ck_risk_decisions_ended_reason CHECK (ended_reason IN ('expired', 'advisory_changed', 'revoked', 'replaced', 'refused')),
    CONSTRAINT fk_risk_decisions_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
    CONSTRAINT fk_risk_decisions_advisory_id FOREIGN KEY(advisory_id) REFERENCES advisories (id),
    CONSTRAINT fk_risk_decisions_site_id FOREIGN KEY(site_id) REFERENCES sites (id)
)
    """,
    "CREATE INDEX ix_risk_decisions_advisory_id ON risk_decisions (advisory_id)",
    "CREATE INDEX ix_risk_decisions_standing ON risk_decisions (organization_id, advisory_id) WHERE ended_at IS NULL",
    """
    CREATE TABLE exposures (
    id UUID NOT NULL,
    organization_id UUID NOT NULL,
    site_id UUID NOT NULL,
    advisory_id BIGINT NOT NULL,
    module_id BIGINT NOT NULL,
    n INTEGER NOT NULL,
    version VARCHAR NOT NULL,
    fixed_version VARCHAR,
    enabled BOOLEAN,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    due_at TIMESTAMP WITH TIME ZONE,
    opened_report_id UUID,
    closed_report_id UUID,
    decision_id UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_exposures PRIMARY KEY (id),
    CONSTRAINT ck_exposures_not_empty CHECK (ended_at > started_at),
    CONSTRAINT fk_exposures_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
    CONSTRAINT fk_exposures_site_id FOREIGN KEY(site_id) REFERENCES sites (id),
    CONSTRAINT fk_exposures_advisory_id FOREIGN KEY(advisory_id) REFERENCES advisories (id),
    CONSTRAINT fk_exposures_module_id FOREIGN KEY(module_id) REFERENCES modules (id),
    CONSTRAINT fk_exposures_decision_id FOREIGN KEY(decision_id) REFERENCES risk_decisions (id)
) WITH (fillfactor = 85)
    """,
    "CREATE INDEX ix_exposures_advisory_id ON exposures (advisory_id, organization_id)",
    "CREATE INDEX ix_exposures_open ON exposures (organization_id, due_at) WHERE ended_at IS NULL",
    "CREATE INDEX ix_exposures_open_site ON exposures (site_id) WHERE ended_at IS NULL",
    "CREATE INDEX ix_exposures_organization_id_started_at ON exposures (organization_id, started_at)",
    "CREATE UNIQUE INDEX uq_exposures_site_id_advisory_id_n ON exposures (site_id, advisory_id, n)",
)
ENDED = "ix_installations_ended"


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table in WALLED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING ({ALL} OR organization_id = ANY ({MINE}))")
    op.add_column("sites", sa.Column("exposures_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("sites", sa.Column("exposed_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(ENDED, "installations", ["module_id", "valid_to"], postgresql_where=sa.text("valid_to IS NOT NULL"))
    op.execute("""
        INSERT INTO module_projects (project, module_id)
        SELECT DISTINCT i.project, i.module_id FROM installations i JOIN modules m ON m.id = i.module_id
        WHERE i.project IS NOT NULL AND i.project NOT IN ('drupal', m.name)
    """)


def downgrade() -> None:
    op.drop_index(ENDED, table_name="installations")
    op.drop_column("sites", "exposed_since")
    op.drop_column("sites", "exposures_count")
    for table in ("exposures", "risk_decisions", "advisory_packages", "advisory_sources", "advisory_aliases", "advisories",
                  "module_projects"):
        op.drop_table(table)
