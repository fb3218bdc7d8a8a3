"""Uploads: what is known of files that lie in the storage."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

IDS = "string_to_array(nullif(current_setting('patchboard.organizations', true), 'all'), ',')"
ALL = "(SELECT current_setting('patchboard.organizations', true)) = 'all'"
MINE = f"(SELECT {IDS}::uuid[])::uuid[]"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE uploads (
        organization_id UUID NOT NULL,
        site_id UUID,
        name VARCHAR NOT NULL,
        media_type VARCHAR NOT NULL,
        bytes BIGINT NOT NULL,
        sha256 VARCHAR NOT NULL,
        storage_key VARCHAR NOT NULL,
        scan VARCHAR NOT NULL,
        width INTEGER,
        height INTEGER,
        sizes JSONB DEFAULT '[]' NOT NULL,
        text_state VARCHAR NOT NULL,
        text_note VARCHAR DEFAULT '' NOT NULL,
        text VARCHAR DEFAULT '' NOT NULL,
        words TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, text)) STORED NOT NULL,
        report JSONB,
        purged_at TIMESTAMP WITH TIME ZONE,
        id UUID NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by UUID,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_by UUID,
        deleted_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_uploads PRIMARY KEY (id),
        CONSTRAINT uq_uploads_id_organization_id UNIQUE (id, organization_id),
        CONSTRAINT fk_uploads_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
        CONSTRAINT fk_uploads_site_id FOREIGN KEY(site_id) REFERENCES sites (id),
        CONSTRAINT ck_uploads_scan CHECK (scan IN ('clean', 'skipped')),
        CONSTRAINT ck_uploads_text_state CHECK (text_state IN ('whole', 'cut', 'none', 'waiting', 'unreadable')),
        CONSTRAINT ck_uploads_bytes CHECK (bytes >= 0),
        CONSTRAINT ck_uploads_purged CHECK (purged_at IS NULL OR deleted_at IS NOT NULL)
    )""")
    op.execute("CREATE INDEX ix_uploads_organization_id_created_at ON uploads (organization_id, created_at)")
    op.execute("CREATE INDEX ix_uploads_site_id_created_at ON uploads (site_id, created_at)")
    op.execute("CREATE INDEX ix_uploads_deleted_at ON uploads (deleted_at) WHERE deleted_at IS NOT NULL AND purged_at IS NULL")
    op.execute("ALTER TABLE uploads ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE uploads FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON uploads USING ({ALL} OR organization_id = ANY ({MINE}))")


def downgrade() -> None:
    op.execute("DROP TABLE uploads")
