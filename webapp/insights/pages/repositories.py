"""`/repositories`: the list, making, changing, deleting and restoring one, and what is known of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from webapp.accounts.queries import find_teams_to_choose, organizations_with
from webapp.insights import queries
from webapp.insights.actions import repositories
from webapp.insights.pages.doors import P, pages
from webapp.insights.schemas.repositories import CommitQuery, PullRequestQuery, RepositoryInput, RepositoryQuery
from webapp.kit.clock import now
from webapp.kit.permissions import Actor
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, page, within

ONE = "/repositories/<uuid:repository_id>"
SHOW = "insights_pages.show_repository"
TWIN = "/api/v1/repositories"
RECENT = 8
STATES = [{"value": "open", "label": "Open"}, {"value": "merged", "label": "Merged"}, {"value": "closed", "label": "Closed"}]
EMPTIED: dict[str, Any] = {"language": None, "team_id": None}
"""What a form that was left empty there means."""


@pages.get("/repositories", needs=P.REPOSITORY_READ, query=RepositoryQuery)
def list_repositories(actor: Actor, query: dict[str, Any]) -> Response:
    """What do our sites come from?"""
    asked = within(actor, query)
    listing = ListView(queries.find_repositories(actor, asked), asked, TWIN)
    queries.with_sites_counts(listing.rows)
    return page("insights/repositories.html", block="content", listing=listing, place=asked.get("organization_id"))


@pages.get("/repositories/new", needs=P.REPOSITORY_EDIT)
def new_repository(actor: Actor, form: Form | None = None) -> Response:
    """A form for a new repository."""
    places, chosen = organizations_with(actor, P.REPOSITORY_EDIT), chosen_organization(actor)
    form = form or Form({name: request.args[name] for name in ("organization_id",) if name in request.args})
    teams = _teams(actor, [chosen or places[0].id] if chosen or len(places) == 1 else [])
    return page("insights/repository_form.html", form=form, found=None, places=places, chosen=chosen, teams=teams)


@pages.post("/repositories/new", needs=P.REPOSITORY_EDIT, takes=RepositoryInput, again=new_repository)
def create_repository(actor: Actor, body: dict[str, Any]) -> Response:
    """Makes the repository; next comes who tells of it."""
    made = repositories.create_repository(actor, body, now())
    return go(SHOW, say=f"{made.name} is registered.", repository_id=made.id)


@pages.get(ONE, needs=P.REPOSITORY_READ)
def show_repository(actor: Actor, repository_id: UUID) -> Response:
    """One repository, and what came last."""
    found = queries.with_sites_counts([queries.get_any_repository(actor, repository_id)])[0]
    recent = {"limit": RECENT, "skip": 0, "sort": [], "by_page": True}
    commits = queries.find_commits(actor, found, {}).page(recent) if found.is_active else None
    requests = queries.find_pull_requests(actor, found, {}).page(recent) if found.is_active else None
    return page("insights/repository.html", found=found, commits=commits, requests=requests)


@pages.get(f"{ONE}/edit", needs=P.REPOSITORY_EDIT)
def edit_repository(actor: Actor, repository_id: UUID, form: Form | None = None) -> Response:
    """A form for what can be changed of a repository."""
    found = queries.get_repository(actor, repository_id)
    actor.require(P.REPOSITORY_EDIT, found.organization_id)
    teams = _teams(actor, [found.organization_id])
    return page("insights/repository_form.html", form=form or Form(), found=found, places=[], chosen=None, teams=teams)


@pages.post(f"{ONE}/edit", needs=P.REPOSITORY_EDIT, takes=RepositoryInput, again=edit_repository)
def change_repository(actor: Actor, repository_id: UUID, body: dict[str, Any]) -> Response:
    """Saves what was changed; what was emptied is empty."""
    found = queries.get_repository(actor, repository_id, lock=True)
    repositories.change_repository(actor, found, {**EMPTIED, **body}, now())
    return go(SHOW, say="Saved.", repository_id=repository_id)


@pages.post(f"{ONE}/delete", needs=P.REPOSITORY_DELETE)
def delete_repository(actor: Actor, repository_id: UUID) -> Response:
    """Deletes the repository; sites show none."""
    found = repositories.delete_repository(actor, queries.get_repository(actor, repository_id, lock=True), now())
    return go("insights_pages.list_repositories", say=f"{found.name} is deleted. It can be restored from the deleted ones.")


@pages.post(f"{ONE}/restore", needs=P.REPOSITORY_DELETE)
def restore_repository(actor: Actor, repository_id: UUID) -> Response:
    """Brings a deleted repository back."""
    found = repositories.restore_repository(actor, repository_id, now())
    return go(SHOW, say=f"{found.name} is back, with all that is known of it.", repository_id=repository_id)


@pages.get(f"{ONE}/commits", needs=P.REPOSITORY_READ, query=CommitQuery)
def list_commits(actor: Actor, repository_id: UUID, query: dict[str, Any]) -> Response:
    """Who changed what, when?"""
    found = queries.get_repository(actor, repository_id)
    listing = ListView(queries.find_commits(actor, found, query), query, f"{TWIN}/{found.id}/commits")
    return page("insights/commits.html", block="results", listing=listing, found=found)


@pages.get(f"{ONE}/pull-requests", needs=P.REPOSITORY_READ, query=PullRequestQuery)
def list_pull_requests(actor: Actor, repository_id: UUID, query: dict[str, Any]) -> Response:
    """What is proposed, and how does it stand?"""
    found = queries.get_repository(actor, repository_id)
    listing = ListView(queries.find_pull_requests(actor, found, query), query, f"{TWIN}/{found.id}/pull-requests")
    return page("insights/pull_requests.html", block="results", listing=listing, found=found, states=STATES)


def _teams(actor: Actor, organizations: list[UUID]) -> list[dict[str, str]]:
    found = find_teams_to_choose(actor, organizations) if organizations else []
    return [{"value": str(each.id), "label": each.name} for each in found]
