"""The files of one site."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.files.pages import in_rows
from webapp.files.queries import find_uploads
from webapp.files.schemas import UploadQuery
from webapp.fleet import queries
from webapp.fleet.models import Site
from webapp.fleet.pages.door import SITE, pages
from webapp.fleet.pages.frame import Tab, add_tab, frame
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.pages import ListView, page

P = Permission


def of_site(actor: Actor, site: Site, query: dict[str, Any]) -> Listing:
    """The uploads of a site."""
    return find_uploads(actor, {**query, "site_id": site.id})


@pages.get(f"{SITE}/uploads", needs=P.UPLOAD_READ, query=UploadQuery)
def show_uploads(actor: Actor, site_id: UUID, query: dict[str, Any]) -> Response:
    """What files are there about it?"""
    site = queries.get_site(actor, site_id)
    listing = ListView(of_site(actor, site, query), query)
    may_upload = actor.may(P.UPLOAD_MAKE, site.organization_id)
    return page("fleet/site_uploads.html", block="results", may_upload=may_upload,
                **(in_rows(listing) | frame(actor, site, "/uploads", now())))


add_tab(Tab(5, "Uploads", "/uploads", of_site))
