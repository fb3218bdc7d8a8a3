"""What stands around a list of tasks: saved views with their counts, the parts of the list, and what the words are."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import Any

from flask import request

from webapp.fleet.queries import count_lists
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.kit.web.pages import ListView, chosen_organization
from webapp.tasks.models import Task
from webapp.tasks.policy import may_edit
from webapp.tasks.queries.tasks import find_tasks
from webapp.tasks.schemas.tasks import TaskQuery
from webapp.tasks.values import Priority, Status, day_words, group_of, is_open

TWIN = "/api/v1/tasks"
MINE = "mine=true&open=true"
VIEWS = (("Mine", MINE), ("All open", "open=true"), ("Late", "overdue=true"), ("Nobody's", "open=true&assigned=false&personal=false"),
         ("Done", "status=completed&sort=-completed_at"), ("All", ""))
"""The saved views that everybody has: their words and their address."""
STATUSES = {Status.PENDING: ("queued", "To do"), Status.IN_PROGRESS: ("running", "In progress"), Status.COMPLETED: ("done", "Done"),
            Status.CANCELLED: ("cancelled", "Cancelled")}
"""The mark of each status (as jobs have them) and its word."""
PRIORITIES = {each.value: each.capitalize() for each in reversed(Priority)}
FILTERS = ("status", "priority", "assignee_id", "assigned", "open", "overdue", "mine", "personal", "dated", "site_id", "advisory_id",
           "advisory", "module_id", "module", "rule_id", "tag", "tags", "from", "to", "due_date", "closed_by", "organization_id",
           "include_deleted", "q")


class TaskList(ListView):
    """A page of tasks. Under a chosen organization one's own are there too, in the export as in the list."""

    def __init__(self, listing: Listing, asked: dict[str, Any]) -> None:
        super().__init__(listing, asked, TWIN)
        self._place = asked.get("place")

    def export_link(self, form: str) -> str:
        whole = super().export_link(form)
        return whole if self._place is None or "place" in self.query else f"{whole}&place={self._place}"


def placed(actor: Actor, asked: dict[str, Any]) -> dict[str, Any]:
    """The query of a list, kept to the chosen organization and one's own tasks unless it names an organization itself."""
    chosen = chosen_organization(actor)
    return asked if chosen is None or "organization_id" in asked or "place" in asked else {**asked, "place": chosen}


def view_tabs(actor: Actor) -> list[dict[str, Any]]:
    """The views as tabs, with the lengths of the lists behind them."""
    lists = {label: find_tasks(actor, placed(actor, _read(address))) for label, address in VIEWS}
    counts = count_lists(lists)
    shown = "&".join(f"{name}={value}" for name, value in request.args.items() if value and name not in ("page", "per_page"))
    return [{"label": label, "href": f"/tasks?{address}" if address else "/tasks", "count": counts[label], "current": shown == address}
            for label, address in VIEWS]


def _read(address: str) -> dict[str, Any]:
    return dict(TaskQuery().load(dict(part.split("=") for part in address.split("&") if part)))


def words(actor: Actor) -> dict[str, Any]:
    """What templates of tasks call things, and what they ask about one of them."""
    today = now().date()
    return {"statuses": STATUSES, "priorities": PRIORITIES, "is_open": is_open, "may_edit": lambda task: may_edit(actor, task),
            "due_of": lambda task: day_words(task.due_date, today, is_open(task.status))}


def in_parts(listing: ListView, today: date) -> list[tuple[str, list[Task]]]:
    """The rows by when they are due, where the list is in its own order; else all of them without a word."""
    if listing.query.get("sort"):
        return [("", listing.rows)]
    return [(name, list(rows)) for name, rows in groupby(listing.rows, key=lambda task: group_of(task.status, task.due_date, today))]


def options(named: Any) -> list[dict[str, Any]]:
    """Words for a menu."""
    return [{"value": str(value), "label": label if isinstance(label, str) else label[1]} for value, label in named.items()]
