"""Events of security in the log, each a line of its own (`"event": "security"`), and counted by name.

Nearly all come from the audit log (`record`), so that a new action under one of these prefixes is told without being
thought of. Names come from the code alone: what callers send is never part of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from webapp.kit import metrics
from webapp.kit.logs import log
from webapp.kit.permissions import Actor

PREFIXES = ("api_key.", "member.", "password.", "permission.", "sign_in.", "two_factor.")
NAMES = frozenset({"upload.infected", "user.password_changed", "user.password_renewed", "user.password_reset", "user.restored",
                   "user.resumed", "user.suspended", "user.unsuspended", "user.deleted"})
EVERYDAY = frozenset({"sign_in.renewed"})
"""Happens every half hour for each person, and says nothing that the sign-in has not said."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened (`sign_in.failed`), how it ended, and to what; never a secret, never free text of a caller."""

    name: str
    outcome: str = "success"
    resource_type: str | None = None
    resource_id: UUID | None = None
    organization_id: UUID | None = None


def is_event(action: str) -> bool:
    """Whether an action of the audit log is an event of security too."""
    return (action.startswith(PREFIXES) or action in NAMES) and action not in EVERYDAY


def tell(actor: Actor, event: Event) -> None:
    """Writes the event into the log and counts it. The ids of the request are bound to the log already."""
    metrics.SECURITY.labels(event.name, event.outcome).inc()
    told = {"resource_type": event.resource_type, "resource_id": event.resource_id, "organization_id": event.organization_id,
            "actor_id": actor.id, "user_agent": actor.origin.user_agent}
    kept = {name: value if isinstance(value, str) else str(value) for name, value in told.items() if value is not None}
    write = log().info if event.outcome == "success" else log().warning
    write("security", name=event.name, outcome=event.outcome, actor=actor.label, actor_kind=actor.kind, ip=actor.origin.ip, **kept)
