"""Repositories, their commits, their pull requests and the reviews of those."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base, Resource
from webapp.kit.ids import new_id

ACTIVE = text("deleted_at IS NULL")


def within_repository() -> ForeignKeyConstraint:
    """What lies below a repository lies in its organization, whatever writes it."""
    return ForeignKeyConstraint(["repository_id", "organization_id"], ["repositories.id", "repositories.organization_id"])


class Repository(Resource, Base):
    """A git repository of one organization. Its address is taken once there, whatever its case; it stays where its history is.

    `provider` and `provider_id` are known from the first webhook on, so that a rename keeps it the same repository. `commit_count`
    and `last_commit_at` are of all commits that are known, kept as they are recorded. `incomplete_since` is since when some are known
    to be missing (GitLab tells of twenty a push at most), until git itself is read.
    """

    __tablename__ = "repositories"
    __table_args__ = (
        UniqueConstraint("id", "organization_id"),  # what sites, commits and pull requests refer to
        ForeignKeyConstraint(["team_id", "organization_id"], ["teams.id", "teams.organization_id"]),
        CheckConstraint("provider IN ('github', 'gitlab')", name="provider"),
    )
    cached_as = "repo"

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str]
    url: Mapped[str]
    language: Mapped[str | None]
    default_branch: Mapped[str] = mapped_column(server_default="main")
    team_id: Mapped[UUID | None]
    provider: Mapped[str | None]
    provider_id: Mapped[str | None]
    commit_count: Mapped[int] = mapped_column(server_default="0")
    last_commit_at: Mapped[datetime | None]
    incomplete_since: Mapped[datetime | None]


Index("uq_repositories_url", Repository.organization_id, func.lower(Repository.url), unique=True, postgresql_where=ACTIVE)
Index("uq_repositories_provider_id", Repository.organization_id, Repository.provider, Repository.provider_id, unique=True,
      postgresql_where=text("deleted_at IS NULL AND provider_id IS NOT NULL"))
Index("ix_repositories_team_id", Repository.team_id)
Index("ix_repositories_created_at", Repository.created_at)


class Commit(Base):
    """One commit of a repository, known once by its `sha`. `parents` are shas, the first one first; several make it a merge.

    Lines are null where nobody has counted them. `is_on_default_branch` turns true when a commit arrives there, and stays so.
    `patch_id` is git's own (`git patch-id --stable`): the same change under two shas, as squashing and picking make it.
    """

    __tablename__ = "commits"
    __table_args__ = (
        within_repository(),
        CheckConstraint("lines_added >= 0 AND lines_deleted >= 0", name="lines"),
        Index("uq_commits_repository_id_sha", "repository_id", "sha", unique=True),
        Index("ix_commits_repository_id_committed_at", "repository_id", "committed_at", "id"),
        Index("ix_commits_author_id_authored_at", "author_id", "authored_at"),
        Index("ix_commits_organization_id", "organization_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID]
    repository_id: Mapped[UUID]
    sha: Mapped[str]
    parents: Mapped[list[str]] = mapped_column(ARRAY(String))
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("developer_identities.id"))
    author_name: Mapped[str]
    author_email: Mapped[str]
    authored_at: Mapped[datetime]
    committed_at: Mapped[datetime]
    message: Mapped[str]
    lines_added: Mapped[int | None]
    lines_deleted: Mapped[int | None]
    is_on_default_branch: Mapped[bool]
    patch_id: Mapped[str | None]
    source: Mapped[str]
    created_at: Mapped[datetime]


class PullRequest(Base):
    """A pull request (GitLab's merge request), known once by its `number` in the repository.

    `told_at` is the provider's own time of what is known (null where it was posted): news older than that changes no state. Times
    of the first commit, review and readiness are null until somebody tells them; none is ever made up.
    """

    __tablename__ = "pull_requests"
    __table_args__ = (
        within_repository(),
        CheckConstraint("state IN ('open', 'merged', 'closed')", name="state"),
        CheckConstraint("(state = 'merged') = (merged_at IS NOT NULL)", name="merged"),
        Index("uq_pull_requests_repository_id_number", "repository_id", "number", unique=True),
        Index("ix_pull_requests_repository_id_opened_at", "repository_id", "opened_at", "id"),
        Index("ix_pull_requests_organization_id_merged_at", "organization_id", "merged_at"),
        Index("ix_pull_requests_author_id_opened_at", "author_id", "opened_at"),
        Index("ix_pull_requests_repository_id_merge_commit_sha", "repository_id", "merge_commit_sha",
              postgresql_where=text("merge_commit_sha IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID]
    repository_id: Mapped[UUID]
    number: Mapped[int]
    title: Mapped[str]
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("developer_identities.id"))
    author_name: Mapped[str]
    author_email: Mapped[str | None]
    state: Mapped[str]
    is_draft: Mapped[bool] = mapped_column(server_default="false")
    opened_at: Mapped[datetime]
    first_commit_at: Mapped[datetime | None]
    ready_for_review_at: Mapped[datetime | None]
    first_review_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    merged_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    merge_commit_sha: Mapped[str | None]
    head_sha: Mapped[str | None]
    head_branch: Mapped[str | None]
    base_branch: Mapped[str | None]
    lines_added: Mapped[int | None]
    lines_deleted: Mapped[int | None]
    url: Mapped[str | None]
    source: Mapped[str]
    external_id: Mapped[str | None]
    told_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Review(Base):
    """What one reviewer said of a pull request at one time; `external_id` is the provider's, or made of who and when."""

    __tablename__ = "pull_request_reviews"
    __table_args__ = (
        CheckConstraint("state IN ('approved', 'changes_requested', 'commented', 'dismissed')", name="state"),
        Index("uq_pull_request_reviews_external_id", "pull_request_id", "external_id", unique=True),
        Index("ix_pull_request_reviews_reviewer_id_submitted_at", "reviewer_id", "submitted_at"),
        Index("ix_pull_request_reviews_organization_id", "organization_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID]
    pull_request_id: Mapped[UUID] = mapped_column(ForeignKey("pull_requests.id"))
    reviewer_id: Mapped[UUID | None] = mapped_column(ForeignKey("developer_identities.id"))
    reviewer_name: Mapped[str]
    reviewer_email: Mapped[str | None]
    state: Mapped[str]
    submitted_at: Mapped[datetime]
    external_id: Mapped[str]
    created_at: Mapped[datetime]
