"""What the ids of a site stand for: the names of its organization, its owner, its team and its repository.

Repositories are told of above the fleet (`insights`); here their table is only looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, column, func, select, table

from webapp.accounts.models import Team, User
from webapp.fleet.models import Site
from webapp.kit.db import db, rows

NAMES = """
SELECT id, name FROM organizations WHERE id = ANY(CAST(:places AS uuid[]))
UNION ALL SELECT id, coalesce(nullif(full_name, ''), email) FROM users WHERE id = ANY(CAST(:people AS uuid[]))
UNION ALL SELECT id, name FROM teams WHERE id = ANY(CAST(:teams AS uuid[])) AND deleted_at IS NULL
UNION ALL SELECT id, name FROM repositories WHERE id = ANY(CAST(:repositories AS uuid[])) AND deleted_at IS NULL
"""
KEYS = {"places": "organization_id", "people": "owner_id", "teams": "team_id", "repositories": "repository_id"}
REPOSITORIES = table("repositories", column("id", Uuid), column("deleted_at"))
TO_CHOOSE = """
SELECT id, name FROM repositories WHERE deleted_at IS NULL AND organization_id = ANY(CAST(:places AS uuid[])) ORDER BY lower(name) LIMIT 200
"""
REPOSITORY = "SELECT id FROM repositories WHERE id = :repository AND organization_id = :organization AND deleted_at IS NULL"


def with_names(sites: list[Site]) -> list[Site]:
    """Gives each site `organization_name`, `owner_name`, `team_name` and `repository_name`.

    `shown_team_id` and `shown_repository_id` are None while that team or repository is deleted. One statement, however many sites.
    """
    wanted = {name: list({getattr(site, key) for site in sites} - {None}) for name, key in KEYS.items()}
    names = {row.id: row.name for row in rows(NAMES, **wanted)} if sites else {}
    for site in sites:
        site.organization_name = names.get(site.organization_id, "")  # type: ignore[attr-defined]
        site.owner_name = names.get(site.owner_id)  # type: ignore[attr-defined]
        site.team_name = names.get(site.team_id)  # type: ignore[attr-defined]
        site.shown_team_id = site.team_id if site.team_name is not None else None  # type: ignore[attr-defined]
        site.repository_name = names.get(site.repository_id)  # type: ignore[attr-defined]
        site.shown_repository_id = site.repository_id if site.repository_name is not None else None  # type: ignore[attr-defined]
    return sites


def names_of(ids: set[UUID]) -> dict[UUID, str]:
    """What people are called, by id."""
    if not ids:
        return {}
    found = db.session.execute(select(User.id, func.coalesce(func.nullif(User.full_name, ""), User.email)).where(User.id.in_(ids)))
    return dict(found.all())


def in_team(team_id: UUID | None = None) -> ColumnElement[bool]:
    """Whether a site is in this team (in any, without one). A deleted team has no sites, as it is not shown on them."""
    teams: Any = select(Team.id).where(Team.deleted_at.is_(None))
    if team_id is None:
        return Site.team_id.is_not(None) & Site.team_id.in_(teams)
    return Site.team_id == teams.where(Team.id == team_id).scalar_subquery()


def is_repository_of(repository_id: UUID, organization_id: UUID) -> bool:
    """Whether there is such a repository in the organization."""
    return bool(rows(REPOSITORY, repository=repository_id, organization=organization_id))


def of_repository(repository_id: UUID) -> ColumnElement[bool]:
    """Whether a site is run from this repository. A deleted one has no sites, as it is not shown on them."""
    there = select(REPOSITORIES.c.id).where(REPOSITORIES.c.id == repository_id, REPOSITORIES.c.deleted_at.is_(None))
    return Site.repository_id == there.scalar_subquery()


def repositories_to_choose(organizations: Sequence[UUID]) -> list[Any]:
    """The repositories of these organizations as `id` and `name`, by name: for a form."""
    return rows(TO_CHOOSE, places=list(organizations))
