"""The tasks of one site, among its pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.fleet.models import Site
from webapp.fleet.pages.frame import Tab, add_tab, frame
from webapp.fleet.queries import get_site
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.kit.web.pages import page
from webapp.tasks.pages.door import P, pages
from webapp.tasks.pages.lists import FILTERS, PRIORITIES, TaskList, in_parts, options, words
from webapp.tasks.queries.tasks import find_tasks
from webapp.tasks.schemas.tasks import TaskQuery


def find_site_tasks(actor: Actor, site: Site, asked: dict[str, Any]) -> Listing:
    """What is to be done about one site, as its tab counts and shows it unless something else is asked for."""
    return find_tasks(actor, {**({} if {"status", "open"} & set(asked) else {"open": True}), **asked, "site_id": site.id})


add_tab(Tab(3, "Tasks", "/tasks", find_site_tasks))


@pages.get("/sites/<uuid:site_id>/tasks", needs=P.TASK_READ, query=TaskQuery)
def list_site_tasks(actor: Actor, site_id: UUID, query: dict[str, Any]) -> Response:
    """What is to be done about this site?"""
    site, at = get_site(actor, site_id), now()
    listing = TaskList(find_site_tasks(actor, site, query), query)
    return page("tasks/site_tasks.html", block="results", listing=listing, parts=in_parts(listing, at.date()), filters=FILTERS,
                priority_choices=options(PRIORITIES),
                may_add=actor.may(P.TASK_EDIT, site.organization_id), **words(actor), **frame(actor, site, "/tasks", at))
