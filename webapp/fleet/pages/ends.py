"""`/ends`: what will get no more updates, and when."""

from __future__ import annotations

from typing import Any

from flask import Response

from webapp.fleet import queries
from webapp.fleet.pages.door import pages
from webapp.fleet.schemas import ModuleEndQuery
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.pages import ListView, is_fragment, page, within


@pages.get("/ends", needs=Permission.MODULE_READ, query=ModuleEndQuery)
def show_ends(actor: Actor, query: dict[str, Any]) -> Response:
    """What of ours gets no more updates, or soon none?"""
    at, asked = now(), within(actor, query)
    listing = ListView(queries.find_module_ends(actor, asked), asked, "/api/v1/ends/modules")
    beside = {} if is_fragment() else {"core": queries.find_core_ends(actor, within(actor, {}), at.date()),
                                       "marked": queries.count_marked(actor, within(actor, {}))}
    return page("fleet/ends.html", block="results", listing=listing, now=at, **beside)
