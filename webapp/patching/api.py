"""`/api/v1`: patch runs of a site, and across the fleet."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webapp.fleet.models import Site
from webapp.fleet.queries import get_site
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors
from webapp.patching import queries
from webapp.patching.actions import record_run
from webapp.patching.models import PatchRun
from webapp.patching.schemas import RunInput, RunQuery, RunSchema

P = Permission
api = Doors("patching", __name__, tag="Patch runs")


@api.post("/sites/<uuid:site_id>/patch-run", needs=P.PATCH_RUN_RECORD, takes=RunInput, gives=RunSchema(), status=201,
          at="/patch-runs/{id}")
def post_run(actor: Actor, site_id: UUID, body: dict[str, Any]) -> PatchRun:
    """A patch run on this site: claimed, until a report of the site from its end on bears it out."""
    return record_run(actor, get_site(actor, site_id, lock=True), body, now())


@api.get("/sites/<uuid:site_id>/patch-run", needs=P.PATCH_RUN_READ, finds=get_site, query=RunQuery, gives=RunSchema(),
         lists=True)
def list_site_runs(actor: Actor, found: Site, query: dict[str, Any]) -> Listing:
    """The patch runs of this site, newest first."""
    return queries.find_runs(actor, query, found)


@api.get("/patch-runs", needs=P.PATCH_RUN_READ, query=RunQuery, gives=RunSchema(), lists=True)
def list_runs(actor: Actor, query: dict[str, Any]) -> Listing:
    """The patch runs of your sites, newest first."""
    return queries.find_runs(actor, query)


@api.get("/patch-runs/<uuid:run_id>", needs=P.PATCH_RUN_READ, finds=queries.get_run, gives=RunSchema())
def show_run(actor: Actor, found: PatchRun) -> PatchRun:
    """One patch run with its modules, and whether a report bears it out."""
    return found
