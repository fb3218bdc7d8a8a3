"""`/developers`: who works on the repositories. One person's page shows what they did to whom the organization says, and ranks nobody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.insights import queries
from webapp.insights.actions import developers
from webapp.insights.pages.doors import P, pages
from webapp.insights.schemas.developers import ActivityQuery, DeveloperInput, DeveloperQuery, MergeInput
from webapp.insights.values.words import SHOWN
from webapp.kit.clock import now
from webapp.kit.permissions import Actor
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, go, is_fragment, page, within

ONE = "/developers/<uuid:developer_id>"
SHOW = "insights_pages.show_developer"
TWIN = "/api/v1/developers"
VIEWS = 5
KINDS = [{"value": "commit", "label": "Commits"}, {"value": "pull_request_opened", "label": "Pull requests opened"},
         {"value": "pull_request_merged", "label": "Pull requests merged"}, {"value": "review", "label": "Reviews"}]


@pages.get("/developers", needs=P.DEVELOPER_READ, query=DeveloperQuery)
def list_developers(actor: Actor, query: dict[str, Any]) -> Response:
    """Who works on what our sites come from?"""
    asked = within(actor, query)
    listing = ListView(queries.find_developers(actor, asked), asked, TWIN)
    return page("insights/developers.html", block="content", listing=listing, place=asked.get("organization_id"))


@pages.get(ONE, needs=P.DEVELOPER_READ, query=ActivityQuery)
def show_developer(actor: Actor, developer_id: UUID, query: dict[str, Any]) -> Response:
    """What did they do? For themselves, and for whom their organization names; each look of another is noted."""
    found = queries.get_developer(actor, developer_id)
    shows = found.visibility in SHOWN  # type: ignore[attr-defined]
    listing = ListView(queries.find_activity(found, query), query, f"{TWIN}/{found.id}/activity") if shows else None
    if not is_fragment():
        developers.look_at(actor, found)
    own = actor.is_person and found.user_id == actor.id
    sees_views = own or actor.may(P.AUDIT_READ, found.organization_id)
    views = queries.find_views(actor, found).page({"limit": VIEWS, "skip": 0, "sort": [], "by_page": True}) if sees_views else None
    return page("insights/developer.html", block="results" if shows else None, found=found, listing=listing, kinds=KINDS, views=views,
                own=own, may_manage=actor.may(P.DEVELOPER_MANAGE, found.organization_id))


@pages.get(f"{ONE}/edit", needs=P.DEVELOPER_MANAGE)
def edit_developer(actor: Actor, developer_id: UUID, form: Form | None = None) -> Response:
    """What a developer is called, whose account is theirs, and with whom they are one person."""
    found = queries.get_developer(actor, developer_id)
    actor.require(P.DEVELOPER_MANAGE, found.organization_id)
    return page("insights/developer_form.html", form=form or Form(), found=found,
                accounts=_choices(queries.accounts_to_choose(found.organization_id)),
                others=_choices(queries.developers_to_choose(actor, found)), merged=queries.merged_into(found))


@pages.post(f"{ONE}/edit", needs=P.DEVELOPER_MANAGE, takes=DeveloperInput, again=edit_developer)
def change_developer(actor: Actor, developer_id: UUID, body: dict[str, Any]) -> Response:
    """Saves what was changed."""
    developers.change_developer(actor, queries.get_developer(actor, developer_id, lock=True), body, now())
    return go(SHOW, say="Saved.", developer_id=developer_id)


@pages.post(f"{ONE}/merge", needs=P.DEVELOPER_MANAGE, takes=MergeInput, again=edit_developer)
def merge_developer(actor: Actor, developer_id: UUID, body: dict[str, Any]) -> Response:
    """Makes a developer one with another."""
    into = developers.merge_developer(actor, queries.get_developer(actor, developer_id, lock=True), body["into_id"], now())
    return go(SHOW, say=f"They are one now: {into.name}. This can be undone.", developer_id=into.id)


@pages.post(f"{ONE}/unmerge", needs=P.DEVELOPER_MANAGE)
def unmerge_developer(actor: Actor, developer_id: UUID) -> Response:
    """Takes a developer who was made one with another out again."""
    found = developers.unmerge_developer(actor, developer_id, now())
    return go(SHOW, say=f"{found.name} is somebody else again.", developer_id=developer_id)


def _choices(found: list[Any]) -> list[dict[str, str]]:
    return [{"value": str(each.id), "label": each.name} for each in found]
