"""How many sites there are of each kind: in saved views, under each choice of a filter, and by who looks after them.

Each number is counted on the statement of the list that it stands for, so that it cannot differ from the list's length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import FromClause, Select, String, Subquery, cast, func, literal, select, true, union_all

from webapp.accounts.models import Membership, Organization, Team, User
from webapp.catalog.models import Module
from webapp.fleet.models import Installation, Site
from webapp.fleet.policy import visible_sites
from webapp.fleet.queries.inventory import NEEDS, find_installed
from webapp.fleet.queries.sites import find_sites
from webapp.kit.db import db
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission

MOST_CHOICES = 40
PERSON = func.coalesce(func.nullif(User.full_name, ""), User.email)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter, its words, and how many rows have it under the other filters."""

    value: str
    label: str
    count: int | None = None


def count_lists(lists: Mapping[str, Listing]) -> dict[str, int]:
    """How long each of these lists is, in one statement."""
    parts = [select(literal(name).label("name"), func.count().label("found"))
             .select_from(listing.only()) for name, listing in lists.items()]
    return {row.name: row.found for row in db.session.execute(union_all(*parts))} if parts else {}


def count_sites(actor: Actor, views: Mapping[str, Mapping[str, Any]], at: datetime) -> dict[str, int]:
    """How many sites each of these queries finds, in one statement."""
    return count_lists({name: find_sites(actor, asked, at) for name, asked in views.items()})


def site_choices(actor: Actor, asked: Mapping[str, Any], names: Sequence[str],
                 at: datetime) -> dict[str, list[Choice]]:
    """The values that these filters of sites can have, the most frequent first, in one statement."""
    parts = {name: find_sites(actor, _without(asked, name), at) for name in names}
    return _choices(parts)


def installed_choices(actor: Actor, site: Site, asked: Mapping[str, Any],
                      names: Sequence[str]) -> dict[str, list[Choice]]:
    """The same for the modules of a site."""
    return _choices({name: find_installed(actor, site, _without(asked, name)) for name in names})


def _without(asked: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in asked.items() if key != name}


def _choices(parts: Mapping[str, Listing]) -> dict[str, list[Choice]]:
    statements = [_counted(name, listing.only(name)) for name, listing in parts.items()]
    found: dict[str, list[Choice]] = {name: [] for name in parts}
    for row in db.session.execute(union_all(*statements)):
        found[row.name].append(Choice(row.value, row.label or row.value, row.found))
    return found


def _counted(name: str, found: Subquery) -> Select[Any]:
    """The values of one column with how many rows have each."""
    rows: FromClause = found
    column: Any
    label: Any
    if name == "tags":
        each = func.unnest(found.c.tags).table_valued("tag").render_derived(name="each")
        rows, column, label = found.join(each, true()), each.c.tag, each.c.tag
    elif name == "owner_id":
        column, label = found.c.owner_id, PERSON
        rows = found.join(User, User.id == column)
    elif name == "team_id":
        column, label = found.c.team_id, Team.name
        rows = found.join(Team, (Team.id == column) & Team.deleted_at.is_(None))
    elif name == "organization_id":
        column, label = found.c.organization_id, Organization.name
        rows = found.join(Organization, Organization.id == column)
    else:
        column = label = found.c[name]
    value, count = cast(column, String), func.count()
    words: list[Any] = [literal(name).label("name"), value.label("value"), cast(label, String).label("label"),
                        count.label("found")]
    statement: Select[Any] = select(*words).select_from(rows).where(column.is_not(None)).group_by(column, label)
    return statement.order_by(count.desc(), value).limit(MOST_CHOICES)


def count_by_keeper(actor: Actor, asked: Mapping[str, Any], at: datetime, by: str) -> list[Any]:
    """Sites by `owner_id` or `organization_id` with how many are in each status that needs somebody; worst first.

    Rows have `id` (None for sites without owner), `name`, `sites`, `vulnerable`, `unsupported` and `unheard`.
    """
    found = find_sites(actor, asked, at).only(by, "status")
    keeper, name = (User, PERSON) if by == "owner_id" else (Organization, Organization.name)
    vulnerable = func.count().filter(found.c.status == "vulnerable")
    statement = select(
        found.c[by].label("id"), name.label("name"), func.count().label("sites"), vulnerable.label("vulnerable"),
        func.count().filter(found.c.status == "unsupported").label("unsupported"),
        func.count().filter(found.c.status.in_(("silent", "unknown"))).label("unheard"),
    ).select_from(found).outerjoin(keeper, keeper.id == found.c[by]).group_by(found.c[by], name)
    worst = vulnerable.desc(), func.count().desc(), name
    return list(db.session.execute(statement.order_by(*worst).limit(MOST_CHOICES)))


def find_fixes(actor: Actor, asked: Mapping[str, Any], most: int) -> list[Any]:
    """The modules whose security update would help most sites: `id, name, display_name, sites, latest`.

    Only what runs counts, silent sites included; `/modules/{id}/sites?needs=security` is the list.
    """
    sites = visible_sites(actor, Permission.MODULE_READ).with_only_columns(Site.id)
    statement = select(Installation.module_id, func.count().label("sites"),
                       func.max(Installation.display_name).label("display_name"),
                       func.array_agg(Installation.latest_version.distinct()).label("latest"))
    statement = statement.where(Installation.valid_to.is_(None), NEEDS["security"], Installation.site_id.in_(sites))
    if "organization_id" in asked:
        statement = statement.where(Installation.organization_id == asked["organization_id"])
    used = statement.group_by(Installation.module_id).subquery()
    return list(db.session.execute(
        select(Module.public_id.label("id"), Module.name, used.c.display_name, used.c.sites, used.c.latest)
        .join(used, used.c.module_id == Module.id).order_by(used.c.sites.desc(), Module.name).limit(most)))


def find_possible_owners(actor: Actor, organizations: Sequence[Any]) -> list[Choice]:
    """The people of these organizations, by name: who can own their sites."""
    where = actor.organizations(Permission.SITE_EDIT)
    allowed = [each for each in organizations if where is None or each in where]
    statement = (select(User.id, PERSON.label("name")).distinct().join(Membership, Membership.user_id == User.id)
                 .where(Membership.organization_id.in_(allowed), Membership.deleted_at.is_(None),
                        User.deleted_at.is_(None)))
    return [Choice(str(row.id), row.name) for row in db.session.execute(statement.order_by(PERSON))]
