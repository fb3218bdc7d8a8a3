"""The catalogue as the actor's fleet has it: modules, their versions, and the sites that run them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, Subquery, and_, cast, exists, func, select

from webapp.catalog.models import Module, ModuleVersion
from webapp.catalog.queries.marks import find_marks
from webapp.catalog.verdicts.marking import marks_of
from webapp.fleet.models import Installation, Site
from webapp.fleet.policy import visible_sites
from webapp.fleet.queries.ends import BRANCH
from webapp.fleet.queries.inventory import NEEDS
from webapp.fleet.queries.marks import is_marked
from webapp.fleet.queries.sites import status_column
from webapp.fleet.queries.verdicts import VERDICT
from webapp.kit.clock import now
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission


def _installed(actor: Actor, asked: Mapping[str, Any]) -> Select[Any]:
    """Open installations on active sites that the actor may see."""
    sites = visible_sites(actor, Permission.MODULE_READ).with_only_columns(Site.id)
    if "organization_id" in asked:
        sites = sites.where(Site.organization_id == asked["organization_id"])
    return select(Installation).where(Installation.valid_to.is_(None), Installation.site_id.in_(sites))


def _used(actor: Actor, asked: Mapping[str, Any]) -> Subquery:
    """One row a module. Counted by version first: few groups in one hash, where distinct versions would sort all rows."""
    installed = _installed(actor, asked)
    if "name" in asked:
        named = select(Module.id).where(Module.name == asked["name"]).scalar_subquery()
        installed = installed.where(Installation.module_id == named)
    by_version = installed.with_only_columns(
        Installation.module_id, Installation.version, func.count().label("sites"), func.max(Installation.type).label("type"),
        func.max(Installation.project).label("project"), func.max(Installation.display_name).label("display_name"),
        func.count().filter(NEEDS["any"]).label("updates"), func.count().filter(NEEDS["security"]).label("security_updates"),
    ).group_by(Installation.module_id, Installation.version).subquery()
    each = by_version.c
    return select(
        each.module_id, _sum(each.sites).label("sites_count"), func.max(each.type).label("type"), func.max(each.project).label("project"),
        func.max(each.display_name).label("display_name"), func.count(each.version).label("versions_count"),
        _sum(each.updates).label("updates_count"), _sum(each.security_updates).label("security_updates_count"),
    ).group_by(each.module_id).subquery()


def _sum(column: Any) -> Any:
    """A sum of counts is a count, not PostgreSQL's numeric."""
    return cast(func.sum(column), BigInteger)


def find_modules(actor: Actor, asked: Mapping[str, Any]) -> Listing:
    """The modules that run on any visible site, with how many sites run them and how many of those have an update waiting."""
    used = _used(actor, asked)
    statement = select(Module.public_id.label("id"), Module.name, Module.first_seen_at, used.c.sites_count, used.c.type, used.c.project,
                       used.c.display_name, used.c.versions_count, used.c.updates_count, used.c.security_updates_count,
                       ).join(used, used.c.module_id == Module.id)
    for name, column in {"name": Module.name, "type": used.c.type, "project": used.c.project}.items():
        if name in asked:
            statement = statement.where(column == asked[name])
    if asked.get("has_updates") is not None:
        statement = statement.where((used.c.updates_count > 0) == asked["has_updates"])
    if asked.get("has_security_updates") is not None:
        statement = statement.where((used.c.security_updates_count > 0) == asked["has_security_updates"])
    if asked.get("q"):
        statement = statement.where(Module.name.icontains(asked["q"], autoescape=True)
                                    | used.c.display_name.icontains(asked["q"], autoescape=True))
    sorts = {"name": Module.name, "sites_count": used.c.sites_count, "type": used.c.type, "first_seen_at": Module.first_seen_at,
             "versions_count": used.c.versions_count, "updates_count": used.c.updates_count,
             "security_updates_count": used.c.security_updates_count}
    return Listing(statement, sorts, "-security_updates_count,-updates_count,-sites_count,name", Module.id, shape=lambda row: row)


def get_module(actor: Actor, module_id: UUID, lock: bool = False) -> Any:
    """One module that runs, or ran, on a visible site; NotFound otherwise."""
    sites = visible_sites(actor, Permission.MODULE_READ).with_only_columns(Site.id)
    ran = exists().where(and_(Installation.module_id == Module.id, Installation.site_id.in_(sites)))
    module = db.session.scalar(select(Module).where(Module.public_id == module_id, ran))
    if module is None:
        raise NotFound()
    found = db.session.execute(find_modules(actor, {"name": module.name}).statement).first()
    known: dict[str, Any] = dict(found._mapping) if found else {
        "id": module.public_id, "name": module.name, "first_seen_at": module.first_seen_at, "sites_count": 0}
    return {**known, "marks": marks_of_module(known)}


