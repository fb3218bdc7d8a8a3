"""`/api/v1`: sites, what is on them, their past, and the modules of the fleet."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webapp.accounts.models import Organization
from webapp.accounts.queries import get_organization
from webapp.fleet import queries
from webapp.fleet.actions import bulk, sites
from webapp.fleet.models import Site
from webapp.fleet.schemas import (
    BulkInput,
    BulkSchema,
    ChangeQuery,
    ChangeSchema,
    EndsQuery,
    EndsSchema,
    InstalledQuery,
    InstalledSchema,
    ModuleEndQuery,
    ModuleEndSchema,
    ModuleQuery,
    ModuleSchema,
    ModuleSiteQuery,
    ModuleSiteSchema,
    ModuleVersionQuery,
    ModuleVersionSchema,
    OneModuleSchema,
    ReceivedQuery,
    ReceivedSchema,
    SiteInput,
    SitePatch,
    SiteQuery,
    SiteSchema,
)
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors

P = Permission
api = Doors("fleet", __name__, tag="Sites")
SITE = "/sites/<uuid:site_id>"


@api.get("/sites", needs=P.SITE_READ, query=SiteQuery, gives=SiteSchema(), lists=True)
def list_sites(actor: Actor, query: dict[str, Any]) -> Listing:
    """Your sites, worst first."""
    return queries.find_sites(actor, query)


@api.post("/sites", needs=P.SITE_REGISTER, takes=SiteInput, gives=SiteSchema(), status=201, at="/sites/{id}")
def register_site(actor: Actor, body: dict[str, Any]) -> Site:
    """A new site; make a key for it to let it report."""
    return sites.register_site(actor, body, now())


@api.post("/sites/bulk", needs=P.SITE_EDIT, takes=BulkInput, gives=BulkSchema())
def change_sites(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """One operation on many sites, all or nothing; `dry_run` tells what would change."""
    return bulk.change_sites(actor, body, now())


@api.get(SITE, needs=P.SITE_READ, finds=queries.get_site, gives=SiteSchema())
def show_site(actor: Actor, found: Site) -> Site:
    """One site."""
    return found


@api.change(SITE, needs=P.SITE_EDIT, finds=queries.get_site, takes=SitePatch, gives=SiteSchema())
def change_site(actor: Actor, found: Site, body: dict[str, Any]) -> Site:
    """Changes a site."""
    return sites.change_site(actor, found, body, now())


@api.delete(SITE, needs=P.SITE_DELETE, finds=queries.get_site, gives=SiteSchema())
def delete_site(actor: Actor, found: Site) -> Site:
    """Deletes a site; its history stays and it can be restored."""
    return sites.delete_site(actor, found, now())


@api.post(f"{SITE}/restore", needs=P.SITE_DELETE, gives=SiteSchema())
def restore_site(actor: Actor, site_id: UUID) -> Site:
    """Brings a deleted site back."""
    return sites.restore_site(actor, site_id, now())


@api.get("/organizations/<uuid:organization_id>/sites", needs=P.SITE_READ, finds=get_organization, query=SiteQuery,
         gives=SiteSchema(), lists=True)
def list_organization_sites(actor: Actor, found: Organization, query: dict[str, Any]) -> Listing:
    """The sites of an organization."""
    return queries.find_sites(actor, {**query, "organization_id": found.id})


@api.get(f"{SITE}/modules", needs=P.SITE_READ, finds=queries.get_site, query=InstalledQuery, gives=InstalledSchema(), lists=True)
def list_installed(actor: Actor, found: Site, query: dict[str, Any]) -> Listing:
    """What is installed on a site, now or `as_of` a moment."""
    return queries.find_installed(actor, found, query)


@api.get(f"{SITE}/history", needs=P.SITE_READ, finds=queries.get_site, query=ChangeQuery, gives=ChangeSchema(), lists=True)
def list_changes(actor: Actor, found: Site, query: dict[str, Any]) -> Listing:
    """Each step of each version on a site, newest first."""
    return queries.find_changes(actor, found, query)


@api.get(f"{SITE}/inventory-reports", needs=P.INVENTORY_READ, finds=queries.get_site, query=ReceivedQuery, gives=ReceivedSchema(),
         lists=True)
def list_received(actor: Actor, found: Site, query: dict[str, Any]) -> Listing:
    """What a site has sent, refused reports included."""
    return queries.find_received(actor, found, query)


@api.get("/modules", needs=P.MODULE_READ, query=ModuleQuery, gives=ModuleSchema(), lists=True)
def list_modules(actor: Actor, query: dict[str, Any]) -> Listing:
    """The modules that your sites run."""
    return queries.find_modules(actor, query)


@api.get("/modules/<uuid:module_id>", needs=P.MODULE_READ, finds=queries.get_module, gives=OneModuleSchema())
def show_module(actor: Actor, found: Any) -> Any:
    """One module."""
    return found


@api.get("/modules/<uuid:module_id>/versions", needs=P.MODULE_READ, finds=queries.get_module, query=ModuleVersionQuery,
         gives=ModuleVersionSchema(), lists=True)
def list_module_versions(actor: Actor, found: Any, query: dict[str, Any]) -> Listing:
    """The versions of a module."""
    return queries.find_module_versions(actor, found, query)


@api.get("/modules/<uuid:module_id>/sites", needs=P.MODULE_READ, finds=queries.get_module, query=ModuleSiteQuery,
         gives=ModuleSiteSchema(), lists=True)
def list_module_sites(actor: Actor, found: Any, query: dict[str, Any]) -> Listing:
    """The sites that run a module, by version."""
    return queries.find_module_sites(actor, found, query)


@api.get("/ends", needs=P.MODULE_READ, query=EndsQuery, gives=EndsSchema())
def show_ends(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """What gets no more updates within a year, or none already."""
    marked = queries.count_marked(actor, query)
    return {"core": queries.find_core_ends(actor, query, now().date()), "modules_count": queries.find_module_ends(actor, query).count(),
            "sites_marked_unsupported": marked["unsupported"], "sites_marked_deprecated": marked["deprecated"]}


@api.get("/ends/modules", needs=P.MODULE_READ, query=ModuleEndQuery, gives=ModuleEndSchema(), lists=True)
def list_module_ends(actor: Actor, query: dict[str, Any]) -> Listing:
    """Branches of modules that are not supported any more, by Drupal's verdict; those on most sites first."""
    return queries.find_module_ends(actor, query)
