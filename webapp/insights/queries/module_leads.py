"""Module updates on their way to production: from the release, or from the advisory that they answer, to the run that brought them.

A change is one module on one site reaching one version. It begins when the version was released, and not before the site had the
module as it was; where the site was already so when it was first heard, nobody knows since when, and it is `left_censored`. It is a
security fix where the site stood open to an advisory that the new version is free of: then it begins with the publication.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from webapp.exposure.queries.history import Reach, reach_of_advisories
from webapp.insights.models import Deployment
from webapp.insights.queries.delivered import production
from webapp.insights.queries.scope import Scope
from webapp.insights.values.delivery import ChangeKind, Lead
from webapp.kit.db import db, rows
from webapp.patching.values import is_same

UPDATES: Final = """
SELECT d.id AS deployment_id, d.finished_at, d.site_id, s.name AS site, u.module, m.id AS module_id, u.from_version, u.to_version,
    v.released_at,
    (SELECT max(i.installed_at) FROM installations i WHERE i.site_id = d.site_id AND i.module_id = m.id AND i.version = u.from_version
         AND i.valid_from <= d.finished_at) AS had_since
FROM deployments d JOIN sites s ON s.id = d.site_id JOIN patch_run_updates u ON u.patch_run_id = d.patch_run_id
LEFT JOIN modules m ON m.name = u.module LEFT JOIN module_versions v ON v.module_id = m.id AND v.version = u.to_version
WHERE d.id = ANY(CAST(:deployments AS uuid[])) AND (u.status IS NULL OR u.status = 'success')
    AND u.from_version IS NOT NULL AND u.to_version IS NOT NULL
ORDER BY d.finished_at, d.id
"""
HEARD: Final = "SELECT site_id, min(valid_from) AS since FROM installations WHERE site_id = ANY(CAST(:sites AS uuid[])) GROUP BY site_id"
EARLIER: Final = """
SELECT DISTINCT d.site_id, u.module, u.to_version
FROM deployments d JOIN patch_run_updates u ON u.patch_run_id = d.patch_run_id
WHERE d.site_id = ANY(CAST(:sites AS uuid[])) AND u.module = ANY(CAST(:modules AS text[])) AND d.environment = 'production'
    AND d.status = 'success' AND d.deleted_at IS NULL AND d.finished_at < :start AND (u.status IS NULL OR u.status = 'success')
"""
OPEN: Final = """
SELECT e.site_id, e.module_id, e.advisory_id, e.started_at, e.ended_at, coalesce(a.published_at, a.first_seen_at) AS published_at
FROM exposures e JOIN advisories a ON a.id = e.advisory_id
WHERE e.site_id = ANY(CAST(:sites AS uuid[])) AND e.started_at < :until AND (e.ended_at IS NULL OR e.ended_at >= :since)
"""


@dataclass(frozen=True, slots=True)
class Hole:
    """An advisory that a module of a site stood open to."""

    advisory_id: int
    started_at: datetime
    ended_at: datetime | None
    published_at: datetime

    def was_open(self, moment: datetime) -> bool:
        return self.started_at <= moment and (self.ended_at is None or self.ended_at >= moment)


def module_leads(scope: Scope, start: datetime, end: datetime) -> list[Lead]:
    """The module updates that arrived in this time, each with the first deployment that brought it."""
    deployed = production(scope, since=start, until=end, status=["success"]).where(
        Deployment.patch_run_id.is_not(None)).with_only_columns(Deployment.id)
    ids = list(db.session.scalars(deployed))
    updates = [row for row in rows(UPDATES, deployments=ids) if not is_same(row.from_version, row.to_version)] if ids else []
    if not updates:
        return []
    sites = list({row.site_id for row in updates})
    seen = {(row.site_id, row.module, row.to_version)
            for row in rows(EARLIER, sites=sites, modules=list({row.module for row in updates}), start=start)}
    holes, reaches = _holes(sites, start, end)
    heard = {row.site_id: row.since for row in rows(HEARD, sites=sites)}
    leads: list[Lead] = []
    for row in updates:
        key = row.site_id, row.module, row.to_version
        if key not in seen:
            seen.add(key)
            leads.append(_fix(row, heard.get(row.site_id), holes, reaches) or _update(row, heard.get(row.site_id)))
    return leads


def _holes(sites: Sequence[UUID], start: datetime, end: datetime) -> tuple[dict[tuple[UUID, int], list[Hole]], dict[int, Reach]]:
    """What these sites stood open to in this time, by site and module, and what those advisories affect."""
    found: dict[tuple[UUID, int], list[Hole]] = defaultdict(list)
    for row in rows(OPEN, sites=list(sites), since=start, until=end):
        found[row.site_id, row.module_id].append(Hole(row.advisory_id, row.started_at, row.ended_at, row.published_at))
    advisories = {hole.advisory_id for several in found.values() for hole in several}
    return found, {each.id: each for each in reach_of_advisories(list(advisories))}


def _fix(row: Any, heard: datetime | None, holes: dict[tuple[UUID, int], list[Hole]], reaches: dict[int, Reach]) -> Lead | None:
    """The update as the answer to the first of the advisories that it is free of; None where it is none."""
    closed = [hole for hole in holes.get((row.site_id, row.module_id), ())
              if hole.was_open(row.finished_at) and hole.advisory_id in reaches and not _is_affected(reaches[hole.advisory_id], row)]
    if not closed:
        return None
    first = min(closed, key=lambda hole: hole.started_at)
    is_censored = first.started_at > first.published_at and heard is not None and first.started_at <= heard
    return _lead(row, ChangeKind.SECURITY_FIX, first.started_at, "left_censored" if is_censored else None)


def _is_affected(reach: Reach, row: Any) -> bool:
    """Whether the new version is affected too, or may be; of a module that is no package of the advisory itself, by all of its packages."""
    named = reach.packages.get(row.module)
    packages: Iterable[Any] = [named] if named else reach.packages.values()
    unclear = row.to_version is not None and any(not each.judges(row.to_version) for each in packages)
    return unclear or any(each.covers(row.to_version) for each in packages)


def _update(row: Any, heard: datetime | None) -> Lead:
    """The update as what it is: a release that came to a site."""
    known = [moment for moment in (row.released_at, row.had_since) if moment is not None]
    if row.released_at is None:
        return _lead(row, ChangeKind.MODULE_UPDATE, max(known, default=row.finished_at), "unknown_release")
    is_censored = row.had_since is not None and row.had_since > row.released_at and heard == row.had_since
    return _lead(row, ChangeKind.MODULE_UPDATE, max(known), "left_censored" if is_censored else None)


def _lead(row: Any, kind: ChangeKind, began_at: datetime, left_out: str | None) -> Lead:
    name = f"{row.module} {row.to_version} on {row.site}"
    return Lead(kind, name, min(began_at, row.finished_at), row.finished_at, row.deployment_id, method="release", left_out=left_out)
