"""Changes on their way to production: commits, by the graph of their repository, and module updates, by their release.

A commit arrives with the first deployment that contains it. Where a deployment's commit is not known, pull requests that were merged
since the one before it stand for what it brought (`method: time`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, exists, or_

from webapp.insights.models import Commit as CommitRow
from webapp.insights.models import Deployment, PullRequest
from webapp.insights.queries.delivered import production, services_between
from webapp.insights.queries.scope import Scope
from webapp.insights.values.containment import Commit, Contents, contents
from webapp.insights.values.delivery import ChangeKind, Lead
from webapp.kit.db import db, rows

MEMORY: Final = timedelta(days=400)
"""How old a commit may be, at the beginning of the time that is looked at, to be known here; older ones are long deployed."""
GRAPH: Final = """
SELECT repository_id, sha, parents, least(authored_at, committed_at) AS at FROM commits
WHERE repository_id = ANY(CAST(:repositories AS uuid[])) AND (committed_at >= :since OR sha = ANY(CAST(:deployed AS text[])))
"""
HEADS: Final = """
SELECT repository_id, head_sha, merge_commit_sha FROM pull_requests
WHERE repository_id = ANY(CAST(:repositories AS uuid[])) AND head_sha = ANY(CAST(:shas AS text[])) AND merge_commit_sha IS NOT NULL
"""
MERGED: Final = """
SELECT p.repository_id, p.number, p.merge_commit_sha, p.merged_at, least(coalesce(p.first_commit_at, p.opened_at), p.merged_at) AS began_at
FROM pull_requests p JOIN repositories r ON r.id = p.repository_id
WHERE p.repository_id = ANY(CAST(:repositories AS uuid[])) AND p.merged_at > :since AND p.merged_at <= :until
    AND (p.base_branch IS NULL OR p.base_branch = r.default_branch)
ORDER BY p.merged_at
"""


HAS_HISTORY = or_(exists().where(CommitRow.repository_id == Deployment.repository_id),
                  exists().where(PullRequest.repository_id == Deployment.repository_id))
"""Whether anything is known of what a repository's deployments could have brought."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A successful deployment of a commit to one service."""

    id: UUID
    service_id: UUID
    repository_id: UUID
    finished_at: datetime
    sha: str | None


Graph = dict[str, Commit]


def has_commits(scope: Scope, start: datetime, end: datetime) -> bool:
    """Whether commits were deployed in this time, so that lead times are theirs unless somebody asks for others."""
    wanted = production(scope, since=start, until=end, status=["success"]).where(
        Deployment.repository_id.is_not(None), Deployment.commit_sha.is_not(None)).with_only_columns(Deployment.id).limit(1)
    return db.session.execute(wanted).first() is not None


def commit_leads(scope: Scope, start: datetime, end: datetime) -> list[Lead]:
    """The commits that arrived in this time, each with its first deployment; those of a seed say why they do not count."""
    deliveries = deliveries_of(scope, start, end)
    if not deliveries:
        return []
    graphs = graphs_of(deliveries, start)
    first: dict[tuple[UUID, str], tuple[Arrival, bool]] = {}
    late: list[tuple[Arrival, datetime]] = []
    for service in _by_service(deliveries).values():
        found = contents_of(service, graphs)
        by_id = {each.id: each for each in service}
        for sha, key in found.first.items():
            _keep_first(first, by_id[key], sha, key in found.seeds)
        late += [(each, before.finished_at) for before, each in pairwise(service) if each.id in found.unknown]
    leads = [_lead(delivery, graphs[repository][sha], is_seed) for (repository, sha), (delivery, is_seed) in first.items()
             if delivery.finished_at >= start and not graphs[repository][sha].is_merge]
    return sorted(leads + _by_time(late, set(first), start), key=lambda lead: (lead.deployed_at, lead.name))


def deliveries_of(scope: Scope, start: datetime, end: datetime) -> list[Arrival]:
    """The successful deployments of commits to the services that had one in this time, from the last one before it on."""
    services = services_between(scope, start, end)
    if not services:
        return []
    return arrivals(production(scope, until=end, status=["success"]).where(Deployment.service_id.in_(services), HAS_HISTORY), start)


