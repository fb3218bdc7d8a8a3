"""Reading commits and pull requests of one repository, newest first."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm.attributes import set_committed_value

from webapp.insights.models import Commit, Developer, DeveloperIdentity, PullRequest, Repository, Review
from webapp.insights.policy import visible_commits, visible_pull_requests
from webapp.insights.queries.developers import names_are_hidden
from webapp.kit.db import db
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor


def find_commits(actor: Actor, repository: Repository, asked: dict[str, Any]) -> Listing:
    """The commits of a repository, the last committed first; each with the `developer` it is by."""
    statement = _by(visible_commits(actor, repository.id), Commit.author_id)
    for name in ("sha", "is_on_default_branch"):
        if name in asked:
            statement = statement.where(getattr(Commit, name) == asked[name])
    if "is_merge" in asked:
        statement = statement.where((func.cardinality(Commit.parents) > 1) == asked["is_merge"])
    if "developer_id" in asked:
        statement = statement.where(DeveloperIdentity.developer_id == asked["developer_id"])
    statement = _between(statement, Commit.committed_at, asked)
    if asked.get("q"):
        statement = statement.where(Commit.message.icontains(asked["q"], autoescape=True) | Commit.sha.startswith(asked["q"].lower()))
    sorts = {"committed_at": Commit.committed_at, "authored_at": Commit.authored_at}
    return Listing(statement, sorts, "-committed_at", Commit.id, cursor=(Commit.committed_at, Commit.id), shape=_shape,
                   prepare=lambda found: _named(actor, repository, found))


def find_pull_requests(actor: Actor, repository: Repository, asked: dict[str, Any]) -> Listing:
    """The pull requests of a repository, the last opened first; each with its `reviews` and the `developer` it is by."""
    statement = _by(visible_pull_requests(actor, repository.id), PullRequest.author_id)
    for name in ("number", "is_draft"):
        if name in asked:
            statement = statement.where(getattr(PullRequest, name) == asked[name])
    if "state" in asked:
        statement = statement.where(PullRequest.state.in_(asked["state"]))
    if "developer_id" in asked:
        statement = statement.where(DeveloperIdentity.developer_id == asked["developer_id"])
    statement = _between(statement, PullRequest.opened_at, asked)
    if asked.get("q"):
        statement = statement.where(PullRequest.title.icontains(asked["q"], autoescape=True))
    sorts = {"created_at": PullRequest.opened_at, "number": PullRequest.number, "merged_at": PullRequest.merged_at,
             "updated_at": PullRequest.updated_at}
    return Listing(statement, sorts, "-created_at", PullRequest.id, cursor=(PullRequest.opened_at, PullRequest.id), shape=_shape,
                   prepare=lambda found: _named(actor, repository, with_reviews(found)))


def get_commit(repository_id: UUID, sha: str) -> Commit:
    """The commit of a repository that has been recorded under this sha."""
    return _shape(db.session.execute(_by(select(Commit), Commit.author_id).where(
        Commit.repository_id == repository_id, Commit.sha == sha)).one())


def get_pull_request(repository_id: UUID, number: int) -> PullRequest:
    """The pull request of a repository that has been recorded under this number, with its reviews."""
    row = db.session.execute(_by(select(PullRequest), PullRequest.author_id).where(
        PullRequest.repository_id == repository_id, PullRequest.number == number)).one()
    found: list[PullRequest] = with_reviews([_shape(row)])
    return found[0]


def with_reviews(requests: list[PullRequest]) -> list[PullRequest]:
    """Gives each pull request its `reviews`, the first one first, in one statement."""
    statement = _by(select(Review), Review.reviewer_id).where(Review.pull_request_id.in_([each.id for each in requests]))
    below: dict[UUID, list[Review]] = defaultdict(list)
    for row in db.session.execute(statement.order_by(Review.submitted_at, Review.id)):
        review = _shape(row)
        below[review.pull_request_id].append(review)
    for request in requests:
        request.reviews = below[request.id]  # type: ignore[attr-defined]
    return requests


def _by(statement: Select[Any], identity: Any) -> Select[Any]:
    """Rows with the developer that this identity belongs to now."""
    return (statement.outerjoin(DeveloperIdentity, DeveloperIdentity.id == identity)
            .outerjoin(Developer, Developer.id == DeveloperIdentity.developer_id)
            .add_columns(Developer.id.label("developer_id"), Developer.number.label("anonymous_number"),
                         Developer.user_id.label("by_user")))


def _between(statement: Select[Any], column: Any, asked: dict[str, Any]) -> Select[Any]:
    if "since" in asked:
        statement = statement.where(column >= asked["since"])
    return statement.where(column < asked["until"]) if "until" in asked else statement


def _shape(row: Any) -> Any:
    thing = row[0]
    thing.developer_id, thing.anonymous_number, thing.by_user = row.developer_id, row.anonymous_number, row.by_user
    return thing


def _named(actor: Actor, repository: Repository, found: list[Any]) -> list[Any]:
    """The same, without the names and addresses that the organization does not show to this actor."""
    if names_are_hidden(actor, repository.organization_id):
        for each in found:
            _hide_name(actor, each, "author")
            for review in getattr(each, "reviews", ()):
                _hide_name(actor, review, "reviewer")
    return found


def _hide_name(actor: Actor, thing: Any, who: str) -> None:
    """What is shown is changed, and nothing that is kept."""
    if actor.is_person and thing.by_user == actor.id:
        return
    set_committed_value(thing, f"{who}_name", f"anon-{thing.anonymous_number}" if thing.anonymous_number else "")
    set_committed_value(thing, f"{who}_email", None)
