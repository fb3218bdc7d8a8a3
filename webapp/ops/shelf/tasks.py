"""Tasks, by what is to be done or said of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func

from webapp.accounts.models import Organization
from webapp.fleet.models import Site
from webapp.kit.permissions import Actor
from webapp.ops.queries.search import hits
from webapp.ops.shelf import register
from webapp.ops.values import Kind, Words
from webapp.tasks.models import Task
from webapp.tasks.policy import visible_tasks


def find(actor: Actor, words: Words) -> Select[Any]:
    statement = visible_tasks(actor).outerjoin(Site, Site.id == Task.site_id)
    statement = statement.outerjoin(Organization, Organization.id == Task.organization_id)
    whose = func.coalesce(Site.name, Organization.name, "Yours alone")
    return hits(statement, words, kind="task", key=Task.id, page="/tasks", title=Task.title, also=[Task.description], subtitle=whose)


register(Kind("task", "Task", "Tasks", "list-check", find))
