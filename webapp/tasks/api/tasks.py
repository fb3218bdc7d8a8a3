"""`/api/v1/tasks`: the list, its search, and one task."""

from __future__ import annotations

from typing import Any

from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.kit.web.resources import Resource, open_doors
from webapp.tasks.actions import tasks
from webapp.tasks.api.door import P, api
from webapp.tasks.queries.tasks import find_tasks, get_task
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


open_doors(api, TASKS)