def arrivals(deployments: Select[Any], start: datetime) -> list[Arrival]:
    """These deployments as far as they are of a repository; of each service, from the last one of a commit before a time on."""
    wanted = deployments.where(Deployment.repository_id.is_not(None)).with_only_columns(
        Deployment.id, Deployment.service_id, Deployment.repository_id, Deployment.finished_at, Deployment.commit_sha)
    columns: Any = db.session.execute(wanted.order_by(Deployment.finished_at, Deployment.id))
    kept: list[Arrival] = []
    for service in _by_service([Arrival(*row) for row in columns]).values():
        earlier = [place for place, each in enumerate(service) if each.finished_at < start and each.sha]
        kept += service[earlier[-1] if earlier else 0:]
    return kept


def graphs_of(deliveries: Sequence[Arrival], start: datetime) -> dict[UUID, Graph]:
    """The commits of the repositories, as far back as they may still be on their way, and those that were deployed."""
    graphs: dict[UUID, Graph] = {each.repository_id: {} for each in deliveries}
    deployed = list({each.sha for each in deliveries if each.sha})
    for row in rows(GRAPH, repositories=list(graphs), since=start - MEMORY, deployed=deployed):
        graphs[row.repository_id][row.sha] = Commit(row.sha, tuple(row.parents), row.at)
    return graphs


def contents_of(service: Sequence[Arrival], graphs: dict[UUID, Graph]) -> Contents[UUID]:
    """What the deployments of one service brought; one of a pull request's head brings its merge."""
    graph = graphs[service[0].repository_id]
    return contents(graph, [(each.id, _known_sha(each, graph)) for each in _with_merges(service, graph)])


def _known_sha(each: Arrival, graph: Graph) -> str | None:
    """The commit in the graph that a deployment names; an abbreviated one is found where it is the only one."""
    if each.sha is None or each.sha in graph or len(each.sha) >= 40:
        return each.sha
    found = [sha for sha in graph if sha.startswith(each.sha.lower())]
    return found[0] if len(found) == 1 else each.sha


def _with_merges(service: Sequence[Arrival], graph: Graph) -> list[Arrival]:
    """Deployments of the head of a squashed pull request as deployments of the commit that it became."""
    lost = [each.sha for each in service if each.sha and each.sha not in graph]
    if not lost:
        return list(service)
    repository = service[0].repository_id
    merges = {row.head_sha: row.merge_commit_sha for row in rows(HEADS, repositories=[repository], shas=lost)}
    return [replace(each, sha=merges.get(each.sha, each.sha)) if each.sha else each for each in service]


def _by_service(deliveries: Sequence[Arrival]) -> dict[tuple[UUID, UUID], list[Arrival]]:
    found: dict[tuple[UUID, UUID], list[Arrival]] = defaultdict(list)
    for each in deliveries:
        found[each.service_id, each.repository_id].append(each)
    return found


def _keep_first(first: dict[tuple[UUID, str], tuple[Arrival, bool]], delivery: Arrival, sha: str, is_seed: bool) -> None:
    """Of several services that get a commit, the first one is where it arrived."""
    key = delivery.repository_id, sha
    if key not in first or delivery.finished_at < first[key][0].finished_at:
        first[key] = delivery, is_seed


def _lead(delivery: Arrival, commit: Commit, is_seed: bool) -> Lead:
    return Lead(ChangeKind.COMMIT, commit.sha, commit.at, delivery.finished_at, delivery.id, left_out="seed" if is_seed else None)


def _by_time(late: Sequence[tuple[Arrival, datetime]], known: set[tuple[UUID, str]], start: datetime) -> list[Lead]:
    """The pull requests that were merged between two deployments, for those whose commit is not known."""
    wanted = [(each, since) for each, since in late if each.finished_at >= start]
    if not wanted:
        return []
    merged: list[Any] = rows(MERGED, repositories=list({each.repository_id for each, _ in wanted}), since=min(since for _, since in wanted),
                             until=max(each.finished_at for each, _ in wanted))
    found: dict[tuple[UUID, int], Lead] = {}
    for delivery, since in sorted(wanted, key=lambda pair: pair[0].finished_at):
        for row in merged:
            key = row.repository_id, row.number
            mine = row.repository_id == delivery.repository_id and since < row.merged_at <= delivery.finished_at
            if mine and key not in found and (row.repository_id, row.merge_commit_sha) not in known:
                found[key] = Lead(ChangeKind.COMMIT, f"#{row.number}", row.began_at, delivery.finished_at, delivery.id, method="time")
    return list(found.values())
