"""What a developer did, as one list by time: commits, pull requests opened and merged, reviews.

Each kind is a select of the same columns; a room above, or a file beside, that knows more of it adds another to `KINDS`. An entry has
an id of its own, made of what it is about and its kind, so that a cursor finds its place where one thing was done twice at one time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, String, Uuid, and_, cast, func, literal, null, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from webapp.insights.models import Commit, Developer, DeveloperIdentity, PullRequest, Repository, Review
from webapp.kit.listing import Listing

Kind = Callable[[Select[Any]], Select[Any]]


def _entry(kind: str, at: Any, key: Any, title: Any, ref: Any, url: Any) -> list[ColumnElement[Any]]:
    own: ColumnElement[Any] = cast(func.md5(func.concat(cast(key, String), kind)), Uuid)
    return [at.label("at"), own.label("id"), literal(kind).label("kind"), Repository.id.label("repository_id"),
            Repository.name.label("repository_name"), title.label("title"), ref.label("ref"), url.label("url")]


def _commits(mine: Select[Any]) -> Select[Any]:
    first_line = func.split_part(Commit.message, "\n", 1)
    address = cast(null(), String)
    return (select(*_entry("commit", Commit.authored_at, Commit.id, first_line, Commit.sha, address))
            .join(Repository, Repository.id == Commit.repository_id).where(Commit.author_id.in_(mine), Repository.deleted_at.is_(None)))


def _requests(kind: str, at: Any) -> Kind:
    def entries(mine: Select[Any]) -> Select[Any]:
        number = cast(PullRequest.number, String)
        return (select(*_entry(kind, at, PullRequest.id, PullRequest.title, number, PullRequest.url))
                .join(Repository, Repository.id == PullRequest.repository_id)
                .where(PullRequest.author_id.in_(mine), at.is_not(None), Repository.deleted_at.is_(None)))

    return entries


def _reviews(mine: Select[Any]) -> Select[Any]:
    number = cast(PullRequest.number, String)
    return (select(*_entry("review", Review.submitted_at, Review.id, PullRequest.title, number, PullRequest.url))
            .join(PullRequest, PullRequest.id == Review.pull_request_id).join(Repository, Repository.id == PullRequest.repository_id)
            .where(and_(Review.reviewer_id.in_(mine), Repository.deleted_at.is_(None))))


KINDS: dict[str, Kind] = {
    "commit": _commits, "pull_request_opened": _requests("pull_request_opened", PullRequest.opened_at),
    "pull_request_merged": _requests("pull_request_merged", PullRequest.merged_at), "review": _reviews}


def find_activity(developer: Developer, asked: dict[str, Any]) -> Listing:
    """What a developer did, the last first."""
    mine = select(DeveloperIdentity.id).where(DeveloperIdentity.developer_id == developer.id)
    wanted = asked.get("kind") or list(KINDS)
    every = union_all(*(KINDS[name](mine) for name in wanted)).subquery("activity")
    statement: Select[Any] = select(every)
    if "repository_id" in asked:
        statement = statement.where(every.c.repository_id == asked["repository_id"])
    if "since" in asked:
        statement = statement.where(every.c.at >= asked["since"])
    if "until" in asked:
        statement = statement.where(every.c.at < asked["until"])
    return Listing(statement, {"at": every.c.at}, "-at", every.c.id, cursor=(every.c.at, every.c.id), shape=lambda row: row)


