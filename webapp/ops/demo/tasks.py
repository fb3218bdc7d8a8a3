"""What the demo's people have to do: tasks that a rule makes of findings, some by hand, and one that is somebody's alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select

from webapp.fleet.queries import find_sites
from webapp.kit.db import ALL, db, enter_scope, unit_of_work
from webapp.ops.demo.fleet import keeper_of
from webapp.ops.demo.places import PLACES
from webapp.tasks.actions.comments import add_comment
from webapp.tasks.actions.rules import apply_rule, create_rule
from webapp.tasks.actions.tasks import create_task
from webapp.tasks.models import TaskRule
from webapp.tasks.queries.tasks import get_task

RULE: Final = {"name": "Grave holes in production", "severity": "high", "environments": ["production"], "assign": "owner"}
BY_HAND: Final[tuple[tuple[str, int, str, str, list[str]], ...]] = (
    ("Renew the contract with the host", -2, "high", "pending", ["contract"]),
    ("Ask the editors which forms are still in use", 0, "medium", "in_progress", ["webform"]),
    ("Switch staging to PHP 8.4", 4, "medium", "pending", ["php"]),
    ("Look at what leaves support next year", 25, "low", "pending", []),
    ("Send the auditor the evidence of last quarter", -20, "high", "completed", ["audit"]),
)
"""What is to be done about a site each: title, days from today until it is due, priority, status, tags."""
OWN: Final = {"title": "Prepare the talk about patch runs", "priority": "low",
              "description": "Twenty minutes, with the figures of last year."}
SAID: Final = "Their offer came today; legal reads it until Friday."


def make_tasks(today: datetime) -> int:
    """Makes the demo's rules and tasks and tells how many rules there are; where there is one already, all stays as it is."""
    with unit_of_work(ALL):
        if db.session.scalar(select(func.count()).select_from(TaskRule)):
            return 0
        for place in PLACES:
            keeper = keeper_of(place)
            admin = keeper.people[0]
            enter_scope(ALL, str(admin.id))
            rule = create_rule(admin, {**RULE, "organization_id": keeper.organization.id}, today)
            apply_rule(admin, rule, False, today)
            _by_hand(admin, keeper.organization.id, today)
    return len(PLACES)


def _by_hand(admin: Any, organization_id: Any, today: datetime) -> None:
    listing = find_sites(admin, {"organization_id": organization_id}, today)
    sites = listing.fetch(listing.ordered(["name"]).limit(len(BY_HAND)))
    for site, (title, days, priority, status, tags) in zip(sites, BY_HAND, strict=False):
        body = {"title": title, "priority": priority, "status": status, "tags": tags, "due_date": (today + timedelta(days=days)).date(),
                "site_id": site.id, "assignee_id": admin.id}
        task = create_task(admin, body, today)
        if days == BY_HAND[0][1]:
            add_comment(admin, get_task(admin, task.id), {"text": SAID}, today)
    create_task(admin, {**OWN, "due_date": (today + timedelta(days=6)).date()}, today)
