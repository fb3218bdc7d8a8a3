"""Rounds of updates on a demo site: what was tried, what became of it, and what was posted about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from webapp.ops.demo.sites import Kind

OUTCOMES: Final = (("success", 85), ("failed", 4), ("rolled_back", 4), ("partial", 4), ("not true", 3))
"""How often a posted round ends how; `not true` is posted as a success that the next report does not show."""
NOTES: Final = {
    "success": ("", "", "", "Monthly maintenance.", "Checked on staging first.", "Approved by the service owner."),
    "failed": (
        "composer update stopped: a patch no longer applies.",
        "Database updates failed; nothing was deployed.",
        "The deployment ran out of disk space before it began.",
    ),
    "rolled_back": (
        "Search broke after the update. The backup was restored.",
        "The login page answered 500; back to the last release.",
    ),
    "partial": ("Some modules held back until the theme is adapted.", "Stopped half way by the end of the window."),
    "not true": ("Deployed.", ""),
}
CI_ADDRESS: Final = "https://ci.{domain}/pipelines/{number}"
Steps = dict[str, tuple[str | None, str | None, bool]]
"""By module: from which version, to which, and whether a security update was waiting."""


@dataclass(slots=True)
class Attempt:
    """One round: the steps that it really made, the run posted about it if one was, and when it will be tried again."""

    finished_at: datetime
    moved: Steps = field(default_factory=dict)
    body: dict[str, Any] | None = None
    again_at: datetime | None = None


def attempt(kind: Kind, steps: Steps, at: datetime, draw: Random, *, sure: bool) -> Attempt:
    """Makes the steps, or some of them; where `sure`, all of them and truly."""
    finished_at = at + timedelta(minutes=draw.uniform(2, 8))
    if kind.poster is None:
        return Attempt(finished_at, steps)
    names = [name for name, share in OUTCOMES for _ in range(share)]
    outcome = "success" if sure else draw.choice(names)
    if outcome == "partial" and len(steps) < 2:
        outcome = "success"
    moved = {"success": steps, "partial": dict(list(steps.items())[: len(steps) // 2])}.get(outcome, {})
    again_at = None if outcome == "success" else at + timedelta(days=draw.uniform(1, 3))
    return Attempt(finished_at, moved, _body(kind, outcome, steps, moved, (at, finished_at), draw), again_at)


def _body(kind: Kind, outcome: str, steps: Steps, moved: Steps, times: tuple[datetime, datetime], draw: Random) -> dict[str, Any]:
    """The run as it is posted (contract of POST /sites/{id}/patch-run), times as datetimes."""
    status = "success" if outcome == "not true" else outcome
    updates: list[dict[str, Any]] = []
    for name, (before, after, security) in steps.items():
        row: dict[str, Any] = {"module": name, "from_version": before, "to_version": after, "security": security}
        if status == "partial":
            row["status"] = "success" if name in moved else "skipped"
        updates.append(row)
    body = {
        "started_at": times[0],
        "finished_at": times[1],
        "status": status,
        "trigger": kind.poster,
        "updates": updates,
    }
    note = draw.choice(NOTES[outcome])
    if note:
        body["notes"] = note
    if kind.poster == "ci":
        body |= {
            "operator": "deployment pipeline",
            "commit_sha": f"{draw.getrandbits(160):040x}",
            "ci_url": CI_ADDRESS.format(domain=kind.place.domain, number=draw.randint(1000, 9999)),
        }
    elif kind.poster == "scheduled":
        body["operator"] = "nightly maintenance"
    else:
        body["operator"] = kind.place.people[1][0]
    return body
