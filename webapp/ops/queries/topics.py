"""What one can listen to: `site:{id}`, `org:{id}`, `report:{id}` and `fleet`, each within what the actor may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from webapp.accounts.queries import get_organization
from webapp.fleet.queries import get_site
from webapp.kit.errors import Invalid
from webapp.kit.permissions import Actor, Permission
from webapp.reports.queries import get_report

FLEET = "fleet"
KINDS: dict[str, tuple[Permission, Callable[[Actor, UUID], Any]]] = {
    "site": (Permission.SITE_READ, get_site), "org": (Permission.SITE_READ, get_organization),
    "report": (Permission.REPORT_READ, get_report)}


def require_topic(actor: Actor, topic: str) -> None:
    """Raises unless the actor may listen to it: NotFound for what they do not see, Invalid for what is no topic."""
    if topic == FLEET:
        actor.require(Permission.SITE_READ)
        return
    kind, _, text = topic.partition(":")
    if kind not in KINDS:
        raise Invalid.at("topics", "Not a topic. There are site:{id}, org:{id}, report:{id} and fleet.")
    try:
        wanted = UUID(text)
    except ValueError:
        raise Invalid.at("topics", "Not a topic: the part after the colon is an id.") from None
    permission, find = KINDS[kind]
    actor.require(permission)
    find(actor, wanted)
