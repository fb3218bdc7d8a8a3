"""`/api/v1/developers`: who works on the repositories, what they did, and who has looked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webapp.insights import queries
from webapp.insights.actions import developers
from webapp.insights.api.door import P, api
from webapp.insights.models import Developer
from webapp.insights.schemas.developers import (
    ActivityQuery,
    ActivitySchema,
    DeveloperInput,
    DeveloperQuery,
    DeveloperSchema,
    MergeInput,
    ViewQuery,
    ViewSchema,
)
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor

ONE = "/developers/<uuid:developer_id>"
M = P.DEVELOPER_MANAGE


@api.get("/developers", needs=P.DEVELOPER_READ, query=DeveloperQuery, gives=DeveloperSchema(), lists=True)
def list_developers(actor: Actor, query: dict[str, Any]) -> Listing:
    """Who works on the repositories of your organizations, by name."""
    return queries.find_developers(actor, query)


@api.get(ONE, needs=P.DEVELOPER_READ, finds=queries.get_developer, gives=DeveloperSchema())
def show_developer(actor: Actor, found: Developer) -> Developer:
    """One developer. Looking at the numbers of somebody else is noted, and shown to them."""
    return developers.look_at(actor, found)


@api.change(ONE, needs=M, finds=queries.get_developer, takes=DeveloperInput, gives=DeveloperSchema())
def change_developer(actor: Actor, found: Developer, body: dict[str, Any]) -> Developer:
    """Changes what a developer is called, whether they are a program, or whose account is theirs."""
    return developers.change_developer(actor, found, body, now())


@api.post(f"{ONE}/merge", needs=M, finds=queries.get_developer, takes=MergeInput, gives=DeveloperSchema())
def merge_developer(actor: Actor, found: Developer, body: dict[str, Any]) -> Developer:
    """Makes a developer one with another of the same organization, who is the answer. It can be undone."""
    return developers.merge_developer(actor, found, body["into_id"], now())


@api.post(f"{ONE}/unmerge", needs=M, gives=DeveloperSchema())
def unmerge_developer(actor: Actor, developer_id: UUID) -> Developer:
    """Takes a developer who was made one with another out again, with what they were known by before."""
    return developers.unmerge_developer(actor, developer_id, now())


@api.get(f"{ONE}/activity", needs=P.DEVELOPER_READ, finds=queries.get_shown_developer, query=ActivityQuery, gives=ActivitySchema(),
         lists=True)
def list_activity(actor: Actor, found: Developer, query: dict[str, Any]) -> Listing:
    """What a developer did, the last first, where the organization shows it to you (else 403). Looking is noted."""
    developers.look_at(actor, found)
    return queries.find_activity(found, query)


@api.get(f"{ONE}/views", needs=P.DEVELOPER_READ, finds=queries.get_developer, query=ViewQuery, gives=ViewSchema(), lists=True)
def list_views(actor: Actor, found: Developer, query: dict[str, Any]) -> Listing:
    """Who looked at a developer's numbers, and when: for that person, and for admins."""
    return queries.find_views(actor, found)
