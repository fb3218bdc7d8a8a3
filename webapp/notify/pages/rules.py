"""`/notification-rules`: who is told of what, and when."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import fields

from webapp.accounts.queries.teams import find_teams_to_choose
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, page, within
from webapp.notify.actions import rules
from webapp.notify.pages.door import pages
from webapp.notify.pages.words import DAYS, EVENTS, TIMINGS, frame, options
from webapp.notify.queries.channels import find_channels_to_choose, get_channel
from webapp.notify.queries.rules import find_rules, get_any_rule, get_rule
from webapp.notify.schemas.rules import ENVIRONMENTS, SEVERITIES, RuleInput, RuleQuery

P = Permission
LIST = "/notification-rules"
ONE = "notify_pages.show_rule"
RULE = f"{LIST}/<uuid:rule_id>"
SEVERITY_WORDS = {each: "Critical alone" if each == "critical" else f"{each.capitalize()} and above" for each in SEVERITIES}


class RuleForm(RuleInput):
    """A rule as a form gives it: its organization is that of its channel."""

    organization_id = fields.UUID()


@pages.get(LIST, needs=P.NOTIFICATION_READ, query=RuleQuery)
def list_rules(actor: Actor, query: dict[str, Any]) -> Response:
    """Who is told of what?"""
    asked = within(actor, query)
    return page("notify/rules.html", block="content", listing=ListView(find_rules(actor, asked), asked, f"/api/v1{LIST}"),
                place=asked.get("organization_id"), events=options(EVENTS), timings=options(TIMINGS),
                has_channels=bool(find_channels_to_choose(actor, asked.get("organization_id"))), **frame(LIST))


@pages.get(f"{LIST}/new", needs=P.NOTIFICATION_MANAGE)
def new_rule(actor: Actor, form: Form | None = None) -> Response:
    """A form for a new rule."""
    form = form or Form({name: request.args[name] for name in ("channel_id",) if name in request.args})
    return _form(actor, form, None, chosen_organization(actor))


@pages.post(f"{LIST}/new", needs=P.NOTIFICATION_MANAGE, takes=RuleForm, again=new_rule)
def create_rule(actor: Actor, body: dict[str, Any]) -> Response:
    """Makes the rule, in the organization of its channel."""
    made = rules.create_rule(actor, {**body, "organization_id": get_channel(actor, body["channel_id"]).organization_id}, now())
    return go(ONE, say=f"{made.name} is made. It tells of what happens from now on.", rule_id=made.id)


@pages.get(RULE, needs=P.NOTIFICATION_READ)
def show_rule(actor: Actor, rule_id: UUID) -> Response:
    """One rule, in words."""
    found = get_any_rule(actor, rule_id)
    return page("notify/rule.html", found=found, may_manage=actor.may(P.NOTIFICATION_MANAGE, found.organization_id), **frame(LIST))


@pages.get(f"{RULE}/edit", needs=P.NOTIFICATION_MANAGE)
def edit_rule(actor: Actor, rule_id: UUID, form: Form | None = None) -> Response:
    """A form for what can be changed of a rule."""
    found = get_rule(actor, rule_id)
    actor.require(P.NOTIFICATION_MANAGE, found.organization_id)
    return _form(actor, form or Form(), found, found.organization_id)


@pages.post(f"{RULE}/edit", needs=P.NOTIFICATION_MANAGE, takes=RuleForm, again=edit_rule)
def change_rule(actor: Actor, rule_id: UUID, body: dict[str, Any]) -> Response:
    """Saves what was changed."""
    changed = rules.change_rule(actor, get_rule(actor, rule_id, lock=True), body, now())
    return go(ONE, say="Saved.", rule_id=changed.id)


@pages.post(f"{RULE}/delete", needs=P.NOTIFICATION_MANAGE)
def delete_rule(actor: Actor, rule_id: UUID) -> Response:
    """Deletes a rule: nobody is told by it any more."""
    found = rules.delete_rule(actor, get_rule(actor, rule_id, lock=True), now())
    return go("notify_pages.list_rules", say=f"{found.name} is deleted. It can be restored from the deleted rules.")


@pages.post(f"{RULE}/restore", needs=P.NOTIFICATION_MANAGE)
def restore_rule(actor: Actor, rule_id: UUID) -> Response:
    """Brings a deleted rule back."""
    found = rules.restore_rule(actor, rule_id, now())
    return go(ONE, say=f"{found.name} is back.", rule_id=found.id)


def _form(actor: Actor, form: Form, found: Any, organization_id: UUID | None) -> Response:
    channels = find_channels_to_choose(actor, organization_id)
    several = len({each.organization_id for each in channels}) > 1
    teams = find_teams_to_choose(actor, list({each.organization_id for each in channels}))
    return page("notify/rule_form.html", form=form, found=found, channels=_named(channels, several), teams=_named(teams, several),
                events=options(EVENTS), timings=options(TIMINGS), severities=options(SEVERITY_WORDS),
                environments=options({each: each.capitalize() for each in ENVIRONMENTS}),
                hours=[{"value": each, "label": f"{each:02}:00"} for each in range(24)],
                days=[{"value": place, "label": day} for place, day in enumerate(DAYS, start=1)])


def _named(things: Any, several: bool) -> list[dict[str, Any]]:
    return [{"value": each.id, "label": f"{each.name}, {each.organization_name}" if several else each.name} for each in things]
