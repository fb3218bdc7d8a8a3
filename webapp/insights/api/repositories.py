"""`/api/v1/repositories`, and what is told of one: commits and pull requests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.insights import queries
from webapp.insights.actions import repositories
from webapp.insights.actions.commits import record_commits
from webapp.insights.actions.pull_requests import record_pull_requests
from webapp.insights.api.door import P, api
from webapp.insights.models import Repository
from webapp.insights.schemas.facts import FactsSchema, read_facts
from webapp.insights.schemas.repositories import (
    CommitInput,
    CommitQuery,
    CommitSchema,
    CommitsInput,
    PullRequestInput,
    PullRequestQuery,
    PullRequestSchema,
    PullRequestsInput,
    RepositoryInput,
    RepositoryQuery,
    RepositorySchema,
)
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.kit.web import answers
from webapp.kit.web.bodies import read_body
from webapp.kit.web.doors import Cached
from webapp.kit.web.resources import Resource, open_doors

QUARTER = 900
REPOSITORIES = Resource(
    path="/repositories", one="repository", many="repositories", reads=P.REPOSITORY_READ, manages=P.REPOSITORY_EDIT,
    deletes=P.REPOSITORY_DELETE, query=RepositoryQuery, takes=RepositoryInput, gives=RepositorySchema(), find=queries.find_repositories,
    get=queries.get_repository, create=repositories.create_repository, change=repositories.change_repository,
    delete=repositories.delete_repository, restore=repositories.restore_repository,
    told={"show": {"cached": Cached("repo", QUARTER, queries.may_see_repository)}},
    says={"show": "One repository, and how much is known of it.", "create": "A new repository, of which nothing is known yet.",
          "change": "Changes a repository; it stays in its organization.",
          "delete": "Deletes a repository: sites show none, and nothing of it is counted, until it is restored.",
          "restore": "Brings a deleted repository back, with all that is known of it."})
COMMITS, REQUESTS = f"{REPOSITORIES.rule}/commits", f"{REPOSITORIES.rule}/pull-requests"
open_doors(api, REPOSITORIES)


@api.get(COMMITS, needs=P.REPOSITORY_READ, finds=queries.get_repository, query=CommitQuery, gives=CommitSchema(), lists=True)
def list_commits(actor: Actor, found: Repository, query: dict[str, Any]) -> Listing:
    """The commits of a repository that are known, the last committed first."""
    return queries.find_commits(actor, found, query)


@api.post(COMMITS, needs=P.INSIGHT_POST, gives=CommitSchema(),
          extra={"request_schema": [CommitInput, CommitsInput], "or_gives": FactsSchema})
def post_commits(actor: Actor, repository_id: UUID) -> Any:
    """Tells of a commit, or of several (`items`: all or none); one that is known gains what it lacked, and nothing else changes."""
    told, are_many = read_facts(CommitInput, CommitsInput, read_body(), "sha")
    repository = queries.get_repository_to_feed(actor, repository_id)
    receipt = record_commits(actor, repository, told, now())
    return _summary(receipt) if are_many else queries.get_commit(repository.id, told[0]["sha"])


@api.get(REQUESTS, needs=P.REPOSITORY_READ, finds=queries.get_repository, query=PullRequestQuery, gives=PullRequestSchema(), lists=True)
def list_pull_requests(actor: Actor, found: Repository, query: dict[str, Any]) -> Listing:
    """The pull requests of a repository with their reviews, the last opened first."""
    return queries.find_pull_requests(actor, found, query)


@api.post(REQUESTS, needs=P.INSIGHT_POST, gives=PullRequestSchema(),
          extra={"request_schema": [PullRequestInput, PullRequestsInput], "or_gives": FactsSchema})
def post_pull_requests(actor: Actor, repository_id: UUID) -> Any:
    """Tells how a pull request stands, or several (`items`: all or none); known by its number, the same again changes nothing."""
    told, are_many = read_facts(PullRequestInput, PullRequestsInput, read_body(), "number")
    repository = queries.get_repository_to_feed(actor, repository_id)
    receipt = record_pull_requests(actor, repository, told, now())
    return _summary(receipt) if are_many else queries.get_pull_request(repository.id, told[0]["number"])


def _summary(receipt: Any) -> Response:
    return answers.one(FactsSchema().dump(receipt))
