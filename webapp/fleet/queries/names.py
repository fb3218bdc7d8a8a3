"""What the ids of a site stand for: the names of its organization, its owner and its team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from webapp.accounts.models import Team, User
from webapp.fleet.models import Site
from webapp.kit.db import db, rows

NAMES = """
SELECT id, name FROM organizations WHERE id = ANY(CAST(:places AS uuid[]))
UNION ALL SELECT id, coalesce(nullif(full_name, ''), email) FROM users WHERE id = ANY(CAST(:people AS uuid[]))
UNION ALL SELECT id, name FROM teams WHERE id = ANY(CAST(:teams AS uuid[])) AND deleted_at IS NULL
"""


def with_names(sites: list[Site]) -> list[Site]:
    """Gives each site `organization_name`, `owner_name` and `team_name`, and `shown_team_id`: None while its team is deleted.

    One statement, however many sites there are.
    """
    wanted = {name: list({getattr(site, column) for site in sites} - {None})
              for name, column in (("places", "organization_id"), ("people", "owner_id"), ("teams", "team_id"))}
    names = {row.id: row.name for row in rows(NAMES, **wanted)} if sites else {}
    for site in sites:
        site.organization_name = names.get(site.organization_id, "")  # type: ignore[attr-defined]
        site.owner_name = names.get(site.owner_id)  # type: ignore[attr-defined]
        site.team_name = names.get(site.team_id)  # type: ignore[attr-defined]
        site.shown_team_id = site.team_id if site.team_name is not None else None  # type: ignore[attr-defined]
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
