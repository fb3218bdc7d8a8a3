"""Many tasks at once: choose in the list, see what will happen, do it; and the tasks of one advisory."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import pre_load

from webapp.exposure.queries.advisories import get_advisory_alone
from webapp.kit.clock import now
from webapp.kit.errors import Invalid
from webapp.kit.permissions import Actor
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import chosen_organization, go, go_to, page
from webapp.tasks.actions.bulk import change_tasks
from webapp.tasks.actions.making import make_tasks
from webapp.tasks.pages.door import P, pages
from webapp.tasks.pages.lists import PRIORITIES, STATUSES, options
from webapp.tasks.queries.choices import find_assignees
from webapp.tasks.queries.tasks import find_some_tasks
from webapp.tasks.schemas.bulk import TaskBulkInput
from webapp.tasks.schemas.making import MakeTasksInput

VERBS = {"set_status": "Set the status of", "assign": "Give", "set_priority": "Set the priority of", "set_due_date": "Set the day of",
         "tag": "Tag", "untag": "Take a tag from", "delete": "Delete"}
NOBODY = "none"
"""What the form sends to take an assignee or a day away; an empty choice is no choice."""
CLEARED = ("assignee_id", "due_date")
PER = {"site": ("Each site", "One task for each site, given to its owner."),
       "owner": ("Each owner", "One task for each person, with all of their sites in it."),
       "team": ("Each team", "One task for each team, with all of its sites in it.")}


class TaskBulkForm(TaskBulkInput):
    """The body of a bulk change as a form gives it: a field that was left empty was not given."""

    @pre_load
    def drop_empty(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        given = {name: value for name, value in data.items() if value or name == "dry_run"}
        if given.get("operation") == "set_due_date":
            given.setdefault("due_date", NOBODY)
        return {name: None if name in CLEARED and value == NOBODY else value for name, value in given.items()}


@pages.post("/tasks/bulk", needs=P.TASK_EDIT)
def prepare_bulk(actor: Actor, form: Form | None = None, told: dict[str, Any] | None = None) -> Response:
    """What is to be done to the chosen tasks, and what it takes; `told` is what a dry run says of it."""
    operation, chosen = request.form.get("operation", ""), _chosen(actor)
    if operation not in VERBS or not chosen:
        return go("tasks_pages.list_tasks", say="Choose tasks first, then what to do with them.")
    places = {task.organization_id for task in chosen if task.organization_id}
    people = find_assignees(actor, next(iter(places)) if len(places) == 1 else None) if operation == "assign" else []
    return page("tasks/bulk.html", operation=operation, verb=f"{VERBS[operation]} {counted(len(chosen))}", tasks=chosen,
                form=form or Form(), people=people, statuses=options(STATUSES), priorities=options(PRIORITIES), told=told, nobody=NOBODY)


@pages.post("/tasks/bulk/apply", needs=P.TASK_EDIT, takes=TaskBulkForm, again=prepare_bulk)
def apply_bulk(actor: Actor, body: dict[str, Any]) -> Response:
    """Does it: to all of them or to none. A dry run comes back to the form with what would change."""
    done = change_tasks(actor, body, now())
    if body["dry_run"]:
        typed = {name: each if len(each) > 1 else each[0] for name, each in request.form.lists() if name != "csrf_token"}
        return prepare_bulk.call(actor, form=Form(typed), told=done)
    same = done["matched"] - done["changed"]
    say = f"{counted(done['changed'])} changed" + (f", {same} had it already." if same else ".")
    return go("tasks_pages.list_tasks", say="Nothing to change: it is so already." if not done["changed"] else say)


@pages.get("/tasks/from-advisory/<uuid:advisory_id>", needs=P.TASK_EDIT)
def prepare_tasks(actor: Actor, advisory_id: UUID, form: Form | None = None, told: dict[str, Any] | None = None) -> Response:
    """Which tasks an advisory makes: `told` is what a dry run says of it, and is asked for at once."""
    advisory, place = get_advisory_alone(actor, advisory_id), chosen_organization(actor)
    plain = {"advisory_id": advisory_id, "organization_id": place, "per": "site", "dry_run": True}
    return page("tasks/from_advisory.html", advisory=advisory, form=form or Form(), told=told or make_tasks(actor, plain, now()),
                per=[{"value": value, "label": label, "hint": hint} for value, (label, hint) in PER.items()],
                people=find_assignees(actor, place))


class MakeTasksForm(MakeTasksInput):
    """The form says for whom and until when; its advisory stands in the address, its organization is the chosen one."""

    class Meta:
        exclude = ("advisory_id", "organization_id")


@pages.post("/tasks/from-advisory/<uuid:advisory_id>", needs=P.TASK_EDIT, takes=MakeTasksForm, again=prepare_tasks)
def make_tasks_of_advisory(actor: Actor, advisory_id: UUID, body: dict[str, Any]) -> Response:
    """Makes them; a dry run comes back to the form with what would be made."""
    done = make_tasks(actor, {**body, "advisory_id": advisory_id, "organization_id": chosen_organization(actor)}, now())
    if body["dry_run"]:
        typed = {name: value for name, value in request.form.items() if name not in ("csrf_token", "dry_run")}
        return prepare_tasks.call(actor, advisory_id, form=Form(typed), told=done)
    say = f"{counted(done['made'])} made." if done["made"] else "Nothing to make: there are tasks for all of them."
    return go_to(f"/tasks?advisory_id={advisory_id}&open=true", say=say)


def _chosen(actor: Actor) -> list[Any]:
    """The tasks that were checked, as far as the actor sees them."""
    try:
        return find_some_tasks(actor, [UUID(text) for text in request.form.getlist("ids")])
    except ValueError:
        raise Invalid("These are no tasks.") from None


def counted(number: int) -> str:
    """A number of tasks in words."""
    return f"{number:,} {'task' if number == 1 else 'tasks'}"
