"""News from providers: what an event is given, how it says that it is none of ours, and which events there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from webapp.insights.values.payloads import Payload
from webapp.insights.values.words import Provider
from webapp.kit.permissions import Actor


class Ignored(Exception):
    """An event that is understood and says nothing that is kept here; the message says why."""


@dataclass(frozen=True, slots=True)
class News:
    """One delivery, as its event reads it. `received_at` is when it came, `at` when it is read; `actor` is its endpoint."""

    actor: Actor
    organization_id: UUID
    provider: Provider
    payload: Payload
    received_at: datetime
    at: datetime


Event = Callable[[News], str]
EVENTS: dict[tuple[Provider, str], Event] = {}


def reads(provider: Provider, *names: str) -> Callable[[Event], Event]:
    """Registers a function for these events, by the name in `X-GitHub-Event`, or in `X-Gitlab-Event` (`Push Hook` is `push`)."""

    def register(event: Event) -> Event:
        for name in names:
            if (provider, name) in EVENTS:
                raise ValueError(f"Two events are named {name}.")
            EVENTS[provider, name] = event
        return event

    return register
