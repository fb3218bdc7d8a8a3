"""The list of tasks, one of them, and everything that is done to one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from webapp.kit.clock import now
from webapp.kit.permissions import Actor
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import chosen_organization, go, go_to, is_fragment, page, safe_next, toast
from webapp.tasks.actions import comments, tasks
from webapp.tasks.pages.door import P, pages
from webapp.tasks.pages.lists import FILTERS, PRIORITIES, STATUSES, TaskList, in_parts, options, placed, view_tabs, words
from webapp.tasks.policy import may_edit
from webapp.tasks.queries.choices import find_assignees, find_places, find_sites_to_choose
from webapp.tasks.queries.comments import find_comments, find_events, get_comment
from webapp.tasks.queries.tasks import find_tasks, get_any_task, get_task
from webapp.tasks.schemas.comments import CommentInput
from webapp.tasks.schemas.tasks import TaskInput, TaskQuery
from webapp.tasks.values import Status

ONE = "tasks_pages.show_task"
TASK = "/tasks/<uuid:task_id>"
VERBS = {"complete": (Status.COMPLETED, "is done"), "reopen": (Status.PENDING, "is to be done again"),
         "start": (Status.IN_PROGRESS, "is in progress"), "cancel": (Status.CANCELLED, "is cancelled")}
"""What one click does: the status that follows, and how it is told."""


@pages.get("/tasks", needs=P.TASK_READ, query=TaskQuery)
def list_tasks(actor: Actor, query: dict[str, Any]) -> Response:
    """What is mine today?"""
    asked, at = placed(actor, query), now()
    listing = TaskList(find_tasks(actor, asked), asked)
    return page("tasks/tasks.html", block="content", listing=listing, parts=in_parts(listing, at.date()), view_tabs=view_tabs(actor),
                filters=FILTERS, now=at, status_choices=options(STATUSES), priority_choices=options(PRIORITIES),
                assignees=find_assignees(actor, chosen_organization(actor)), **words(actor))


@pages.get("/tasks/new", needs=P.TASK_EDIT)
def new_task(actor: Actor, form: Form | None = None) -> Response:
    """A form for a new task."""
    given = {name: request.args[name] for name in ("site_id", "advisory_id", "organization_id", "title") if name in request.args}
    return _form(actor, form or Form(given), None)


@pages.post("/tasks/new", needs=P.TASK_EDIT, takes=TaskInput, again=new_task)
def create_task(actor: Actor, body: dict[str, Any]) -> Response:
    """Makes the task."""
    made = tasks.create_task(actor, body, now())
    return go(ONE, say="The task is made.", task_id=made.id)


@pages.get(TASK, needs=P.TASK_READ)
def show_task(actor: Actor, task_id: UUID, form: Form | None = None) -> Response:
    """One task: what it is about, what was said, and what happened to it."""
    task = get_any_task(actor, task_id)
    return page("tasks/task.html", task=task, form=form or Form(), now=now(), comments=find_comments(actor, task, {}).all(),
                events=find_events(task), editable=may_edit(actor, task), here=f"/tasks/{task.id}", **words(actor))


@pages.get(f"{TASK}/edit", needs=P.TASK_EDIT)
def edit_task(actor: Actor, task_id: UUID, form: Form | None = None) -> Response:
    """A form for what can be changed of a task."""
    task = get_task(actor, task_id)
    tasks.require_edit(actor, task)
    return _form(actor, form or Form(), task)


@pages.post(f"{TASK}/edit", needs=P.TASK_EDIT, takes=TaskInput, again=edit_task)
def change_task(actor: Actor, task_id: UUID, body: dict[str, Any]) -> Response:
    """Saves what was changed."""
    tasks.change_task(actor, get_task(actor, task_id, lock=True), body, now())
    return go(ONE, say="Saved.", task_id=task_id)


def _move(actor: Actor, task_id: UUID, verb: str) -> Response:
    """Takes a task on with one click: the row where htmx asks for it, else back to where the reader was."""
    status, said = VERBS[verb]
    task = tasks.change_task(actor, get_task(actor, task_id, lock=True), {"status": status.value}, now())
    if is_fragment():
        return toast(page("tasks/row.html", task=task, **words(actor)), f"{task.title} {said}.")
    return go_to(safe_next(request.form.get("next") or f"/tasks/{task.id}"), say=f"{task.title} {said}.")


@pages.post(f"{TASK}/complete", needs=P.TASK_EDIT)
def complete_task(actor: Actor, task_id: UUID) -> Response:
    """It is done."""
    return _move(actor, task_id, "complete")


@pages.post(f"{TASK}/reopen", needs=P.TASK_EDIT)
def reopen_task(actor: Actor, task_id: UUID) -> Response:
    """It is to be done again."""
    return _move(actor, task_id, "reopen")


@pages.post(f"{TASK}/start", needs=P.TASK_EDIT)
def start_task(actor: Actor, task_id: UUID) -> Response:
    """Somebody is at it."""
    return _move(actor, task_id, "start")


@pages.post(f"{TASK}/cancel", needs=P.TASK_EDIT)
def cancel_task(actor: Actor, task_id: UUID) -> Response:
    """It need not be done."""
    return _move(actor, task_id, "cancel")


@pages.post(f"{TASK}/delete", needs=P.TASK_EDIT)
def delete_task(actor: Actor, task_id: UUID) -> Response:
    """Deletes a task."""
    task = tasks.delete_task(actor, get_task(actor, task_id, lock=True), now())
    return go(ONE, say=f"{task.title} is deleted.", task_id=task.id)


@pages.post(f"{TASK}/restore", needs=P.TASK_EDIT)
def restore_task(actor: Actor, task_id: UUID) -> Response:
    """Brings a deleted task back."""
    task = tasks.restore_task(actor, task_id, now())
    return go(ONE, say=f"{task.title} is back.", task_id=task.id)


@pages.post(f"{TASK}/comments", needs=P.TASK_EDIT, takes=CommentInput, again=show_task)
def add_comment(actor: Actor, task_id: UUID, body: dict[str, Any]) -> Response:
    """Says something about a task."""
    comments.add_comment(actor, get_task(actor, task_id, lock=True), body, now())
    return go_to(f"/tasks/{task_id}#comments", say="Your comment is there.")


@pages.post(f"{TASK}/comments/<uuid:comment_id>/edit", needs=P.TASK_EDIT, takes=CommentInput, again=show_task)
def change_comment(actor: Actor, task_id: UUID, comment_id: UUID, body: dict[str, Any]) -> Response:
    """Says it in other words."""
    comments.change_comment(actor, get_comment(actor, get_task(actor, task_id), comment_id, lock=True), body, now())
    return go_to(f"/tasks/{task_id}#comments", say="Saved.")


@pages.post(f"{TASK}/comments/<uuid:comment_id>/delete", needs=P.TASK_EDIT)
def delete_comment(actor: Actor, task_id: UUID, comment_id: UUID) -> Response:
    """Takes a comment back."""
    comments.delete_comment(actor, get_comment(actor, get_task(actor, task_id), comment_id, lock=True), now())
    return go_to(f"/tasks/{task_id}#comments", say="Your comment is gone.")


def _form(actor: Actor, form: Form, task: Any) -> Response:
    chosen = task.organization_id if task else chosen_organization(actor)
    places = find_places(actor)
    return page("tasks/task_form.html", form=form, found=task, places=places, chosen=chosen, several=len(places) > 1,
                sites=find_sites_to_choose(actor, task, form.values.get("site_id")), people=find_assignees(actor, chosen),
                status_choices=options(STATUSES), priority_choices=options(PRIORITIES))