def marks_of_module(module: Mapping[str, Any]) -> list[Any]:
    """What lists say of versions of its project; of those of Drupal core that are no project of their own, what they say of core."""
    project = module.get("project") or module["name"]
    return find_marks({project}).get(project, [])


def find_module_versions(actor: Actor, module: Any, asked: Mapping[str, Any]) -> Listing:
    """The versions of a module that were seen or published, with how many visible sites run each now; null where nothing is known."""
    module_id = _id_of(module)
    used = _installed(actor, asked).where(Installation.module_id == module_id).with_only_columns(
        Installation.version, func.count().label("sites_count")).group_by(Installation.version).subquery()
    statement: Any = select(ModuleVersion.version, ModuleVersion.released_at, ModuleVersion.is_security, ModuleVersion.is_supported,
                       ModuleVersion.is_insecure, func.coalesce(used.c.sites_count, 0).label("sites_count"), ModuleVersion.first_seen_at,
                       ).outerjoin(used, used.c.version == ModuleVersion.version).where(ModuleVersion.module_id == module_id)
    if not actor.sees_all:
        sites = visible_sites(actor, Permission.MODULE_READ).with_only_columns(Site.id)
        ran = exists().where(Installation.module_id == module_id, Installation.version == ModuleVersion.version,
                             Installation.site_id.in_(sites))
        statement = statement.where(ran | ModuleVersion.released_at.is_not(None))
    if "version" in asked:
        statement = statement.where(ModuleVersion.version == asked["version"])
    if "in_use" in asked:
        statement = statement.where((func.coalesce(used.c.sites_count, 0) > 0) == asked["in_use"])
    sorts = {"version": ModuleVersion.version, "released_at": ModuleVersion.released_at, "first_seen_at": ModuleVersion.first_seen_at,
             "sites_count": func.coalesce(used.c.sites_count, 0)}
    return Listing(statement, sorts, "-sites_count,-first_seen_at", ModuleVersion.version, shape=lambda row: row,
                   prepare=lambda found: with_marks(found, module["marks"]))


def with_marks(found: list[Any], markings: list[Any]) -> list[Any]:
    """Gives each version its `marks`: the kinds that lists mark it with."""
    return [SimpleNamespace(**row._mapping, marks=marks_of(row.version, markings)) for row in found]


def find_module_sites(actor: Actor, module: Any, asked: Mapping[str, Any]) -> Listing:
    """The visible sites that run a module now, by version."""
    at = now()
    statement: Any = visible_sites(actor, Permission.MODULE_READ).join(Installation, Installation.site_id == Site.id).where(
        Installation.module_id == _id_of(module), Installation.valid_to.is_(None))
    statement = statement.with_only_columns(
        Site.id, Site.name, Site.url, Site.environment, Site.organization_id, status_column(at).label("status"), Installation.version,
        Installation.enabled, Installation.installed_at, Installation.latest_version, Installation.update_available,
        Installation.security_update, Site.last_report_at)
    for name in ("version", "enabled", "update_available", "security_update"):
        if name in asked:
            statement = statement.where(getattr(Installation, name) == asked[name])
    for name in ("environment", "organization_id"):
        if name in asked:
            statement = statement.where(getattr(Site, name) == asked[name])
    if "needs" in asked:
        statement = statement.where(NEEDS[asked["needs"]])
    if "mark" in asked:
        statement = statement.where(is_marked(asked["mark"]))
    if "verdict" in asked:
        statement = statement.where(VERDICT.in_(asked["verdict"]))
    if asked.get("runs") is not None:
        statement = statement.where(Installation.enabled.is_not(False) == asked["runs"])
    if "branch" in asked:
        statement = statement.where(asked["branch"] == BRANCH)
    if asked.get("q"):
        statement = statement.where(Site.name.icontains(asked["q"], autoescape=True))
    sorts = {"name": func.lower(Site.name), "version": Installation.version, "installed_at": Installation.installed_at,
             "environment": Site.environment}
    return Listing(statement, sorts, "version,name", Site.id, shape=lambda row: row)


def _id_of(module: Any) -> int:
    return int(db.session.scalar(select(Module.id).where(Module.name == module["name"])) or 0)
