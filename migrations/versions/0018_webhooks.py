"""Webhook endpoints of providers, what was delivered to them, and repositories of which commits are known to be missing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

IDS = "string_to_array(nullif(current_setting('patchboard.organizations', true), 'all'), ',')"
ALL = "(SELECT current_setting('patchboard.organizations', true)) = 'all'"
MINE = f"(SELECT {IDS}::uuid[])::uuid[]"
WALLED = ("webhook_endpoints", "webhook_deliveries")
TABLES = (
    """
    CREATE TABLE webhook_endpoints (
    organization_id UUID NOT NULL,
    name VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    signing_secret TEXT NOT NULL,
    former_secret TEXT,
    former_until TIMESTAMP WITH TIME ZONE,
    id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_by UUID,
    deleted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_webhook_endpoints PRIMARY KEY (id),
    CONSTRAINT uq_webhook_endpoints_id_organization_id UNIQUE (id, organization_id),
    CONSTRAINT ck_webhook_endpoints_provider CHECK (provider IN ('github', 'gitlab')),
    CONSTRAINT fk_webhook_endpoints_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
    """,
    "CREATE INDEX ix_webhook_endpoints_organization_id_created_at ON webhook_endpoints (organization_id, created_at)",
    """
    CREATE TABLE webhook_deliveries (
    id UUID NOT NULL,
    organization_id UUID NOT NULL,
    endpoint_id UUID NOT NULL,
    delivery_id VARCHAR NOT NULL,
    event VARCHAR NOT NULL,
    action VARCHAR,
    repository VARCHAR,
    body BYTEA,
    bytes_count INTEGER NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state VARCHAR NOT NULL,
    outcome VARCHAR,
    finished_at TIMESTAMP WITH TIME ZONE,
    replays INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT pk_webhook_deliveries PRIMARY KEY (id),
    CONSTRAINT fk_webhook_deliveries_endpoint_id_organization_id FOREIGN KEY(endpoint_id, organization_id) REFERENCES webhook_endpoints (id, organization_id),
    CONSTRAINT ck_webhook_deliveries_state CHECK (state IN ('waiting', 'done', 'ignored', 'failed'))
)
    """,
    "CREATE INDEX ix_webhook_deliveries_endpoint_id_received_at ON webhook_deliveries (endpoint_id, received_at, id)",
    "CREATE INDEX ix_webhook_deliveries_kept ON webhook_deliveries (received_at) WHERE body IS NOT NULL",
    "CREATE INDEX ix_webhook_deliveries_organization_id ON webhook_deliveries (organization_id)",
    "CREATE UNIQUE INDEX uq_webhook_deliveries_delivery_id ON webhook_deliveries (endpoint_id, delivery_id)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table in WALLED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING ({ALL} OR organization_id = ANY ({MINE}))")
    op.add_column("repositories", sa.Column("incomplete_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("repositories", "incomplete_since")
    for table in reversed(WALLED):
        op.drop_table(table)
