"""What can be asked: each list is the list of the REST API, by the same query, filters and permission."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from marshmallow import Schema as Filters
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from webapp.accounts.queries import find_organizations
from webapp.accounts.schemas import OrganizationQuery
from webapp.fleet import queries as fleet
from webapp.fleet.schemas import InstalledQuery, ModuleQuery, SiteQuery
from webapp.kit.clock import now, stamp
from webapp.kit.errors import Invalid, NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Permission
from webapp.ops.api.graph import types
from webapp.ops.api.graph.limits import FIRST, MOST
from webapp.ops.api.graph.types import Connection, Installation, Module, ModuleUpdate, Organization, PageInfo, PatchRun, Site, Task
from webapp.patching.queries import find_runs
from webapp.patching.schemas import RunQuery
from webapp.reports.queries import module_updates
from webapp.reports.schemas import UpdatesQuery
from webapp.tasks.queries.tasks import find_tasks
from webapp.tasks.schemas.tasks import TaskQuery

P = Permission
Find = Callable[[Any, dict[str, Any]], Listing]


def part(info: Info, permission: Permission, find: Find, filters: type[Filters], make: Callable[[Sequence[Any]], list[Any]],
         first: int, after: str | None, **given: Any) -> Connection[Any]:
    """A part of a list: filters are read by the schema that reads the REST list's query string."""
    info.context.actor.require(permission)
    info.context.check_time()
    if not 1 <= first <= MOST:
        raise Invalid.at("first", f"From 1 to {MOST}.")
    skip = place_of(after)
    words = {name: text_of(value) for name, value in given.items() if value is not None}
    asked = dict(filters().load({**words, "skip": skip, "limit": first}))
    page = find(info.context.actor, asked).page(asked)
    behind = skip + len(page.rows)
    more = bool(page.rows) and behind < page.total
    place = PageInfo(has_next_page=more, end_cursor=cursor_at(behind) if more else None)
    return Connection(nodes=make(page.rows), total=page.total, page_info=place)


