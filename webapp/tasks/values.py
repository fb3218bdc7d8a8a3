"""What a task can be: its states, its weight, and who brought it to its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

from webapp.catalog.values.severity import ORDER


class Status(StrEnum):
    """How far a task is."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Priority(StrEnum):
    """How much a task weighs."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class ClosedBy(StrEnum):
    """What brought a task to its end: somebody, a report that shows it done, or a decision that it need not be done."""

    PERSON = "person"
    EVIDENCE = "evidence"
    DECISION = "decision"


OPEN: Final = (Status.PENDING, Status.IN_PROGRESS)
PROGRESS: Final = {status.value: place for place, status in enumerate(Status)}
WEIGHT: Final = {priority.value: place for place, priority in enumerate(Priority)}
MOST_TAGS: Final = 50


def is_open(status: str) -> bool:
    """Whether somebody still has to do it."""
    return status in OPEN


def verb_of(before: str, after: str) -> str:
    """What has happened to a task that went from one status to another."""
    if before == after or (is_open(before) and is_open(after)):
        return "task.changed"
    return "task.reopened" if is_open(after) else f"task.{after}"


PRIORITY_OF: Final = {"critical": Priority.CRITICAL, "high": Priority.HIGH, "moderate": Priority.MEDIUM, "low": Priority.LOW}


def priority_of(severity: str) -> str:
    """What the severity of an advisory weighs as a task; one that is not judged yet weighs as a high one."""
    return PRIORITY_OF.get(severity, Priority.HIGH).value


class Due(NamedTuple):
    """A day as it is told: its words, the class that it is drawn with, and whether it has passed while there was something to do."""

    text: str
    css: str
    late: bool


def day_words(day: date, today: date, is_open: bool) -> Due:
    """A day as seen from today: "today", "tomorrow", "in 5 days", "5 d late"; of what is done, only which day it was."""
    if not is_open:
        return Due(f"{day:%-d %b %Y}", "", False)
    left = (day - today).days
    if left < 0:
        return Due(f"{-left:,} d late", "due-over", True)
    near = {0: "today", 1: "tomorrow"}
    return Due(near.get(left, f"in {left:,} days"), "due-soon" if left < 2 else "", False)


GROUPS: Final = ("Late", "Today", "Next seven days", "Later", "Without a day", "Done or cancelled")


def group_of(status: str, day: date | None, today: date) -> str:
    """The part of the list that a task stands in."""
    if not is_open(status):
        return "Done or cancelled"
    if day is None:
        return "Without a day"
    if day <= today:
        return "Late" if day < today else "Today"
    return "Next seven days" if day <= today + timedelta(days=7) else "Later"


class Assign(StrEnum):
    """Who gets what a rule makes."""

    OWNER = "owner"
    PERSON = "person"
    NOBODY = "nobody"


CRITICALITIES: Final = ("critical", "high", "normal", "low")
NOT_AFFECTED: Final = "It turned out that the site is not affected."
NOT_RUNNING: Final = "The code is there, and does not run."


class Ending(NamedTuple):
    """How what is known of a finding ends a task about it."""

    status: str
    closed_by: str
    report_id: UUID | None = None
    reason: str | None = None
    completed_at: datetime | None = None


def ending_of(finding: Any) -> Ending | None:
    """What the newest finding about a site and an advisory says of a task about them; None while it is to be done.

    `finding` has `started_at` (null: there is none), `ended_at`, `closed_report_id`, `enabled` and `decision` (the reason of the decision
    in force). Accepted risk is cancelled with its reason; what a report shows fixed is done.
    """
    if finding.started_at is None:
        return Ending(Status.CANCELLED.value, ClosedBy.EVIDENCE.value, reason=NOT_AFFECTED)
    if finding.ended_at is not None:
        return Ending(Status.COMPLETED.value, ClosedBy.EVIDENCE.value, finding.closed_report_id, completed_at=finding.ended_at)
    if finding.decision is not None:
        return Ending(Status.CANCELLED.value, ClosedBy.DECISION.value, reason=finding.decision)
    if finding.enabled is False:
        return Ending(Status.CANCELLED.value, ClosedBy.EVIDENCE.value, reason=NOT_RUNNING)
    return None


def what_follows(task: Any, finding: Any) -> dict[str, Any]:
    """What changes of a task by what is known of its finding; nothing where it says so already.

    What a person has ended stays ended until the hole comes back after it; a report that shows the same is kept beside it.
    """
    ending, by_person = ending_of(finding), task.closed_by == ClosedBy.PERSON
    if ending is None:
        came_back = task.completed_at is not None and finding.started_at > task.completed_at
        if is_open(task.status) or (by_person and not came_back):
            return {}
        return {"status": Status.PENDING.value, **dict.fromkeys(("closed_by", "report_id", "reason", "completed_at", "completed_by"))}
    if by_person:
        shown = task.status == Status.COMPLETED and ending.status == Status.COMPLETED and task.report_id != ending.report_id
        return {"report_id": ending.report_id} if shown else {}
    wanted = {**ending._asdict(), "completed_by": None}
    return {} if all(getattr(task, name) == value for name, value in wanted.items()) else wanted


def at_least(given: str, least: str | None, order: Sequence[str]) -> bool:
    """Whether a word stands at or before the least that is asked for, in an order that begins with the gravest."""
    return least is None or (given in order and order.index(given) <= order.index(least))


def asks_for(rule: Any, site: Any, severity: str) -> bool:
    """Whether a rule asks for the findings of a site by an advisory of this severity; what is not judged stands above moderate."""
    return (at_least(severity, rule.severity, [str(each) for each in ORDER])
            and at_least(site.criticality, rule.criticality, CRITICALITIES)
            and (not rule.environments or site.environment in rule.environments)
            and (not rule.tags or bool(set(rule.tags) & set(site.tags)))
            and rule.team_id in (None, site.team_id))
