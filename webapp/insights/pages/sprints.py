"""`/sprints`: what teams have planned, what they committed to, and what they got done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.fleet.pages.words import teams_to_choose
from webapp.insights.actions import sprints
from webapp.insights.pages.doors import pages
from webapp.insights.pages.words import options
from webapp.insights.queries.planning import find_sprints, get_sprint
from webapp.insights.schemas.planning import SprintInput, SprintQuery
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, page, within

P = Permission
SPRINT = "/sprints/<uuid:sprint_id>"
LIST = "insights_pages.list_sprints"


@pages.get("/sprints", needs=P.INSIGHT_READ, query=SprintQuery)
def list_sprints(actor: Actor, query: dict[str, Any]) -> Response:
    """What did we commit to, and what did we get done?"""
    asked = within(actor, query)
    listing = ListView(find_sprints(actor, asked), asked, "/api/v1/sprints")
    place = asked.get("organization_id")
    return page("insights/sprints.html", block="content", listing=listing, teams=teams_to_choose(actor, place), options=options,
                may_tell=actor.may(P.INSIGHT_POST, place))


@pages.get("/sprints/new", needs=P.INSIGHT_POST)
def new_sprint(actor: Actor, form: Form | None = None) -> Response:
    """A form for a sprint."""
    return page("insights/sprint_form.html", form=form or Form(), teams=teams_to_choose(actor, chosen_organization(actor)), found=None)


@pages.post("/sprints/new", needs=P.INSIGHT_POST, takes=SprintInput, again=new_sprint)
def create_sprint(actor: Actor, body: dict[str, Any]) -> Response:
    """Makes it."""
    made, _ = sprints.record_sprints(actor, [body], now())
    return go(LIST, say=f"{made[0].name} is planned. Start it when it begins: that freezes what it commits to.")


@pages.get(f"{SPRINT}/edit", needs=P.INSIGHT_POST)
def edit_sprint(actor: Actor, sprint_id: UUID, form: Form | None = None) -> Response:
    """A form for what can be changed of a sprint."""
    found = get_sprint(actor, sprint_id)
    actor.require(P.INSIGHT_POST, found.organization_id)
    return page("insights/sprint_form.html", form=form or Form(), teams=[], found=found)


@pages.post(f"{SPRINT}/edit", needs=P.INSIGHT_POST, takes=SprintInput, again=edit_sprint)
def change_sprint(actor: Actor, sprint_id: UUID, body: dict[str, Any]) -> Response:
    """Saves what was changed."""
    changed = sprints.change_sprint(actor, get_sprint(actor, sprint_id, lock=True), body, now())
    return go(LIST, say=f"{changed.name} is saved.")


@pages.post(f"{SPRINT}/start", needs=P.INSIGHT_POST)
def start_sprint(actor: Actor, sprint_id: UUID) -> Response:
    """Begins it: what is planned now is what it commits to."""
    begun = sprints.start_sprint(actor, get_sprint(actor, sprint_id, lock=True), {}, now())
    return go(LIST, say=f"{begun.name} has begun. What it commits to is frozen.")


@pages.post(f"{SPRINT}/close", needs=P.INSIGHT_POST)
def close_sprint(actor: Actor, sprint_id: UUID) -> Response:
    """Closes it: what is done now is what it has achieved."""
    done = sprints.close_sprint(actor, get_sprint(actor, sprint_id, lock=True), {}, now())
    return go(LIST, say=f"{done.name} is closed. What was done in it is frozen.")