def text_of(value: Any) -> str:
    """An argument as it would stand in an address."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def cursor_at(place: int) -> str:
    return base64.urlsafe_b64encode(f"after:{place}".encode()).decode().rstrip("=")


def place_of(cursor: str | None) -> int:
    """Where a list goes on after this cursor; Invalid for anything that is none."""
    if cursor is None:
        return 0
    try:
        kind, _, place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
        if kind == "after" and place.isascii() and place.isdigit() and len(place) < 10:
            return int(place)
    except (ValueError, binascii.Error):
        pass  # the same answer as for any other text
    raise Invalid.at("after", "This is not a cursor of this list.")


@strawberry.type(description="Read-only; the same that the REST API says, within what you may see.")
class Query:
    @strawberry.field(description="Your sites, worst first.")
    def sites(self, info: Info, first: int = FIRST, after: str | None = None, organization_id: UUID | None = None,
              status: list[str] | None = None, environment: list[str] | None = None, criticality: list[str] | None = None,
              has_security_updates: bool | None = None, module: str | None = None, module_version: str | None = None,
              q: str | None = None, sort: str | None = None) -> Connection[Site]:
        return part(info, P.SITE_READ, fleet.find_sites, SiteQuery, types.sites_of, first, after, organization_id=organization_id,
                    status=status, environment=environment, criticality=criticality, has_security_updates=has_security_updates,
                    module=module, module_version=module_version, q=q, sort=sort)

    @strawberry.field(description="One site; null where there is none that you may see.")
    def site(self, info: Info, id: UUID) -> Site | None:
        info.context.actor.require(P.SITE_READ)
        try:
            return types.sites_of([fleet.get_site(info.context.actor, id)])[0]
        except NotFound:
            return None

    @strawberry.field(description="The organizations that you belong to.")
    def organizations(self, info: Info, first: int = FIRST, after: str | None = None, name: str | None = None,
                      q: str | None = None, sort: str | None = None) -> Connection[Organization]:
        return part(info, P.ORGANIZATION_READ, find_organizations, OrganizationQuery, lambda rows: list(map(types.organization, rows)),
                    first, after, name=name, q=q, sort=sort)

    @strawberry.field(description="The modules that your sites run.")
    def modules(self, info: Info, first: int = FIRST, after: str | None = None, organization_id: UUID | None = None,
                name: str | None = None, type: str | None = None, has_updates: bool | None = None,
                has_security_updates: bool | None = None, q: str | None = None, sort: str | None = None) -> Connection[Module]:
        return part(info, P.MODULE_READ, fleet.find_modules, ModuleQuery, lambda rows: list(map(types.module, rows)), first, after,
                    organization_id=organization_id, name=name, type=type, has_updates=has_updates,
                    has_security_updates=has_security_updates, q=q, sort=sort)

    @strawberry.field(description="What is installed on a site now; null where there is no such site that you may see.")
    def installations(self, info: Info, site_id: UUID, first: int = FIRST, after: str | None = None, needs: str | None = None,
                      type: str | None = None, q: str | None = None, sort: str | None = None) -> Connection[Installation] | None:
        def find(actor: Any, asked: dict[str, Any]) -> Listing:
            return fleet.find_installed(actor, fleet.get_site(actor, site_id), asked)

        try:
            return part(info, P.SITE_READ, find, InstalledQuery, lambda rows: list(map(types.installation, rows)), first, after,
                        needs=needs, type=type, q=q, sort=sort)
        except NotFound:
            return None

    @strawberry.field(description="Patch runs, newest first.")
    def patch_runs(self, info: Info, first: int = FIRST, after: str | None = None, organization_id: UUID | None = None,
                   site_id: UUID | None = None, status: list[str] | None = None, trigger: list[str] | None = None,
                   evidence: list[str] | None = None, security: bool | None = None,
                   since: str | None = None, until: str | None = None, sort: str | None = None) -> Connection[PatchRun]:
        when = {"from": since, "to": until}
        return part(info, P.PATCH_RUN_READ, find_runs, RunQuery, types.runs_of, first, after, organization_id=organization_id,
                    site_id=site_id, status=status, trigger=trigger, evidence=evidence, security=security, sort=sort, **when)

    @strawberry.field(description="Your own tasks and those of your organizations, by what to do first.")
    def tasks(self, info: Info, first: int = FIRST, after: str | None = None, organization_id: UUID | None = None,
              site_id: UUID | None = None, assignee_id: UUID | None = None, status: list[str] | None = None,
              priority: list[str] | None = None, mine: bool | None = None, open: bool | None = None, overdue: bool | None = None,
              advisory: str | None = None, tag: str | None = None, q: str | None = None, sort: str | None = None) -> Connection[Task]:
        return part(info, P.TASK_READ, find_tasks, TaskQuery, types.tasks_of, first, after, organization_id=organization_id,
                    site_id=site_id, assignee_id=assignee_id, status=status, priority=priority, mine=mine, open=open, overdue=overdue,
                    advisory=advisory, tag=tag, q=q, sort=sort)

    @strawberry.field(description="Modules with updates now, security first.")
    def module_updates(self, info: Info, first: int = FIRST, after: str | None = None, organization_id: UUID | None = None,
                       environment: str | None = None, security_only: bool | None = None, module: str | None = None,
                       sort: str | None = None) -> Connection[ModuleUpdate]:
        def find(actor: Any, asked: dict[str, Any]) -> Listing:
            return module_updates(actor, asked, now(), names_only=True)

        return part(info, P.REPORT_READ, find, UpdatesQuery, lambda rows: list(map(types.module_update, rows)), first, after,
                    organization_id=organization_id, environment=environment, security_only=security_only, module=module, sort=sort)


TIME = strawberry.scalar(name="DateTime", description="RFC 3339 in UTC.", serialize=stamp, parse_value=datetime.fromisoformat)
SCHEMA = strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map={datetime: TIME}))._schema
"""The schema as graphql-core has it, which parses, validates and answers."""
