"""Pages of patch runs: across the fleet, of one site, one run with its proof, and recording one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.fleet.models import Site
from webapp.fleet.pages.frame import Tab, add_tab, frame
from webapp.fleet.pages.words import teams_to_choose
from webapp.fleet.queries import find_installed, get_site
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, go, page, within
from webapp.patching import queries
from webapp.patching.actions import record_run
from webapp.patching.pages.forms import RunForm
from webapp.patching.schemas import RunQuery

P = Permission
SITE = "/sites/<uuid:site_id>/patch-runs"
MOST_OFFERED = 100

pages = Doors("patching_pages", __name__, is_page=True)


def find_site_runs(actor: Actor, site: Site, asked: dict[str, Any]) -> Listing:
    """The runs of one site, as its tab counts and shows them."""
    return queries.find_runs(actor, asked, site)


add_tab(Tab(3, "Patch runs", "/patch-runs", find_site_runs))


@pages.get("/patch-runs", needs=P.PATCH_RUN_READ, query=RunQuery)
def list_runs(actor: Actor, query: dict[str, Any]) -> Response:
    """What was done, and did it hold?"""
    asked = within(actor, query)
    listing = ListView(queries.find_runs(actor, asked), asked, "/api/v1/patch-runs")
    return page("patching/runs.html", block="results", listing=listing, teams=teams_to_choose(actor, asked.get("organization_id")))


@pages.get("/patch-runs/<uuid:run_id>", needs=P.PATCH_RUN_READ)
def show_run(actor: Actor, run_id: UUID) -> Response:
    """One run: what it changed, who says so, and what proves it."""
    run = queries.get_run(actor, run_id)
    return page("patching/run.html", run=run, site=get_site(actor, run.site_id))


@pages.get(SITE, needs=P.PATCH_RUN_READ, query=RunQuery)
def list_site_runs(actor: Actor, site_id: UUID, query: dict[str, Any]) -> Response:
    """What was done to this site?"""
    site = get_site(actor, site_id)
    listing = ListView(queries.find_runs(actor, query, site), query, f"/api/v1/sites/{site.id}/patch-run")
    return page("patching/site_runs.html", block="results", listing=listing, **frame(actor, site, "/patch-runs", now()))


@pages.get(f"{SITE}/new", needs=P.PATCH_RUN_RECORD)
def new_run(actor: Actor, site_id: UUID, form: Form | None = None) -> Response:
    """A form for what was just done; the updates that wait are offered."""
    site = get_site(actor, site_id)
    actor.require(P.PATCH_RUN_RECORD, site.organization_id)
    waiting = find_installed(actor, site, {"needs": "any"})
    offered = [row for row in waiting.fetch(waiting.ordered().limit(MOST_OFFERED)) if row.version]
    return page("patching/run_new.html", site=site, form=form or Form(), offered=offered)


@pages.post(f"{SITE}/new", needs=P.PATCH_RUN_RECORD, takes=RunForm, again=new_run)
def post_run(actor: Actor, site_id: UUID, body: dict[str, Any]) -> Response:
    """Records the run: claimed, until a report of the site bears it out."""
    run = record_run(actor, get_site(actor, site_id, lock=True), body, now())
    proven = run.evidence == "proven"
    say = "Recorded and proven: a report shows it." if proven else "Recorded. It is claimed until a report shows it."
    return go("patching_pages.show_run", run_id=run.id, say=say)
