"""Merged pull requests on their way to production: when each was tested, and when it arrived."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from webapp.insights.models import Deployment
from webapp.insights.queries.leads import Arrival, Graph, arrivals, contents_of, graphs_of
from webapp.insights.queries.quality import repositories_of
from webapp.insights.queries.scope import Scope
from webapp.insights.values.cycle import Merged
from webapp.kit.db import rows

REQUESTS: Final = """
SELECT p.id, p.number, p.title, p.opened_at, p.merged_at, p.first_commit_at, p.ready_for_review_at AS ready_at, p.first_review_at,
    p.approved_at, p.repository_id, p.merge_commit_sha, p.head_sha, coalesce(d.is_bot, false) AS is_bot
FROM pull_requests p JOIN repositories r ON r.id = p.repository_id
LEFT JOIN developer_identities i ON i.id = p.author_id LEFT JOIN developers d ON d.id = i.developer_id
WHERE p.repository_id = ANY(CAST(:repositories AS uuid[])) AND p.merged_at >= :start AND p.merged_at < :end
    AND (p.base_branch IS NULL OR p.base_branch = r.default_branch)
ORDER BY p.merged_at, p.id
"""


@dataclass(frozen=True, slots=True)
class Arrived:
    """When a change was first deployed somewhere, and how that was found; `is_seed` where nobody knows what was there before."""

    at: datetime
    method: str
    is_seed: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A merged pull request; `left_out` says why it does not count (`bot`, or `seed`: it came with the first deployment of all)."""

    merged: Merged
    left_out: str | None = None


def merged_requests(scope: Scope, start: datetime, end: datetime) -> list[Request]:
    """The pull requests that were merged into default branches in this time, in their order."""
    names = repositories_of(scope)
    found = rows(REQUESTS, repositories=list(names), start=start, end=end) if names else []
    if not found:
        return []
    places = {row.repository_id for row in found}
    production, elsewhere = (_Ways(_deployed(places, is_production, start), start) for is_production in (True, False))
    return [_request(row, names[row.repository_id], production.of(row), elsewhere.of(row)) for row in found]


def _request(row: Any, repository: str, deployed: Arrived | None, tested: Arrived | None) -> Request:
    is_late = deployed is not None and deployed.is_seed
    known = {name: getattr(row, name) for name in ("id", "number", "title", "opened_at", "merged_at", "first_commit_at", "ready_at",
                                                   "first_review_at", "approved_at")}
    merged = Merged(**known, tested_at=tested.at if tested else None, deployed_at=None if is_late or deployed is None else deployed.at,
                    method=deployed.method if deployed else None, repository=repository)
    return Request(merged, "bot" if row.is_bot else "seed" if is_late else None)


def _deployed(repositories: Iterable[UUID], is_production: bool, since: datetime) -> list[Arrival]:
    """All successful deployments of these repositories to production (or to anywhere else), from the last one before a time on."""
    where = Deployment.environment == "production" if is_production else Deployment.environment != "production"
    return arrivals(select(Deployment).where(Deployment.repository_id.in_(list(repositories)), Deployment.status == "success",
                                             Deployment.deleted_at.is_(None), where), since)


class _Ways:
    """What deployments brought, by repository: asked where a pull request went."""

    def __init__(self, deployed: Sequence[Arrival], start: datetime) -> None:
        self.graphs: dict[UUID, Graph] = graphs_of(deployed, start) if deployed else {}
        self.services: dict[UUID, list[list[Arrival]]] = defaultdict(list)
        by_service: dict[tuple[UUID, UUID], list[Arrival]] = defaultdict(list)
        for each in deployed:
            by_service[each.service_id, each.repository_id].append(each)
        for (_, repository), service in by_service.items():
            self.services[repository].append(service)
        self.contents = {id(service): contents_of(service, self.graphs) for service in by_service.values()}

    def of(self, row: Any) -> Arrived | None:
        """When the pull request first arrived: by the graph, else by its own commits, else with the next deployment."""
        found = [each for service in self.services.get(row.repository_id, ()) if (each := self._in(service, row))]
        return min(found, key=lambda each: each.at) if found else None

    def _in(self, service: list[Arrival], row: Any) -> Arrived | None:
        known, by_id = self.contents[id(service)], {each.id: each for each in service}
        shas = [sha for sha in (row.merge_commit_sha, row.head_sha) if sha]
        keys = [known.first[sha] for sha in shas if sha in known.first]
        if keys:
            return Arrived(by_id[keys[0]].finished_at, "graph", keys[0] in known.seeds)
        same = [each for each in service if each.sha in shas]
        if same:
            return Arrived(same[0].finished_at, "sha")
        later = [each for each in service if each.id in known.unknown and each.finished_at >= row.merged_at]
        return Arrived(later[0].finished_at, "time") if later else None
