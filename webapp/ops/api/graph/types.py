"""The things of the graph. Their words are those of the REST API; what lies beside a row is loaded for all rows of a page at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import strawberry
from strawberry.types import Info

from webapp.accounts.queries.organizations import find_some_organizations
from webapp.fleet.queries import find_some_sites
from webapp.fleet.queries.inventory import find_installed_of
from webapp.fleet.schemas import InstalledQuery
from webapp.kit.permissions import Permission
from webapp.ops.api.graph.limits import FIRST

T = TypeVar("T")


class Peers:
    """The rows of one page. What one of them asks for is loaded for all, so that the statements do not grow with the rows."""

    def __init__(self, ids: Sequence[UUID]) -> None:
        self.ids = list(dict.fromkeys(ids))
        self.found: dict[Any, dict[UUID, Any]] = {}

    def get(self, key: Any, of: UUID, load: Callable[[list[UUID]], dict[UUID, Any]]) -> Any:
        if key not in self.found:
            self.found[key] = load(self.ids)
        return self.found[key].get(of)


@strawberry.type(description="Where a list goes on.")
class PageInfo:
    has_next_page: bool
    end_cursor: str | None = strawberry.field(description="For `after`; null at the end.")


@strawberry.type(description="A part of a list.")
class Connection(Generic[T]):
    nodes: list[T]
    total: int = strawberry.field(description="How many there are in all.")
    page_info: PageInfo


@strawberry.type(description="The wall that everything else lies behind.")
class Organization:
    id: UUID
    name: str
    slug: str
    description: str
    created_at: datetime


@strawberry.type(description="A module on a site in a version, as it is now.")
class Installation:
    module_id: UUID
    name: str
    display_name: str | None
    project: str | None
    type: str
    version: str | None
    enabled: bool | None
    latest_version: str | None
    recommended_version: str | None
    status: str = strawberry.field(description="Drupal core's verdict, computed from release feeds.")
    status_reason: str | None
    update_available: bool | None
    security_update: bool | None
    installed_at: datetime


@strawberry.type(description="A Drupal site in one environment.")
class Site:
    id: UUID
    name: str
    url: str
    environment: str
    criticality: str
    tags: list[str]
    status: str
    status_since: datetime | None
    core_version: str | None
    php_version: str | None
    database: str | None
    modules_count: int
    updates_count: int
    security_updates_count: int
    last_report_at: datetime | None
    created_at: datetime
    organization_id: UUID
    owner_id: UUID | None
    peers: strawberry.Private[Peers]
    places: strawberry.Private[Peers]

    @strawberry.field
    def organization(self, info: Info) -> Organization | None:
        return organization_of(info, self.places, self.organization_id)

    @strawberry.field(description="What is installed now, what needs somebody first; `first` of each site.")
    def installations(self, info: Info, first: int = FIRST, needs: str | None = None) -> list[Installation]:
        asked = InstalledQuery().load({"limit": first, **({"needs": needs} if needs else {})})

        def load(ids: list[UUID]) -> dict[UUID, Any]:
            info.context.check_time()
            return find_installed_of(ids, asked, first)

        return [installation(row) for row in self.peers.get(("installations", first, needs), self.id, load) or ()]


@strawberry.type(description="A module of the fleet, with how many of your sites run it.")
class Module:
    id: UUID
    name: str
    display_name: str | None
    project: str | None
    type: str | None
    sites_count: int
    versions_count: int
    updates_count: int
    security_updates_count: int


@strawberry.type
class RunUpdate:
    module: str
    from_version: str | None
    to_version: str | None
    security: bool
    status: str | None


@strawberry.type(description="One round of updates on a site: posted by somebody, or inferred from a report.")
class PatchRun:
    id: UUID
    started_at: datetime
    finished_at: datetime | None
    status: str
    trigger: str
    evidence: str
    operator: str | None
    environment: str | None
    updates_count: int
    security_updates_count: int
    updates: list[RunUpdate]
    site_id: UUID
    organization_id: UUID
    peers: strawberry.Private[Peers]

    @strawberry.field
    def site(self, info: Info) -> Site | None:
        """The site; null where it is deleted."""
        return site_of(info, self.peers, self.site_id)


@strawberry.type(description="Work for a person: of an organization, or one's own.")
class Task:
    id: UUID
    title: str
    description: str
    status: str
    priority: str
    due_date: date | None
    overdue: bool
    assignee_name: str | None
    site_name: str | None
    advisory: str | None
    tags: list[str]
    completed_at: datetime | None
    closed_by: str | None
    created_at: datetime
    site_id: UUID | None
    organization_id: UUID | None
    assignee_id: UUID | None
    owner_id: UUID | None
    peers: strawberry.Private[Peers]

    @strawberry.field
    def site(self, info: Info) -> Site | None:
        """The site that it is about; null where it is about none."""
        return site_of(info, self.peers, self.site_id) if self.site_id else None


@strawberry.type(description="A module that some sites need an update of, by what the sites themselves say.")
class ModuleUpdate:
    module: str
    project: str | None
    latest_version: str | None
    security: bool
    severity: str | None
    sites_count: int


def site_of(info: Info, peers: Peers, site_id: UUID) -> Site | None:
    def load(ids: list[UUID]) -> dict[UUID, Any]:
        info.context.check_time()
        return {each.id: each for each in sites_of(find_some_sites(info.context.actor, ids))}

    found: Site | None = peers.get("site", site_id, load)
    return found


def organization_of(info: Info, places: Peers, organization_id: UUID) -> Organization | None:
    actor = info.context.actor

    def load(ids: list[UUID]) -> dict[UUID, Any]:
        info.context.check_time()
        return {row.id: organization(row) for row in find_some_organizations(actor, ids)}

    found: Organization | None = places.get("organization", organization_id, load) if actor.may(Permission.ORGANIZATION_READ) else None
    return found


def sites_of(rows: Sequence[Any]) -> list[Site]:
    """Sites of one page, who load together."""
    peers, places = Peers([row.id for row in rows]), Peers([row.organization_id for row in rows])
    return [filled(Site, row, peers=peers, places=places) for row in rows]


def runs_of(rows: Sequence[Any]) -> list[PatchRun]:
    peers = Peers([row.site_id for row in rows])
    return [filled(PatchRun, row, peers=peers, updates=[filled(RunUpdate, each) for each in row.updates]) for row in rows]


def tasks_of(rows: Sequence[Any]) -> list[Task]:
    peers = Peers([row.site_id for row in rows if row.site_id])
    return [filled(Task, row, peers=peers) for row in rows]


def organization(row: Any) -> Organization:
    return filled(Organization, row)


def installation(row: Any) -> Installation:
    return filled(Installation, row)


def module(row: Any) -> Module:
    return filled(Module, row)


def module_update(row: Any) -> ModuleUpdate:
    return ModuleUpdate(**{name: row[name] for name in names_of(ModuleUpdate)})


def names_of(kind: type[Any]) -> list[str]:
    """The fields of a type that are no function of their own."""
    return [each.python_name for each in kind.__strawberry_definition__.fields if each.base_resolver is None]


def filled(kind: type[T], row: Any, **more: Any) -> T:
    """A thing of the graph with what the row has under the same names."""
    return kind(**{name: getattr(row, name) for name in names_of(kind) if name not in more}, **more)
