"""Notifications: channels, rules, what happened, which message tells of it, and every try to deliver one."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

IDS = "string_to_array(nullif(current_setting('patchboard.organizations', true), 'all'), ',')"
ALL = "(SELECT current_setting('patchboard.organizations', true)) = 'all'"
MINE = f"(SELECT {IDS}::uuid[])::uuid[]"
WALLED = ("notification_channels", "notification_rules", "notification_facts", "notification_marks", "notification_deliveries",
          "notification_matches", "notification_attempts")
TABLES = (
    """
    CREATE TABLE notification_channels (
        organization_id UUID NOT NULL,
        name VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        recipients VARCHAR[] DEFAULT '{}' NOT NULL,
        address VARCHAR DEFAULT '' NOT NULL,
        endpoint TEXT,
        secret TEXT,
        former_secret TEXT,
        former_secret_until TIMESTAMP WITH TIME ZONE,
        is_enabled BOOLEAN DEFAULT 'true' NOT NULL,
        disabled_reason VARCHAR,
        failures INTEGER DEFAULT '0' NOT NULL,
        failing_since TIMESTAMP WITH TIME ZONE,
        last_error VARCHAR,
        last_tried_at TIMESTAMP WITH TIME ZONE,
        last_delivered_at TIMESTAMP WITH TIME ZONE,
        id UUID NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by UUID,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_by UUID,
        deleted_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_notification_channels PRIMARY KEY (id),
        CONSTRAINT uq_notification_channels_id_organization_id UNIQUE (id, organization_id),
        CONSTRAINT fk_notification_channels_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
    )
    """,
    """
    CREATE UNIQUE INDEX uq_notification_channels_name ON notification_channels (organization_id, lower(name))
    WHERE deleted_at IS NULL
    """,
    """
    CREATE TABLE notification_rules (
        organization_id UUID NOT NULL,
        name VARCHAR NOT NULL,
        channel_id UUID NOT NULL,
        events VARCHAR[] NOT NULL,
        severity VARCHAR,
        team_id UUID,
        tags VARCHAR[] DEFAULT '{}' NOT NULL,
        environments VARCHAR[] DEFAULT '{}' NOT NULL,
        timing VARCHAR DEFAULT 'at_once' NOT NULL,
        hour INTEGER DEFAULT '8' NOT NULL,
        weekday INTEGER DEFAULT '1' NOT NULL,
        is_enabled BOOLEAN DEFAULT 'true' NOT NULL,
        id UUID NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by UUID,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_by UUID,
        deleted_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_notification_rules PRIMARY KEY (id),
        CONSTRAINT ck_notification_rules_timing CHECK (timing IN ('at_once', 'hourly', 'daily', 'weekly')),
        CONSTRAINT ck_notification_rules_severity CHECK (severity IN ('critical', 'high', 'moderate', 'low')),
        CONSTRAINT ck_notification_rules_hour CHECK (hour BETWEEN 0 AND 23),
        CONSTRAINT ck_notification_rules_weekday CHECK (weekday BETWEEN 1 AND 7),
        CONSTRAINT ck_notification_rules_events CHECK (cardinality(events) > 0),
        CONSTRAINT fk_notification_rules_channel_id_organization_id FOREIGN KEY(channel_id, organization_id) REFERENCES notification_channels (id, organization_id),
        CONSTRAINT fk_notification_rules_team_id_organization_id FOREIGN KEY(team_id, organization_id) REFERENCES teams (id, organization_id),
        CONSTRAINT fk_notification_rules_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
    )
    """,
    "CREATE INDEX ix_notification_rules_channel_id ON notification_rules (channel_id)",
    "CREATE UNIQUE INDEX uq_notification_rules_name ON notification_rules (organization_id, lower(name)) WHERE deleted_at IS NULL",
    """
    CREATE TABLE notification_facts (
        id UUID NOT NULL,
        organization_id UUID NOT NULL,
        kind VARCHAR NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        sites UUID[] NOT NULL,
        advisories BIGINT[] NOT NULL,
        refs UUID[] NOT NULL,
        labels VARCHAR[] NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        matched_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_notification_facts PRIMARY KEY (id),
        CONSTRAINT ck_notification_facts_same_length CHECK (cardinality(sites) = cardinality(advisories) AND cardinality(sites) = cardinality(refs) AND cardinality(sites) = cardinality(labels)),
        CONSTRAINT fk_notification_facts_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
    )
    """,
    "CREATE INDEX ix_notification_facts_matched ON notification_facts (matched_at) WHERE matched_at IS NOT NULL",
    "CREATE INDEX ix_notification_facts_unmatched ON notification_facts (created_at) WHERE matched_at IS NULL",
    """
    CREATE TABLE notification_marks (
        kind VARCHAR NOT NULL,
        subject_id UUID NOT NULL,
        moment TIMESTAMP WITH TIME ZONE NOT NULL,
        organization_id UUID NOT NULL,
        CONSTRAINT pk_notification_marks PRIMARY KEY (kind, subject_id, moment),
        CONSTRAINT fk_notification_marks_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
    )
    """,
    "CREATE INDEX ix_notification_marks_moment ON notification_marks (moment)",
    """
    CREATE TABLE notification_deliveries (
        id UUID NOT NULL,
        organization_id UUID NOT NULL,
        channel_id UUID NOT NULL,
        rule_id UUID,
        event VARCHAR NOT NULL,
        state VARCHAR DEFAULT 'gathering' NOT NULL,
        title VARCHAR DEFAULT '' NOT NULL,
        payload JSONB,
        items_count INTEGER DEFAULT '0' NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by UUID,
        due_at TIMESTAMP WITH TIME ZONE,
        gathered_at TIMESTAMP WITH TIME ZONE,
        delivered_at TIMESTAMP WITH TIME ZONE,
        tries INTEGER DEFAULT '0' NOT NULL,
        tries_before INTEGER DEFAULT '0' NOT NULL,
        last_code INTEGER,
        last_error VARCHAR,
        CONSTRAINT pk_notification_deliveries PRIMARY KEY (id),
        CONSTRAINT ck_notification_deliveries_state CHECK (state IN ('gathering', 'waiting', 'sending', 'delivered', 'dead')),
        CONSTRAINT fk_notification_deliveries_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
        CONSTRAINT fk_notification_deliveries_channel_id FOREIGN KEY(channel_id) REFERENCES notification_channels (id),
        CONSTRAINT fk_notification_deliveries_rule_id FOREIGN KEY(rule_id) REFERENCES notification_rules (id)
    )
    """,
    "CREATE INDEX ix_notification_deliveries_channel_id ON notification_deliveries (channel_id, created_at)",
    "CREATE INDEX ix_notification_deliveries_created_at ON notification_deliveries (created_at, id)",
    "CREATE INDEX ix_notification_deliveries_due ON notification_deliveries (due_at) WHERE state IN ('gathering', 'waiting')",
    "CREATE INDEX ix_notification_deliveries_organization_id ON notification_deliveries (organization_id, created_at, id)",
    "CREATE INDEX ix_notification_deliveries_rule_id ON notification_deliveries (rule_id, event, gathered_at)",
    "CREATE UNIQUE INDEX uq_notification_deliveries_gathering ON notification_deliveries (rule_id, event) WHERE state = 'gathering'",
    """
    CREATE TABLE notification_matches (
        rule_id UUID NOT NULL,
        fact_id UUID NOT NULL,
        organization_id UUID NOT NULL,
        delivery_id UUID NOT NULL,
        event VARCHAR NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        sites UUID[] NOT NULL,
        advisories BIGINT[] NOT NULL,
        refs UUID[] NOT NULL,
        labels VARCHAR[] NOT NULL,
        CONSTRAINT pk_notification_matches PRIMARY KEY (rule_id, fact_id),
        CONSTRAINT fk_notification_matches_rule_id FOREIGN KEY(rule_id) REFERENCES notification_rules (id),
        CONSTRAINT fk_notification_matches_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
        CONSTRAINT fk_notification_matches_delivery_id FOREIGN KEY(delivery_id) REFERENCES notification_deliveries (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_notification_matches_delivery_id ON notification_matches (delivery_id)",
    """
    CREATE TABLE notification_attempts (
        id UUID NOT NULL,
        organization_id UUID NOT NULL,
        delivery_id UUID NOT NULL,
        number INTEGER NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        outcome VARCHAR NOT NULL,
        code INTEGER,
        error VARCHAR,
        milliseconds INTEGER NOT NULL,
        CONSTRAINT pk_notification_attempts PRIMARY KEY (id),
        CONSTRAINT ck_notification_attempts_outcome CHECK (outcome IN ('delivered', 'failed')),
        CONSTRAINT fk_notification_attempts_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
        CONSTRAINT fk_notification_attempts_delivery_id FOREIGN KEY(delivery_id) REFERENCES notification_deliveries (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_notification_attempts_delivery_id ON notification_attempts (delivery_id, at)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table in WALLED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING ({ALL} OR organization_id = ANY ({MINE}))")


def downgrade() -> None:
    for table in reversed(WALLED):
        op.drop_table(table)
