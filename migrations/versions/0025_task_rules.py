"""Comments on tasks, their calendars, and rules that make them of findings: once for a site and an advisory."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

IDS = "string_to_array(nullif(current_setting('patchboard.organizations', true), 'all'), ',')"
ALL = "(SELECT current_setting('patchboard.organizations', true)) = 'all'"
MINE = f"(SELECT {IDS}::uuid[])::uuid[]"
ORGANIZATIONS = f"organization_id IS NOT NULL AND ({ALL} OR organization_id = ANY ({MINE}))"
OWN = "organization_id IS NULL AND (SELECT current_setting('patchboard.person', true)) IN ('all', owner_id::text)"
WALLS = {"task_comments": f"({ORGANIZATIONS}) OR ({OWN})", "task_rules": f"{ALL} OR organization_id = ANY ({MINE})"}
RESOURCE = """
        id UUID NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by UUID,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_by UUID,
        deleted_at TIMESTAMP WITH TIME ZONE,
"""


def upgrade() -> None:
    op.execute(f"""
    CREATE TABLE task_comments (
        task_id UUID NOT NULL,
        organization_id UUID,
        owner_id UUID,
        text VARCHAR NOT NULL,{RESOURCE}
        CONSTRAINT pk_task_comments PRIMARY KEY (id),
        CONSTRAINT fk_task_comments_task_id FOREIGN KEY(task_id) REFERENCES tasks (id),
        CONSTRAINT fk_task_comments_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
        CONSTRAINT fk_task_comments_owner_id FOREIGN KEY(owner_id) REFERENCES users (id),
        CONSTRAINT ck_task_comments_whose CHECK ((organization_id IS NULL) <> (owner_id IS NULL))
    )""")
    op.execute("CREATE INDEX ix_task_comments_task_id ON task_comments (task_id, created_at)")
    op.execute("""
    CREATE TABLE task_calendars (
        user_id UUID NOT NULL,
        token_hash BYTEA NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_task_calendars PRIMARY KEY (user_id),
        CONSTRAINT fk_task_calendars_user_id FOREIGN KEY(user_id) REFERENCES users (id)
    )""")
    op.execute("CREATE UNIQUE INDEX uq_task_calendars_token_hash ON task_calendars (token_hash)")
    op.execute(f"""
    CREATE TABLE task_rules (
        organization_id UUID NOT NULL,
        name VARCHAR NOT NULL,
        severity VARCHAR,
        criticality VARCHAR,
        environments VARCHAR[] DEFAULT '{{}}' NOT NULL,
        tags VARCHAR[] DEFAULT '{{}}' NOT NULL,
        team_id UUID,
        assign VARCHAR DEFAULT 'owner' NOT NULL,
        assignee_id UUID,
        due_days INTEGER,
        is_enabled BOOLEAN DEFAULT 'true' NOT NULL,{RESOURCE}
        CONSTRAINT pk_task_rules PRIMARY KEY (id),
        CONSTRAINT fk_task_rules_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
        CONSTRAINT fk_task_rules_assignee_id FOREIGN KEY(assignee_id) REFERENCES users (id),
        CONSTRAINT fk_task_rules_team_id_organization_id FOREIGN KEY(team_id, organization_id) REFERENCES teams (id, organization_id),
        CONSTRAINT ck_task_rules_severity CHECK (severity IN ('critical', 'high', 'moderate', 'low')),
        CONSTRAINT ck_task_rules_criticality CHECK (criticality IN ('critical', 'high', 'normal', 'low')),
        CONSTRAINT ck_task_rules_assign CHECK (assign IN ('owner', 'person', 'nobody')),
        CONSTRAINT ck_task_rules_person CHECK (assign <> 'person' OR assignee_id IS NOT NULL),
        CONSTRAINT ck_task_rules_due_days CHECK (due_days BETWEEN 0 AND 3650)
    )""")
    op.execute("CREATE UNIQUE INDEX uq_task_rules_name ON task_rules (organization_id, lower(name)) WHERE deleted_at IS NULL")
    op.execute("ALTER TABLE tasks ADD COLUMN rule_id UUID")
    op.execute("ALTER TABLE tasks ADD CONSTRAINT fk_tasks_rule_id FOREIGN KEY(rule_id) REFERENCES task_rules (id)")
    op.execute("CREATE UNIQUE INDEX uq_tasks_site_id_advisory_id ON tasks (site_id, advisory_id) WHERE rule_id IS NOT NULL")
    for table, holds in WALLS.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING ({holds})")


def downgrade() -> None:
    op.execute("ALTER TABLE tasks DROP COLUMN rule_id")
    for table in ("task_rules", "task_calendars", "task_comments"):
        op.execute(f"DROP TABLE {table}")
