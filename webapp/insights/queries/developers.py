"""Reading developers: who they are, what they did in the last thirty days, and who may know it.

Numbers of a person are shown to that person, and to others as their organization says (`developer_metrics`); what is hidden is null,
and `visibility` says why. Nobody is ordered by what they did, and where names are not shown (`pseudonymise_developers`) nothing is
found or ordered by them either.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, false, func, not_, select

from webapp.accounts.models import Membership, Organization, Team, TeamMember, User
from webapp.audit.models import AuditRow
from webapp.insights.models import Developer, DeveloperIdentity
from webapp.insights.policy import in_organizations, metrics_visibility, visible_developers
from webapp.insights.values.words import SHOWN, Visibility
from webapp.kit.clock import now
from webapp.kit.db import db, rows
from webapp.kit.errors import NotFound, PermissionDenied
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission, Role

WINDOW: Final = timedelta(days=30)
METRICS: Final = ("commits_last_30d", "prs_opened", "prs_merged", "prs_reviewed", "lines_added", "lines_deleted")
MEASURED: Final = """
WITH who AS (SELECT id AS identity_id, developer_id FROM developer_identities WHERE developer_id = ANY(CAST(:ids AS uuid[]))),
work AS (
  SELECT DISTINCT ON (w.developer_id, coalesce(c.patch_id, c.sha)) w.developer_id, c.lines_added, c.lines_deleted
  FROM who w JOIN commits c ON c.author_id = w.identity_id JOIN repositories r ON r.id = c.repository_id AND r.deleted_at IS NULL
  WHERE c.authored_at >= :since AND c.authored_at <= :at AND c.is_on_default_branch AND cardinality(c.parents) < 2
  ORDER BY w.developer_id, coalesce(c.patch_id, c.sha), c.lines_added NULLS LAST),
done AS (SELECT developer_id, count(*) AS commits, sum(lines_added) AS added, sum(lines_deleted) AS deleted FROM work GROUP BY 1),
asked AS (
  SELECT w.developer_id, count(*) FILTER (WHERE p.opened_at >= :since) AS opened, count(*) FILTER (WHERE p.merged_at >= :since) AS merged,
         sum(p.lines_added) FILTER (WHERE p.merged_at >= :since) AS added,
         sum(p.lines_deleted) FILTER (WHERE p.merged_at >= :since) AS deleted
  FROM who w JOIN pull_requests p ON p.author_id = w.identity_id JOIN repositories r ON r.id = p.repository_id AND r.deleted_at IS NULL
  WHERE greatest(p.opened_at, p.merged_at) >= :since AND p.opened_at <= :at GROUP BY 1),
reviewed AS (
  SELECT w.developer_id, count(DISTINCT v.pull_request_id) AS reviewed
  FROM who w JOIN pull_request_reviews v ON v.reviewer_id = w.identity_id JOIN pull_requests p ON p.id = v.pull_request_id
  JOIN repositories r ON r.id = p.repository_id AND r.deleted_at IS NULL LEFT JOIN developer_identities a ON a.id = p.author_id
  WHERE v.submitted_at >= :since AND v.submitted_at <= :at AND a.developer_id IS DISTINCT FROM w.developer_id GROUP BY 1)
SELECT d.id, coalesce(c.commits, 0) AS commits_last_30d, coalesce(a.opened, 0) AS prs_opened, coalesce(a.merged, 0) AS prs_merged,
  coalesce(v.reviewed, 0) AS prs_reviewed,
  CASE WHEN c.commits IS NULL AND a.merged IS NULL THEN 0 ELSE coalesce(c.added, a.added) END AS lines_added,
  CASE WHEN c.commits IS NULL AND a.merged IS NULL THEN 0 ELSE coalesce(c.deleted, a.deleted) END AS lines_deleted
