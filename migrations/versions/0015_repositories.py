"""Repositories with their commits, pull requests and reviews; developers, by what they are known by; sites refer to repositories."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

IDS = "string_to_array(nullif(current_setting('patchboard.organizations', true), 'all'), ',')"
ALL = "(SELECT current_setting('patchboard.organizations', true)) = 'all'"
MINE = f"(SELECT {IDS}::uuid[])::uuid[]"
WALLED = ("repositories", "developers", "developer_identities", "commits", "pull_requests", "pull_request_reviews")
OF_SITES = "fk_sites_repository_id_organization_id"
TABLES = (
    """
    CREATE TABLE repositories (
    organization_id UUID NOT NULL,
    name VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    language VARCHAR,
    default_branch VARCHAR DEFAULT 'main' NOT NULL,
    team_id UUID,
    provider VARCHAR,
    provider_id VARCHAR,
    commit_count INTEGER DEFAULT '0' NOT NULL,
    last_commit_at TIMESTAMP WITH TIME ZONE,
    id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_by UUID,
    deleted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_repositories PRIMARY KEY (id),
    CONSTRAINT uq_repositories_id_organization_id UNIQUE (id, organization_id),
    CONSTRAINT fk_repositories_team_id_organization_id FOREIGN KEY(team_id, organization_id) REFERENCES teams (id, organization_id),
    CONSTRAINT ck_repositories_provider CHECK (provider IN ('github', 'gitlab')),
    CONSTRAINT fk_repositories_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
    """,
    "CREATE INDEX ix_repositories_created_at ON repositories (created_at)",
    "CREATE INDEX ix_repositories_team_id ON repositories (team_id)",
    "CREATE UNIQUE INDEX uq_repositories_provider_id ON repositories (organization_id, provider, provider_id) WHERE deleted_at IS NULL AND provider_id IS NOT NULL",
    "CREATE UNIQUE INDEX uq_repositories_url ON repositories (organization_id, lower(url)) WHERE deleted_at IS NULL",
    """
    CREATE TABLE developers (
    organization_id UUID NOT NULL,
    number INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    user_id UUID,
    is_bot BOOLEAN DEFAULT 'false' NOT NULL,
    merged_into UUID,
    id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_by UUID,
    deleted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_developers PRIMARY KEY (id),
    CONSTRAINT uq_developers_id_organization_id UNIQUE (id, organization_id),
    CONSTRAINT fk_developers_merged_into_organization_id FOREIGN KEY(merged_into, organization_id) REFERENCES developers (id, organization_id),
    CONSTRAINT fk_developers_organization_id_user_id FOREIGN KEY(organization_id, user_id) REFERENCES memberships (organization_id, user_id),
    CONSTRAINT fk_developers_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
    """,
    "CREATE INDEX ix_developers_organization_id_user_id ON developers (organization_id, user_id)",
    "CREATE UNIQUE INDEX uq_developers_number ON developers (organization_id, number)",
    """
    CREATE TABLE developer_identities (
    id UUID NOT NULL,
    organization_id UUID NOT NULL,
    developer_id UUID NOT NULL,
    home_id UUID NOT NULL,
    kind VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    CONSTRAINT pk_developer_identities PRIMARY KEY (id),
    CONSTRAINT ck_developer_identities_kind CHECK (kind IN ('email', 'provider')),
    CONSTRAINT fk_developer_identities_developer_id_organization_id FOREIGN KEY(developer_id, organization_id) REFERENCES developers (id, organization_id),
    CONSTRAINT fk_developer_identities_home_id_organization_id FOREIGN KEY(home_id, organization_id) REFERENCES developers (id, organization_id)
)
    """,
    "CREATE INDEX ix_developer_identities_developer_id ON developer_identities (developer_id)",
    "CREATE INDEX ix_developer_identities_home_id ON developer_identities (home_id)",
    "CREATE UNIQUE INDEX uq_developer_identities_value ON developer_identities (organization_id, kind, value)",
    """
    CREATE TABLE commits (
    id UUID NOT NULL,
    organization_id UUID NOT NULL,
    repository_id UUID NOT NULL,
    sha VARCHAR NOT NULL,
    parents VARCHAR[] NOT NULL,
    author_id UUID,
    author_name VARCHAR NOT NULL,
    author_email VARCHAR NOT NULL,
    authored_at TIMESTAMP WITH TIME ZONE NOT NULL,
    committed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    message VARCHAR NOT NULL,
    lines_added INTEGER,
    lines_deleted INTEGER,
    is_on_default_branch BOOLEAN NOT NULL,
    patch_id VARCHAR,
    source VARCHAR NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_commits PRIMARY KEY (id),
    CONSTRAINT fk_commits_repository_id_organization_id FOREIGN KEY(repository_id, organization_id) REFERENCES repositories (id, organization_id),
    CONSTRAINT ck_commits_lines CHECK (lines_added >= 0 AND lines_deleted >= 0),
    CONSTRAINT fk_commits_author_id FOREIGN KEY(author_id) REFERENCES developer_identities (id)
)
    """,
    "CREATE INDEX ix_commits_author_id_authored_at ON commits (author_id, authored_at)",
    "CREATE INDEX ix_commits_organization_id ON commits (organization_id)",
    "CREATE INDEX ix_commits_repository_id_committed_at ON commits (repository_id, committed_at, id)",
    "CREATE UNIQUE INDEX uq_commits_repository_id_sha ON commits (repository_id, sha)",
    """
    CREATE TABLE pull_requests (
    id UUID NOT NULL,
    organization_id UUID NOT NULL,
    repository_id UUID NOT NULL,
    number INTEGER NOT NULL,
    title VARCHAR NOT NULL,
    author_id UUID,
    author_name VARCHAR NOT NULL,
    author_email VARCHAR,
    state VARCHAR NOT NULL,
    is_draft BOOLEAN DEFAULT 'false' NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    first_commit_at TIMESTAMP WITH TIME ZONE,
    ready_for_review_at TIMESTAMP WITH TIME ZONE,
    first_review_at TIMESTAMP WITH TIME ZONE,
    approved_at TIMESTAMP WITH TIME ZONE,
    merged_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    merge_commit_sha VARCHAR,
    head_sha VARCHAR,
    head_branch VARCHAR,
    base_branch VARCHAR,
    lines_added INTEGER,
    lines_deleted INTEGER,
    url VARCHAR,
    source VARCHAR NOT NULL,
    external_id VARCHAR,
    told_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_pull_requests PRIMARY KEY (id),
    CONSTRAINT fk_pull_requests_repository_id_organization_id FOREIGN KEY(repository_id, organization_id) REFERENCES repositories (id, organization_id),
    CONSTRAINT ck_pull_requests_state CHECK (state IN ('open', 'merged', 'closed')),
    CONSTRAINT ck_pull_requests_merged CHECK ((state = 'merged') = (merged_at IS NOT NULL)),
    CONSTRAINT fk_pull_requests_author_id FOREIGN KEY(author_id) REFERENCES developer_identities (id)
)
    """,
    "CREATE INDEX ix_pull_requests_author_id_opened_at ON pull_requests (author_id, opened_at)",
    "CREATE INDEX ix_pull_requests_organization_id_merged_at ON pull_requests (organization_id, merged_at)",
    "CREATE INDEX ix_pull_requests_repository_id_merge_commit_sha ON pull_requests (repository_id, merge_commit_sha) WHERE merge_commit_sha IS NOT NULL",
    "CREATE INDEX ix_pull_requests_repository_id_opened_at ON pull_requests (repository_id, opened_at, id)",
    "CREATE UNIQUE INDEX uq_pull_requests_repository_id_number ON pull_requests (repository_id, number)",
    """
    CREATE TABLE pull_request_reviews (
    id UUID NOT NULL,
    organization_id UUID NOT NULL,
    pull_request_id UUID NOT NULL,
    reviewer_id UUID,
    reviewer_name VARCHAR NOT NULL,
    reviewer_email VARCHAR,
    state VARCHAR NOT NULL,
    submitted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    external_id VARCHAR NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_pull_request_reviews PRIMARY KEY (id),
    CONSTRAINT ck_pull_request_reviews_state CHECK (state IN ('approved', 'changes_requested', 'commented', 'dismissed')),
    CONSTRAINT fk_pull_request_reviews_pull_request_id FOREIGN KEY(pull_request_id) REFERENCES pull_requests (id),
    CONSTRAINT fk_pull_request_reviews_reviewer_id FOREIGN KEY(reviewer_id) REFERENCES developer_identities (id)
)
    """,
    "CREATE INDEX ix_pull_request_reviews_organization_id ON pull_request_reviews (organization_id)",
    "CREATE INDEX ix_pull_request_reviews_reviewer_id_submitted_at ON pull_request_reviews (reviewer_id, submitted_at)",
    "CREATE UNIQUE INDEX uq_pull_request_reviews_external_id ON pull_request_reviews (pull_request_id, external_id)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table in WALLED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING ({ALL} OR organization_id = ANY ({MINE}))")
    op.create_foreign_key(OF_SITES, "sites", "repositories", ["repository_id", "organization_id"], ["id", "organization_id"])
    op.create_index("ix_sites_repository_id", "sites", ["repository_id"])


def downgrade() -> None:
    op.drop_index("ix_sites_repository_id", table_name="sites")
    op.drop_constraint(OF_SITES, "sites", type_="foreignkey")
    for table in reversed(WALLED):
        op.drop_table(table)
