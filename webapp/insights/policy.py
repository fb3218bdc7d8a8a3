"""What of insights an actor may see: what lies in their organizations. A site's key is about that site alone, and sees nothing here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true

from webapp.accounts.models import Team
from webapp.accounts.values import DeveloperMetrics
from webapp.fleet.models import Site
from webapp.insights.models import (
    Commit,
    Deployment,
    Developer,
    Incident,
    PullRequest,
    QualityMeasurement,
    Repository,
    Sprint,
    WebhookEndpoint,
)
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


def visible_deployments(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """Deployments joined to their sites and repositories; those of deleted ones are hidden, with `deleted` admins see all.

    A site's key sees those of its site.
    """
    return _of_services(actor, Deployment, deleted, Permission.REPOSITORY_DELETE)


def visible_incidents(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """Incidents in the same way; a deleted one was dismissed, by somebody who may also bring it back."""
    return _of_services(actor, Incident, deleted, Permission.INSIGHT_POST)


def joined(kind: Any) -> Select[Any]:
    """Deployments or incidents beside the site and the repository that they were at."""
    return select(kind).outerjoin(Site, Site.id == kind.site_id).outerjoin(Repository, Repository.id == kind.repository_id)


def _of_services(actor: Actor, kind: Any, deleted: bool, managing: Permission) -> Select[Any]:
    statement = joined(kind)
    if actor.site_id is not None:
        statement = statement.where(kind.site_id == actor.site_id)
    where, managed = actor.organizations(Permission.INSIGHT_READ), actor.organizations(managing)
    if where is not None:
        statement = statement.where(kind.organization_id.in_(where))
    there = and_(kind.deleted_at.is_(None), Site.deleted_at.is_(None), or_(kind.site_id.is_not(None), Repository.deleted_at.is_(None)))
    if not deleted:
        return statement.where(there)
    return statement if managed is None else statement.where(or_(there, kind.organization_id.in_(managed)))


def visible_sprints(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """The sprints of the actor's organizations; those of deleted teams are hidden, with `deleted` whoever may bring them back sees all."""
    return _of_owner(actor, Sprint, Team, Sprint.team_id, deleted, Permission.INSIGHT_POST)


def visible_measurements(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """What was measured of the code of repositories, in the same way."""
    return _of_owner(actor, QualityMeasurement, Repository, QualityMeasurement.repository_id, deleted, Permission.REPOSITORY_DELETE)


def _of_owner(actor: Actor, kind: Any, owner: Any, column: Any, deleted: bool, managing: Permission) -> Select[Any]:
    statement = select(kind).join(owner, owner.id == column).where(in_organizations(actor, kind.organization_id, Permission.INSIGHT_READ))
    there = and_(kind.deleted_at.is_(None), owner.deleted_at.is_(None))
    if not deleted:
        return statement.where(there)
    return statement.where(or_(there, in_organizations(actor, kind.organization_id, managing)))