FROM unnest(CAST(:ids AS uuid[])) AS d (id) LEFT JOIN done c ON c.developer_id = d.id LEFT JOIN asked a ON a.developer_id = d.id
LEFT JOIN reviewed v ON v.developer_id = d.id
"""
"""Commits are of the default branch, no merges, each change once (a squashed or picked one has the same patch id), by when they were
written. Lines are those of the commits, where anybody has counted them, else those of merged pull requests, else unknown."""


def anonymous(actor: Actor) -> ColumnElement[bool]:
    """Whether a developer's name is not for this actor. Joined to Organization."""
    hides = Organization.settings["pseudonymise_developers"].as_boolean().is_(True)
    own = Developer.user_id == actor.id if actor.is_person else false()
    return and_(hides, not_(in_organizations(actor, Developer.organization_id, Permission.DEVELOPER_MANAGE)), own.is_not(True))


def shown_name(actor: Actor) -> ColumnElement[str]:
    """What a developer is called to this actor."""
    return case((anonymous(actor), func.concat("anon-", Developer.number)), else_=Developer.name)


def find_developers(actor: Actor, asked: dict[str, Any]) -> Listing:
    """The developers of the actor's organizations, by name; with the numbers of those whose numbers are for everybody, and one's own."""
    statement = _shown(actor, visible_developers(actor, deleted=bool(asked.get("include_deleted"))))
    for name in ("organization_id", "user_id", "is_bot"):
        if name in asked:
            statement = statement.where(getattr(Developer, name) == asked[name])
    if asked.get("q"):
        statement = statement.where(shown_name(actor).icontains(asked["q"], autoescape=True))
    sorts = {"name": func.lower(shown_name(actor)), "created_at": Developer.created_at}
    return Listing(statement, sorts, "name", Developer.id, shape=_shape, prepare=lambda found: _prepared(actor, found, (
        Visibility.OWN, Visibility.MEMBERS)))


def get_developer(actor: Actor, developer_id: UUID, lock: bool = False, deleted: bool = False) -> Developer:
    """One developer with all that the actor may know, or NotFound; `deleted` looks among those merged into another only."""
    statement = visible_developers(actor, deleted=deleted).where(Developer.id == developer_id)
    if deleted:
        statement = statement.where(Developer.deleted_at.is_not(None))
    shown = _shown(actor, statement)
    row = db.session.execute(shown.with_for_update(of=Developer) if lock else shown).first()
    if row is None:
        raise NotFound()
    return _prepared(actor, [_shape(row)], SHOWN)[0]


def get_shown_developer(actor: Actor, developer_id: UUID, lock: bool = False) -> Developer:
    """One developer whose work the actor may look at; PermissionDenied where the organization does not show it to them."""
    developer = get_developer(actor, developer_id, lock)
    if developer.visibility not in SHOWN:  # type: ignore[attr-defined]
        raise PermissionDenied("The organization shows what somebody did to themselves and to those whom it names, and to nobody else.")
    return developer


def find_views(actor: Actor, developer: Developer) -> Listing:
    """Who looked at a developer's numbers, the last one first: for that person, and for those who read the audit log."""
    if not (actor.is_person and developer.user_id == actor.id):
        actor.require(Permission.AUDIT_READ, developer.organization_id)
    statement = select(AuditRow).where(AuditRow.organization_id == developer.organization_id, AuditRow.resource_id == developer.id,
                                       AuditRow.action == "developer.viewed")
    return Listing(statement, {"at": AuditRow.at}, "-at", AuditRow.id, cursor=(AuditRow.at, AuditRow.id))


def names_are_hidden(actor: Actor, organization_id: UUID) -> bool:
    """Whether the names of an organization's developers are not for this actor (their own is)."""
    if actor.may(Permission.DEVELOPER_MANAGE, organization_id):
        return False
    hides = Organization.settings["pseudonymise_developers"].as_boolean()
    return bool(db.session.scalar(select(hides).where(Organization.id == organization_id)))


def measure_developers(ids: list[UUID], at: datetime) -> dict[UUID, dict[str, Any]]:
    """What each of them did in the thirty days before, in one statement; null is what nobody has counted."""
    found = rows(MEASURED, ids=ids, since=at - WINDOW, at=at) if ids else []
    return {row.id: {name: getattr(row, name) for name in METRICS} for row in found}


