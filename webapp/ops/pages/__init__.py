"""The first page: are we safe? And the search over everything."""

from __future__ import annotations

from flask import Response

from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors
from webapp.kit.web.pages import chosen_organization, page, within
from webapp.notify.queries.channels import count_failing
from webapp.ops.pages.overview import look_over, newest
from webapp.ops.pages.search import add_search

pages = Doors("ops_pages", __name__, is_page=True)
add_search(pages)


@pages.get("/overview", needs=Permission.SITE_READ)
def show_overview(actor: Actor) -> Response:
    """Are we safe? The answer, where, who, and what changed since yesterday."""
    several = chosen_organization(actor) is None and (actor.sees_all or len(actor.roles) > 1)
    by = "organization_id" if several else "owner_id"
    found = look_over(actor, within(actor, {}), now().replace(microsecond=0), by)
    may_add, chosen = actor.may(Permission.SITE_REGISTER), chosen_organization(actor)
    failing = count_failing(actor, chosen) if actor.may(Permission.NOTIFICATION_MANAGE, chosen) else 0
    return page("ops/overview.html", its=found, now=found.at, newest=newest, may_add=may_add, failing_channels=failing)
