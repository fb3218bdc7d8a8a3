"""`/task-rules`: which findings become tasks, whose they are then, and until when."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from webapp.accounts.queries import organizations_with
from webapp.accounts.queries.teams import find_teams_to_choose
from webapp.kit.clock import now
from webapp.kit.permissions import Actor
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, page, within
from webapp.tasks.actions import rules
from webapp.tasks.pages.door import P, pages
from webapp.tasks.queries.choices import find_assignees
from webapp.tasks.queries.rules import find_task_rules, get_any_task_rule, get_task_rule
from webapp.tasks.schemas.rules import SEVERITIES, ApplyRuleInput, TaskRuleInput, TaskRuleQuery
from webapp.tasks.values import CRITICALITIES, Assign

LIST = "/task-rules"
RULE = f"{LIST}/<uuid:task_rule_id>"
ONE = "tasks_pages.show_rule"
ASSIGN = {Assign.OWNER: ("The site’s owner", "Or the person below, where a site has none."),
          Assign.PERSON: ("One person", "Who is chosen below."), Assign.NOBODY: ("Nobody yet", "It is for whoever takes it.")}


@pages.get(LIST, needs=P.TASK_RULE_READ, query=TaskRuleQuery)
def list_rules(actor: Actor, query: dict[str, Any]) -> Response:
    """Which findings become tasks?"""
    asked = within(actor, query)
    return page("tasks/rules.html", block="content", listing=ListView(find_task_rules(actor, asked), asked, f"/api/v1{LIST}"),
                place=asked.get("organization_id"), assign=_menu(ASSIGN))


@pages.get(f"{LIST}/new", needs=P.TASK_RULE_MANAGE)
def new_rule(actor: Actor, form: Form | None = None) -> Response:
    """A form for a new rule."""
    return _form(actor, form or Form(), None)


@pages.post(f"{LIST}/new", needs=P.TASK_RULE_MANAGE, takes=TaskRuleInput, again=new_rule)
def create_rule(actor: Actor, body: dict[str, Any]) -> Response:
    """Makes the rule."""
    made = rules.create_rule(actor, body, now())
    return go(ONE, say=f"{made.name} is made. It works on findings that open from now on.", task_rule_id=made.id)


@pages.get(RULE, needs=P.TASK_RULE_READ)
def show_rule(actor: Actor, task_rule_id: UUID, told: dict[str, Any] | None = None, form: Form | None = None) -> Response:
    """One rule; `told` is what it would make of what stands open already."""
    found = get_any_task_rule(actor, task_rule_id)
    return page("tasks/rule.html", found=found, told=told, form=form or Form(), assign=ASSIGN, now=now(),
                may_manage=actor.may(P.TASK_RULE_MANAGE, found.organization_id))


@pages.get(f"{RULE}/edit", needs=P.TASK_RULE_MANAGE)
def edit_rule(actor: Actor, task_rule_id: UUID, form: Form | None = None) -> Response:
    """A form for what can be changed of a rule."""
    found = get_task_rule(actor, task_rule_id)
    actor.require(P.TASK_RULE_MANAGE, found.organization_id)
    return _form(actor, form or Form(), found)


@pages.post(f"{RULE}/edit", needs=P.TASK_RULE_MANAGE, takes=TaskRuleInput, again=edit_rule)
def change_rule(actor: Actor, task_rule_id: UUID, body: dict[str, Any]) -> Response:
    """Saves what was changed."""
    rules.change_rule(actor, get_task_rule(actor, task_rule_id, lock=True), body, now())
    return go(ONE, say="Saved.", task_rule_id=task_rule_id)


@pages.post(f"{RULE}/apply", needs=P.TASK_RULE_MANAGE, takes=ApplyRuleInput, again=show_rule)
def apply_rule(actor: Actor, task_rule_id: UUID, body: dict[str, Any]) -> Response:
    """Lets a rule work through what stands open already; a dry run comes back with what it would make."""
    done = rules.apply_rule(actor, get_task_rule(actor, task_rule_id, lock=True), body["dry_run"], now())
    if body["dry_run"]:
        return show_rule.call(actor, task_rule_id, told=done)
    return go(ONE, say=f"{done['made']:,} {'task' if done['made'] == 1 else 'tasks'} made.", task_rule_id=task_rule_id)


@pages.post(f"{RULE}/delete", needs=P.TASK_RULE_MANAGE)
def delete_rule(actor: Actor, task_rule_id: UUID) -> Response:
    """Deletes a rule: it makes nothing any more."""
    found = rules.delete_rule(actor, get_task_rule(actor, task_rule_id, lock=True), now())
    return go("tasks_pages.list_rules", say=f"{found.name} is deleted. It can be restored from the deleted rules.")


@pages.post(f"{RULE}/restore", needs=P.TASK_RULE_MANAGE)
def restore_rule(actor: Actor, task_rule_id: UUID) -> Response:
    """Brings a deleted rule back."""
    found = rules.restore_rule(actor, task_rule_id, now())
    return go(ONE, say=f"{found.name} is back.", task_rule_id=found.id)


def _form(actor: Actor, form: Form, found: Any) -> Response:
    places = organizations_with(actor, P.TASK_RULE_MANAGE)
    place = found.organization_id if found else request.form.get("organization_id") or chosen_organization(actor)
    place = UUID(str(place)) if place else None
    own = [place] if place else [each.id for each in places]
    return page("tasks/rule_form.html", form=form, found=found, places=places, chosen=place, people=find_assignees(actor, place),
                teams=[{"value": each.id, "label": each.name} for each in find_teams_to_choose(actor, own)], assign=_menu(ASSIGN),
                severities=[{"value": each, "label": "Critical alone" if each == "critical" else f"{each.capitalize()} and above"}
                            for each in SEVERITIES],
                criticalities=[{"value": each, "label": "Critical alone" if each == "critical" else f"{each.capitalize()} and above"}
                               for each in CRITICALITIES],
                environments=[{"value": each, "label": each.capitalize()} for each in ("production", "staging", "development")])


def _menu(named: dict[Assign, tuple[str, str]]) -> list[dict[str, str]]:
    return [{"value": value.value, "label": label, "hint": hint} for value, (label, hint) in named.items()]
