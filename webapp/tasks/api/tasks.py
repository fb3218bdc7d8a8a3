"""`/api/v1/tasks`: the list, its search, and one task."""

from __future__ import annotations

from typing import Any

from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.kit.web.resources import Resource, open_doors
from webapp.tasks.actions import tasks
from webapp.tasks.actions.bulk import change_tasks
from webapp.tasks.actions.making import make_tasks
from webapp.tasks.api.door import P, api
from webapp.tasks.queries.tasks import find_tasks, get_task
from webapp.tasks.schemas.bulk import TaskBulkInput, TaskBulkSchema
from webapp.tasks.schemas.making import MadeTasksSchema, MakeTasksInput
from webapp.tasks.schemas.tasks import TaskInput, TaskPatch, TaskQuery, TaskSchema

TASKS = Resource(
    path="/tasks", one="task", many="tasks", reads=P.TASK_READ, manages=P.TASK_EDIT, query=TaskQuery, takes=TaskInput, patch=TaskPatch,
    gives=TaskSchema(), find=find_tasks, get=get_task, create=tasks.create_task, change=tasks.change_task, delete=tasks.delete_task,
    restore=tasks.restore_task,
    says={"list": "Your own tasks and those of your organizations, by what to do first.",
          "create": "A new task: its site's organization's, that of the one it names, or your own.",
          "change": "Changes a task, also whether it is done."})


@api.get("/tasks/search", needs=P.TASK_READ, query=TaskQuery, gives=TaskSchema(), lists=True)
def search_tasks(actor: Actor, query: dict[str, Any]) -> Listing:
    """Tasks that have each word of `q`, or whose site, advisory or tags have it; all filters of the list hold here too."""
    return find_tasks(actor, query)


@api.post("/tasks/bulk", needs=P.TASK_EDIT, takes=TaskBulkInput, gives=TaskBulkSchema())
def change_many_tasks(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """One operation on many tasks, all or nothing; a dry run only tells what would change."""
    return change_tasks(actor, body, now())


@api.post("/tasks/from-advisory", needs=P.TASK_EDIT, takes=MakeTasksInput, gives=MadeTasksSchema())
def make_tasks_of_advisory(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Tasks for the sites that stand open to an advisory, where there are none yet; a dry run only tells which."""
    return make_tasks(actor, body, now())


open_doors(api, TASKS)
