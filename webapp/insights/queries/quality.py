"""What is known of the code of repositories at a time: of each number, the newest measurement that speaks of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from webapp.insights.models import Repository
from webapp.insights.policy import visible_repositories
from webapp.insights.queries.repositories import in_team
from webapp.insights.queries.scope import Scope
from webapp.insights.values.quality import COUNTS, Measured
from webapp.kit.db import db, rows

COVERED: Final = ("lines_covered", "lines_to_cover", "test_coverage")
SINGLE: Final = ("technical_debt_minutes", *COUNTS)
SITE = "SELECT repository_id FROM sites WHERE id = :site AND repository_id IS NOT NULL"
SPOKEN = "(lines_to_cover IS NOT NULL OR test_coverage IS NOT NULL)"
NEWEST = ", ".join([
    *(f"(array_agg({name} ORDER BY measured_at DESC, id DESC) FILTER (WHERE {SPOKEN}))[1] AS {name}" for name in COVERED),
    *(f"(array_agg({name} ORDER BY measured_at DESC, id DESC) FILTER (WHERE {name} IS NOT NULL))[1] AS {name}" for name in SINGLE)])
OF_THESE = "FROM quality_measurements WHERE repository_id = ANY(CAST(:repositories AS uuid[])) AND deleted_at IS NULL"
AT: Final = f"SELECT repository_id, max(measured_at) AS measured_at, {NEWEST} {OF_THESE} AND measured_at < :end GROUP BY repository_id"
SINCE: Final = f"""
SELECT repository_id, measured_at, {', '.join((*COVERED, *SINGLE))} {OF_THESE} AND measured_at >= :start AND measured_at < :end
ORDER BY measured_at, id
"""


def repositories_of(scope: Scope) -> dict[UUID, str]:
    """The repositories that a scope holds, with their names: of a site, the one that it is run from."""
    wanted = visible_repositories(scope.actor)
    for name, holds in (("organization_id", Repository.organization_id), ("repository_id", Repository.id)):
        if name in scope.filters:
            wanted = wanted.where(holds == scope.filters[name])
    if "team_id" in scope.filters:
        wanted = wanted.where(in_team(scope.filters["team_id"]))
    if "site_id" in scope.filters:
        wanted = wanted.where(Repository.id.in_([row.repository_id for row in rows(SITE, site=scope.filters["site_id"])]))
    found: Any = db.session.execute(wanted.with_only_columns(Repository.id, Repository.name))
    return dict(found.all())


def measured_at(repositories: list[UUID], end: datetime) -> dict[UUID, Measured]:
    """What is known of each repository before a time; those that were never measured are not there."""
    return {row.repository_id: Measured(**row._mapping) for row in rows(AT, repositories=repositories, end=end)} if repositories else {}


def measured_between(repositories: list[UUID], start: datetime, end: datetime) -> list[Measured]:
    """The measurements of this time, the first first."""
    if not repositories:
        return []
    return [Measured(**row._mapping) for row in rows(SINCE, repositories=repositories, start=start, end=end)]


def learned(known: Measured | None, news: Measured) -> Measured:
    """What is known of a repository after a further measurement."""
    if known is None:
        return news
    told = {name: getattr(news, name) for name in SINGLE if getattr(news, name) is not None}
    if news.lines_to_cover is not None or news.test_coverage is not None:
        told |= {name: getattr(news, name) for name in COVERED}
    return replace(known, measured_at=news.measured_at, **told)