def _shown(actor: Actor, statement: Select[Any]) -> Select[Any]:
    policy = Organization.settings["developer_metrics"].as_string()
    return statement.join(Organization, Organization.id == Developer.organization_id).add_columns(
        shown_name(actor).label("shown_name"), anonymous(actor).label("is_anonymous"), policy.label("policy"),
        Organization.name.label("organization_name"))


def _shape(row: Any) -> Developer:
    developer: Developer = row[0]
    for name in ("shown_name", "is_anonymous", "policy", "organization_name"):
        setattr(developer, name, getattr(row, name))
    return developer


def _prepared(actor: Actor, developers: list[Any], measured: tuple[Visibility, ...]) -> list[Any]:
    """Gives each `visibility`, its `metrics` where that is among `measured`, and `identities` for themselves and those who merge them."""
    mates = _team_mates(actor, {each.organization_id for each in developers})
    for each in developers:
        each.visibility = metrics_visibility(actor, each, each.policy, each.user_id in mates)
    figures = measure_developers([each.id for each in developers if each.visibility in measured], now())
    known = _identities([each.id for each in developers if _knows(actor, each)])
    for each in developers:
        each.metrics = figures.get(each.id, dict.fromkeys(METRICS))
        each.identities = known[each.id] if _knows(actor, each) else None
        each.shown_user_id = None if each.is_anonymous else each.user_id
    return developers


def _knows(actor: Actor, developer: Any) -> bool:
    own = actor.is_person and developer.user_id == actor.id
    return bool(own or actor.may(Permission.DEVELOPER_MANAGE, developer.organization_id))


def _identities(ids: list[UUID]) -> dict[UUID, list[DeveloperIdentity]]:
    found: dict[UUID, list[DeveloperIdentity]] = defaultdict(list)
    if ids:
        statement = select(DeveloperIdentity).where(DeveloperIdentity.developer_id.in_(ids))
        ordered = statement.order_by(DeveloperIdentity.kind, DeveloperIdentity.value).execution_options(populate_existing=True)
        for each in db.session.scalars(ordered):
            found[each.developer_id].append(each)
    return found


def _team_mates(actor: Actor, places: set[UUID]) -> set[UUID]:
    """The people of the teams that the actor is in, in organizations that they administer: whom they lead."""
    led = [place for place in places if actor.is_person and actor.roles.get(place) is Role.ADMIN]
    if not led:
        return set()
    own = select(TeamMember.team_id).where(TeamMember.user_id == actor.id, TeamMember.deleted_at.is_(None))
    statement = (select(TeamMember.user_id).join(Team, Team.id == TeamMember.team_id)
                 .where(TeamMember.team_id.in_(own), TeamMember.deleted_at.is_(None), Team.deleted_at.is_(None),
                        Team.organization_id.in_(led)))
    return set(db.session.scalars(statement))


def accounts_to_choose(organization_id: UUID) -> list[Any]:
    """The people of an organization as `id` and `name`, for a form."""
    name = func.coalesce(func.nullif(User.full_name, ""), User.email)
    statement = (select(User.id, name.label("name")).join(Membership, Membership.user_id == User.id)
                 .where(Membership.organization_id == organization_id, Membership.deleted_at.is_(None), User.deleted_at.is_(None)))
    return list(db.session.execute(statement.order_by(func.lower(name)).limit(200)))


def developers_to_choose(actor: Actor, developer: Developer) -> list[Any]:
    """The other developers of an organization as `id` and `name`: with whom one may be one person."""
    others = visible_developers(actor).where(Developer.organization_id == developer.organization_id, Developer.id != developer.id)
    shown = others.with_only_columns(Developer.id, Developer.name)
    return list(db.session.execute(shown.order_by(func.lower(Developer.name)).limit(500)))


def merged_into(developer: Developer) -> list[Any]:
    """Those who were made one with a developer, as `id` and `name`, the last first: what can be undone."""
    statement = select(Developer.id, Developer.name).where(Developer.merged_into == developer.id)
    return list(db.session.execute(statement.order_by(Developer.deleted_at.desc()).limit(100)))
