"""Registering, changing, deleting and restoring repositories. Each verb checks, changes and records in the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from webapp.accounts.actions.belonging import refuse_deleted_organization
from webapp.accounts.models import Organization
from webapp.accounts.queries import get_organization, is_team_of
from webapp.accounts.values import organization_closed, organization_reopened
from webapp.audit.actions import change, change_many, record
from webapp.insights.models import Repository
from webapp.insights.queries.repositories import get_repository
from webapp.kit.db import db
from webapp.kit.errors import Conflict, Invalid
from webapp.kit.permissions import Actor, Permission

TAKEN = "The organization has a repository with this address."


def create_repository(actor: Actor, body: dict[str, Any], at: datetime) -> Repository:
    """Makes a repository of which nothing is known yet; Conflict when its organization has one with this address."""
    organization = get_organization(actor, body["organization_id"], lock="share")
    actor.require(Permission.REPOSITORY_EDIT, organization.id)
    _check_team(body, organization.id)
    _refuse_taken_url(organization.id, body["url"])
    repository = Repository(created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id, **body)
    db.session.add(repository)
    record(actor, "repository.created", repository)
    db.session.flush()
    return get_repository(actor, repository.id)


def change_repository(actor: Actor, repository: Repository, body: dict[str, Any], at: datetime) -> Repository:
    """Changes a repository's own fields. It stays in its organization, where its history is."""
    actor.require(Permission.REPOSITORY_EDIT, repository.organization_id)
    if body.get("organization_id", repository.organization_id) != repository.organization_id:
        raise Invalid.at("organization_id", "A repository stays where its history is. Make it anew in the other organization.")
    body = _without_hidden_team(repository, body)
    _check_team(body, repository.organization_id)
    if body.get("url", repository.url).lower() != repository.url.lower():
        _refuse_taken_url(repository.organization_id, body["url"])
    change(actor, "repository.changed", repository, body, at)
    return get_repository(actor, repository.id)


def delete_repository(actor: Actor, repository: Repository, at: datetime) -> Repository:
    """Deletes a repository: sites show none, and nothing of it is counted, until it is restored."""
    actor.require(Permission.REPOSITORY_DELETE, repository.organization_id)
    deleted: Repository = change(actor, "repository.deleted", repository, {"deleted_at": at}, at)
    return deleted


def restore_repository(actor: Actor, repository_id: UUID, at: datetime) -> Repository:
    """Brings a deleted repository back with all that is known of it; Conflict when its address or its organization is gone."""
    repository = get_repository(actor, repository_id, lock=True, deleted=True)
    actor.require(Permission.REPOSITORY_DELETE, repository.organization_id)
    refuse_deleted_organization(repository.organization_id)
    _refuse_taken_url(repository.organization_id, repository.url)
    change(actor, "repository.restored", repository, {"deleted_at": None}, at)
    return get_repository(actor, repository.id)


def _check_team(body: dict[str, Any], organization_id: UUID) -> None:
    if body.get("team_id") and not is_team_of(body["team_id"], organization_id):
        raise Invalid.at("team_id", "There is no such team in the organization.")


def _without_hidden_team(repository: Repository, body: dict[str, Any]) -> dict[str, Any]:
    """The body without a team that is none already: a deleted team is not shown, and has its repositories again once it is restored."""
    hidden = "team_id" in body and body["team_id"] is None and repository.shown_team_id is None  # type: ignore[attr-defined]
    return {name: value for name, value in body.items() if not (hidden and name == "team_id")}


def _refuse_taken_url(organization_id: UUID, url: str) -> None:
    taken = select(Repository.id).where(Repository.organization_id == organization_id, func.lower(Repository.url) == url.lower(),
                                        Repository.deleted_at.is_(None))
    if db.session.scalar(taken):
        raise Conflict(TAKEN, [{"field": "url", "message": TAKEN}])


@organization_closed.connect
def _close_repositories(actor: Actor, organization: Organization, at: datetime) -> None:
    held = select(Repository).where(Repository.organization_id == organization.id, Repository.deleted_at.is_(None)).with_for_update()
    change_many(actor, "repository.deleted", [(each, {"deleted_at": at}) for each in db.session.scalars(held)], at)


@organization_reopened.connect
def _reopen_repositories(actor: Actor, organization: Organization, closed_at: datetime) -> None:
    """Just those that went with it; no other can have taken the address of one in an organization that was closed."""
    held = select(Repository).where(Repository.organization_id == organization.id, Repository.deleted_at == closed_at).with_for_update()
    change_many(actor, "repository.restored", [(each, {"deleted_at": None}) for each in db.session.scalars(held)], organization.updated_at)
