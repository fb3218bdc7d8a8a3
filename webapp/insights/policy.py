"""What of insights an actor may see: what lies in their organizations. A site's key is about that site alone, and sees nothing here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_, select, true

from webapp.accounts.values import DeveloperMetrics
from webapp.insights.models import Commit, Developer, PullRequest, Repository, WebhookEndpoint
from webapp.insights.values.words import Visibility
from webapp.kit.permissions import Actor, Permission


def in_organizations(actor: Actor, column: Any, permission: Permission) -> ColumnElement[bool]:
    """Whether a row lies in an organization where the actor has this permission; never for a site's key."""
    if actor.site_id is not None:
        return false()
    where = actor.organizations(permission)
    return true() if where is None else column.in_(where)


def visible_repositories(actor: Actor, permission: Permission = Permission.REPOSITORY_READ, *, deleted: bool = False) -> Select[Any]:
    """The repositories of the actor's organizations; with `deleted`, also the deleted ones of those whose repositories they may delete."""
    statement = select(Repository).where(in_organizations(actor, Repository.organization_id, permission))
    active = Repository.deleted_at.is_(None)
    if not deleted:
        return statement.where(active)
    return statement.where(or_(active, in_organizations(actor, Repository.organization_id, Permission.REPOSITORY_DELETE)))


def visible_commits(actor: Actor, repository_id: UUID) -> Select[Any]:
    """The commits of one repository, if the actor may see it."""
    seen = visible_repositories(actor).where(Repository.id == repository_id).with_only_columns(Repository.id)
    return select(Commit).where(Commit.repository_id.in_(seen))


def visible_pull_requests(actor: Actor, repository_id: UUID) -> Select[Any]:
    """The pull requests of one repository, if the actor may see it."""
    seen = visible_repositories(actor).where(Repository.id == repository_id).with_only_columns(Repository.id)
    return select(PullRequest).where(PullRequest.repository_id.in_(seen))


def visible_developers(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """The developers of the actor's organizations; with `deleted`, also those who were merged into another, for who may undo that."""
    statement = select(Developer).where(in_organizations(actor, Developer.organization_id, Permission.DEVELOPER_READ))
    active = Developer.deleted_at.is_(None)
    if not deleted:
        return statement.where(active)
    return statement.where(or_(active, in_organizations(actor, Developer.organization_id, Permission.DEVELOPER_MANAGE)))


def visible_webhook_endpoints(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """The webhook endpoints of the organizations whose webhooks the actor manages; with `deleted`, also the deleted ones."""
    statement = select(WebhookEndpoint).where(in_organizations(actor, WebhookEndpoint.organization_id, Permission.WEBHOOK_MANAGE))
    return statement if deleted else statement.where(WebhookEndpoint.deleted_at.is_(None))


def metrics_visibility(actor: Actor, developer: Developer, policy: str | None, leads: bool) -> Visibility:
    """Whether an actor sees the numbers of a developer, by the organization's `policy` (unset: the person and who `leads` them).

    One's own are always shown, unless nobody's are kept in view at all. Whoever operates the server sees what it keeps.
    """
    if policy == DeveloperMetrics.OFF:
        return Visibility.OFF
    if actor.is_person and developer.user_id == actor.id:
        return Visibility.OWN
    if policy == DeveloperMetrics.MEMBERS and not actor.sees_all:
        return Visibility.MEMBERS
    if actor.sees_all:
        return Visibility.OPERATOR
    shows = leads and (policy or DeveloperMetrics.LEAD) == DeveloperMetrics.LEAD
    return Visibility.LEAD if shows else Visibility.HIDDEN
