"""`/audit-log`: who did what, when, with what was there before and after."""

from __future__ import annotations

from typing import Any

from flask import Response

from webapp.audit import queries
from webapp.audit.schemas import AuditQuery
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors
from webapp.kit.web.pages import ListView, page, within

pages = Doors("audit_pages", __name__, is_page=True)
TWIN = "/api/v1/audit-logs"
NAMED = 2
HOMES = {"site": "/sites", "organization": "/organizations", "user": "/members", "api_key": "/api-keys",
         "patch_run": "/patch-runs"}


@pages.get("/audit-log", needs=Permission.AUDIT_READ, query=AuditQuery)
def list_audit_rows(actor: Actor, query: dict[str, Any]) -> Response:
    """Who did what, newest first."""
    asked = within(actor, query)
    actor.require(Permission.AUDIT_READ, asked.get("organization_id"))
    listing, words = ListView(queries.find_rows(actor, asked), asked, TWIN), queries.find_words(actor, asked)
    names = {str(key): name for key, name in queries.find_names(actor, listing.rows).items()}
    return page("audit/rows.html", block="content", listing=listing, names=names,
                chain=queries.find_chain_state(), place=asked.get("organization_id"),
                homes=HOMES, spoken=spoken, touched=touched, actions=_choices(words.actions), kinds=_choices(words.kinds),
                actors=[{"value": key, "label": label} for key, label in words.actors])


def spoken(word: str) -> str:
    """An action or a kind of resource in words: `site.registered` is "Site registered"."""
    words = word.replace("sign_in", "sign-in").replace(".", " ").replace("_", " ").capitalize()
    return words.replace("Api key", "API key")


def touched(changes: dict[str, Any]) -> str:
    """Which fields a change is about, in short: "name, url and 3 more"."""
    names = [name.replace("_", " ") for name in changes]
    shown = names if len(names) <= NAMED + 1 else names[:NAMED]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "") or "Details"


def _choices(words: list[str]) -> list[dict[str, str]]:
    return [{"value": word, "label": spoken(word)} for word in words]
