"""Reading repositories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from webapp.accounts.models import Organization, Team
from webapp.insights.models import Repository
from webapp.insights.policy import visible_repositories
from webapp.kit.db import db, rows
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission

CHOICES = 200
EQUAL = ("name", "url", "language", "default_branch", "organization_id", "provider")
SITES = """
SELECT repository_id, count(*) AS sites FROM sites
WHERE repository_id = ANY(CAST(:ids AS uuid[])) AND deleted_at IS NULL GROUP BY repository_id
"""
SORTS: dict[str, Any] = {
    "name": func.lower(Repository.name), "language": func.lower(Repository.language),
    **{name: getattr(Repository, name) for name in ("url", "commit_count", "last_commit_at", "created_at", "updated_at")}}


def _shown(statement: Select[Any]) -> Select[Any]:
    """Repositories with the name of their organization, and of their team while that is not deleted."""
    return (statement.join(Organization, Organization.id == Repository.organization_id)
            .outerjoin(Team, (Team.id == Repository.team_id) & Team.deleted_at.is_(None))
            .add_columns(Organization.name.label("organization_name"), Team.id.label("shown_team_id"), Team.name.label("team_name")))


def _shape(row: Any) -> Repository:
    repository: Repository = row[0]
    for name in ("organization_name", "shown_team_id", "team_name"):
        setattr(repository, name, getattr(row, name))
    return repository


def in_team(team_id: UUID) -> ColumnElement[bool]:
    """Whether a repository is in this team; a deleted team has none, as it is not shown on them."""
    return Repository.team_id == select(Team.id).where(Team.id == team_id, Team.deleted_at.is_(None)).scalar_subquery()


def find_repositories(actor: Actor, asked: dict[str, Any]) -> Listing:
    """The repositories of the actor's organizations, by name; admins also find those that were deleted."""
    statement = _shown(visible_repositories(actor, deleted=bool(asked.get("include_deleted"))))
    for name in EQUAL:
        if name in asked:
            statement = statement.where(getattr(Repository, name) == asked[name])
    if "team_id" in asked:
        statement = statement.where(in_team(asked["team_id"]))
    if asked.get("q"):
        statement = statement.where(Repository.name.icontains(asked["q"], autoescape=True)
                                    | Repository.url.icontains(asked["q"], autoescape=True))
    return Listing(statement, SORTS, "name", Repository.id, shape=_shape)


def get_repository(actor: Actor, repository_id: UUID, lock: bool = False, deleted: bool = False) -> Repository:
    """One repository the actor may see, or NotFound; `deleted` looks among deleted ones only."""
    statement = visible_repositories(actor, deleted=deleted).where(Repository.id == repository_id)
    return _found(statement.where(Repository.deleted_at.is_not(None)) if deleted else statement, lock)


def get_any_repository(actor: Actor, repository_id: UUID) -> Repository:
    """One repository, for those who may bring it back also when it is deleted, or NotFound."""
    return _found(visible_repositories(actor, deleted=True).where(Repository.id == repository_id), lock=False)


def get_repository_to_feed(actor: Actor, repository_id: UUID) -> Repository:
    """One repository that the actor may tell about, held so that what is counted of it stays right; NotFound, or PermissionDenied.

    A key that only tells (`ingest`) sees no repository, but the one that it names.
    """
    reads = Permission.REPOSITORY_READ if actor.may(Permission.REPOSITORY_READ) else Permission.INSIGHT_POST
    repository = _found(visible_repositories(actor, reads).where(Repository.id == repository_id), lock=True)
    actor.require(Permission.INSIGHT_POST, repository.organization_id)
    return repository


def _found(statement: Select[Any], lock: bool) -> Repository:
    row = db.session.execute(_shown(statement).with_for_update(of=Repository) if lock else _shown(statement)).first()
    if row is None:
        raise NotFound()
    return _shape(row)


def may_see_repository(actor: Actor, repository_id: UUID) -> bool:
    """Whether `visible_repositories` holds this one."""
    statement = visible_repositories(actor).where(Repository.id == repository_id).with_only_columns(Repository.id)
    return db.session.scalar(statement) is not None


def with_sites_counts(repositories: list[Repository]) -> list[Repository]:
    """Gives each repository `sites_count`, in one statement."""
    counted = {row.repository_id: row.sites for row in rows(SITES, ids=[each.id for each in repositories])}
    for repository in repositories:
        repository.sites_count = counted.get(repository.id, 0) if repository.is_active else 0  # type: ignore[attr-defined]
    return repositories


def find_repositories_to_choose(actor: Actor, organizations: Sequence[UUID] | None = None) -> list[Any]:
    """The repositories of these organizations (of all that the actor sees) as `id` and `name`, by name: for a form."""
    statement = visible_repositories(actor).with_only_columns(Repository.id, Repository.name)
    if organizations is not None:
        statement = statement.where(Repository.organization_id.in_(organizations))
    return list(db.session.execute(statement.order_by(func.lower(Repository.name)).limit(CHOICES)))


def hold_by_provider(organization_id: UUID, provider: str, provider_id: str | None) -> Repository | None:
    """The repository of an organization that a provider knows under this id, held; None where there is none."""
    statement = select(Repository).where(Repository.provider == provider, Repository.provider_id == provider_id)
    return None if provider_id is None else _hold(organization_id, statement)


def hold_by_url(organization_id: UUID, url: str) -> Repository | None:
    """The repository of an organization with this address, held; None where there is none."""
    return _hold(organization_id, select(Repository).where(func.lower(Repository.url) == url.lower()))


def _hold(organization_id: UUID, statement: Select[Any]) -> Repository | None:
    within = statement.where(Repository.organization_id == organization_id, Repository.deleted_at.is_(None))
    found: Repository | None = db.session.scalar(within.with_for_update())
    return found
