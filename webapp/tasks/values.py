"""What a task can be: its states, its weight, and who brought it to its end."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


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
