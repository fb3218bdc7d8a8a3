"""Tasks: of an organization, or of one person alone.

The wall around what is one person's alone reads `patchboard.person`: a superuser, for whom all organizations are open, does not see
it either. Whoever copies the whole database by row (a backup through row-level security) sets it to `all`.
"""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

IDS = "string_to_array(nullif(current_setting('patchboard.organizations', true), 'all'), ',')"
ALL = "(SELECT current_setting('patchboard.organizations', true)) = 'all'"
MINE = f"(SELECT {IDS}::uuid[])::uuid[]"
ORGANIZATIONS = f"organization_id IS NOT NULL AND ({ALL} OR organization_id = ANY ({MINE}))"
OWN = "organization_id IS NULL AND (SELECT current_setting('patchboard.person', true)) IN ('all', owner_id::text)"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE tasks (
        organization_id UUID,
        owner_id UUID,
        title VARCHAR NOT NULL,
        description VARCHAR DEFAULT '' NOT NULL,
        status VARCHAR DEFAULT 'pending' NOT NULL,
        priority VARCHAR DEFAULT 'medium' NOT NULL,
        due_date DATE,
        assignee_id UUID,
        site_id UUID,
        advisory_id BIGINT,
        module_id BIGINT,
        tags VARCHAR[] DEFAULT '{}' NOT NULL,
        completed_at TIMESTAMP WITH TIME ZONE,
        completed_by UUID,
        closed_by VARCHAR,
        report_id UUID,
        reason VARCHAR,
        id UUID NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by UUID,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_by UUID,
        deleted_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_tasks PRIMARY KEY (id),
        CONSTRAINT fk_tasks_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
        CONSTRAINT fk_tasks_owner_id FOREIGN KEY(owner_id) REFERENCES users (id),
        CONSTRAINT fk_tasks_assignee_id FOREIGN KEY(assignee_id) REFERENCES users (id),
        CONSTRAINT fk_tasks_site_id FOREIGN KEY(site_id) REFERENCES sites (id),
        CONSTRAINT fk_tasks_advisory_id FOREIGN KEY(advisory_id) REFERENCES advisories (id),
        CONSTRAINT fk_tasks_module_id FOREIGN KEY(module_id) REFERENCES modules (id),
        CONSTRAINT ck_tasks_whose CHECK ((organization_id IS NULL) <> (owner_id IS NULL)),
        CONSTRAINT ck_tasks_site CHECK (site_id IS NULL OR organization_id IS NOT NULL),
        CONSTRAINT ck_tasks_status CHECK (status IN ('pending', 'in_progress', 'completed', 'cancelled')),
        CONSTRAINT ck_tasks_priority CHECK (priority IN ('low', 'medium', 'high', 'critical')),
        CONSTRAINT ck_tasks_closed_by CHECK (closed_by IN ('person', 'evidence', 'decision')),
        CONSTRAINT ck_tasks_closed CHECK ((closed_by IS NULL) = (status IN ('pending', 'in_progress'))),
        CONSTRAINT ck_tasks_completed CHECK ((completed_at IS NULL) = (status <> 'completed'))
    )""")
    op.execute("CREATE INDEX ix_tasks_organization_id_due_date ON tasks (organization_id, due_date) WHERE deleted_at IS NULL")
    op.execute("CREATE INDEX ix_tasks_owner_id ON tasks (owner_id) WHERE owner_id IS NOT NULL")
    op.execute("CREATE INDEX ix_tasks_assignee_id ON tasks (assignee_id, status)")
    op.execute("CREATE INDEX ix_tasks_site_id ON tasks (site_id)")
    op.execute("CREATE INDEX ix_tasks_advisory_id ON tasks (advisory_id)")
    op.execute("CREATE INDEX ix_tasks_search ON tasks USING gin (title gin_trgm_ops, description gin_trgm_ops)")
    op.execute("ALTER TABLE tasks ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE tasks FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON tasks USING (({ORGANIZATIONS}) OR ({OWN}))")


def downgrade() -> None:
    op.execute("DROP TABLE tasks")
