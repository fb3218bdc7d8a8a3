"""Many sites at once: choose in the list, see what will happen, do it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import pre_load

from webapp.accounts.queries import find_teams_to_choose
from webapp.fleet import queries
from webapp.fleet.actions import bulk
from webapp.fleet.pages.door import pages
from webapp.fleet.pages.words import plain, team_choices
from webapp.fleet.schemas import BulkInput
from webapp.kit.clock import now
from webapp.kit.errors import Invalid
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import go, page

P = Permission
VERBS = {"tag": "Tag", "untag": "Take a tag from", "assign_team": "Assign a team to", "assign_owner": "Assign an owner to",
         "set_criticality": "Set the criticality of", "delete": "Delete"}
NOBODY = "none"
"""What the form sends to take an owner or a team away; an empty choice is no choice."""
REFERENCES = ("owner_id", "team_id")


class BulkForm(BulkInput):
    """The body of a bulk change as a form gives it: a field that was left empty was not given."""

    @pre_load
    def drop_empty(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        given = {name: value for name, value in data.items() if value or name == "dry_run"}
        return {name: None if name in REFERENCES and value == NOBODY else value for name, value in given.items()}


@pages.post("/sites/bulk", needs=P.SITE_EDIT)
def prepare_bulk(actor: Actor, form: Form | None = None, told: dict[str, Any] | None = None) -> Response:
    """What is to be done to the chosen sites, and what it takes; `told` is what a dry run says of it."""
    operation, chosen = request.form.get("operation", ""), chosen_sites(actor)
    if operation not in VERBS or not chosen:
        return go("fleet_pages.list_sites", say="Choose sites first, then what to do with them.")
    places = {site.organization_id for site in chosen}
    owners = queries.find_possible_owners(actor, list(places)) if operation == "assign_owner" else []
    teams = team_choices(find_teams_to_choose(actor, list(places))) if operation == "assign_team" and len(places) == 1 else []
    return page("fleet/sites_bulk.html", operation=operation, verb=f"{VERBS[operation]} {counted(len(chosen))}", sites=chosen,
                form=form or Form(), owners=owners, teams=teams, several=len(places) > 1, criticalities=plain("criticality"), told=told,
                nobody=NOBODY)


@pages.post("/sites/bulk/apply", needs=P.SITE_EDIT, takes=BulkForm, again=prepare_bulk)
def apply_bulk(actor: Actor, body: dict[str, Any]) -> Response:
    """Does it: to all of them or to none. A dry run comes back to the form with what would change."""
    done = bulk.change_sites(actor, body, now())
    if body["dry_run"]:
        typed = {name: each if len(each) > 1 else each[0] for name, each in request.form.lists() if name != "csrf_token"}
        return prepare_bulk.call(actor, form=Form(typed), told=done)
    same = done["matched"] - done["changed"]
    say = f"{counted(done['changed'])} changed" + (f", {same} had it already." if same else ".")
    return go("fleet_pages.list_sites", say="Nothing to change: it is so already." if not done["changed"] else say)


def chosen_sites(actor: Actor) -> list[Any]:
    """The sites that were checked, as far as the actor sees them."""
    try:
        ids = [UUID(text) for text in request.form.getlist("ids")]
    except ValueError:
        raise Invalid("These are no sites.") from None
    return queries.find_some_sites(actor, ids)


def counted(number: int) -> str:
    """A number of sites in words."""
    return f"{number:,} {'site' if number == 1 else 'sites'}"
