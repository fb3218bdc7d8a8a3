"""Pages: templates and their named blocks, where to go next, and errors as a person sees them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import orjson
from flask import Response, current_app, g, make_response, redirect, render_template, request, session, url_for
from jinja2_fragments.flask import render_block

from webapp.kit.errors import PatchboardError
from webapp.kit.listing import Listing, Page
from webapp.kit.permissions import Actor
from webapp.kit.web.fields import OTHER_NAMES

CHOSEN = "organization"
"""Where the session keeps the organization that its pages are about."""
HOME = "/overview"
SIGNING = ("/login/", "/logout/")
ODD = re.compile(r"[\x00-\x20\x7f-\x9f\\]|^//")
"""What no path of ours has and browsers read in ways of their own: control characters, spaces, backslashes, two slashes at the start."""


def is_fragment() -> bool:
    """Whether htmx asks for a part of a page (and not for the whole one to restore its history)."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def page(template: str, *, block: str | None = None, **values: Any) -> Response:
    """A page, or for htmx the `block` of it that the view names."""
    text = render_block(template, block, **values) if block and is_fragment() else render_template(template, **values)
    answer = make_response(text)
    answer.vary.add("HX-Request")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def go(endpoint: str, *, say: str | None = None, **values: Any) -> Response:
    """On to another page (303), with a word that is shown there once."""
    return go_to(url_for(endpoint, **values), say=say)


def go_to(address: str, *, say: str | None = None) -> Response:
    if say:
        from flask import flash

        flash(say)
    if is_fragment():
        answer = make_response("", 204)
        answer.headers["HX-Redirect"] = address
        return answer
    return make_response(redirect(address, 303))


def toast(answer: Response, words: str) -> Response:
    """A word beside a fragment."""
    answer.headers["HX-Trigger"] = orjson.dumps({"toast": {"message": words}}).decode()
    return answer


def sign_in_first() -> Response:
    """To the sign-in page, and back here afterwards."""
    back = request.full_path.rstrip("?") if request.method == "GET" and not is_fragment() else "/"
    return go_to(f"/login?{urlencode({'next': back})}" if back != "/" else "/login")


def second_factor_first(words: str) -> Response:
    """To the page that sets the second factor up."""
    return go_to("/profile/two-factor", say=words)


def safe_next(address: str | None) -> str:
    """Where to go after signing in: a path of this server, never another host, nor back to where one signs in or out."""
    try:
        parts = urlsplit(address or "")
    except ValueError:  # `//[` begins an address of IPv6 and never ends it
        return HOME
    is_path = address and address.startswith("/") and not parts.netloc and not ODD.search(address)
    is_loop = (parts.path.rstrip("/") + "/").startswith(SIGNING)
    return address if is_path and not is_loop and address else HOME


def chosen_organization(actor: Actor) -> UUID | None:
    """The organization that the person's pages are about, or None for all of them; never one that the actor has no role in."""
    try:
        chosen = UUID(session.get(CHOSEN, ""))
    except (ValueError, TypeError, AttributeError):
        return None
    return chosen if actor.sees_all or chosen in actor.roles else None


def within(actor: Actor, asked: dict[str, Any]) -> dict[str, Any]:
    """The query of a list, kept to the chosen organization unless it names one itself."""
    chosen = chosen_organization(actor)
    return asked if chosen is None or "organization_id" in asked else {**asked, "organization_id": chosen}


def wants_page() -> bool:
    """Whether the caller is a browser that wants HTML."""
    if request.path.startswith(("/api/", "/health", "/metrics", "/openapi.json")):
        return False
    return "text/html" in request.headers.get("Accept", "") or is_fragment()


def error_page(problem: PatchboardError) -> Response:
    """The error as a page, in the shell for those who are signed in."""
    values = {"status": problem.status, "message": problem.message, "code": problem.code, "request_id": g.get("request_id")}
    try:
        text = render_template("errors/error.html", **values)
    except Exception:
        if current_app.debug or current_app.testing:
            raise
        current_app.logger.exception("the error page failed")
        text = f"<!doctype html><title>Error</title><h1>{problem.status}</h1>"
    answer = make_response(text, problem.status)
    answer.headers.update({name: value for name, value in problem.headers.items() if name != "WWW-Authenticate"})
    answer.vary.add("HX-Request")
    return answer


class Filters:
    """Filters as the chips of a list use them, for a page that is no list; each under its `_id` name."""

    def __init__(self) -> None:
        self.query = {OTHER_NAMES.get(name, name): value for name, value in request.args.items() if value}

    def link(self, **changes: Any) -> str:
        """This page with some filters changed; None takes one away."""
        kept = {name: value for name, value in {**self.query, **changes}.items() if value not in (None, "")}
        return request.path + (f"?{urlencode(kept)}" if kept else "")


class ListView:
    """A page of a list as templates use it: its rows, its place, and addresses for every other view of it.

    `twin` is the path of the same list as JSON, which answers with exports too.
    """

    def __init__(self, listing: Listing, asked: dict[str, Any], twin: str | None = None) -> None:
        part: Page = listing.page({**asked, "cursor": None})
        self.rows, self.total, self.per_page = part.rows, part.total, part.size
        self.page, self.pages, self.sort = part.number, max(part.pages, 1), part.sort
        self.first_index = part.first + 1 if part.rows else 0
        self.last_index = part.first + len(part.rows)
        self.query = {name: value for name, value in request.args.items() if value}
        self._twin, self._organization_id = twin, asked.get("organization_id")

    def link(self, **changes: Any) -> str:
        """This list with some parameters changed; None takes one away. A new filter begins at the first page."""
        query = {**self.query, **({} if "page" in changes else {"page": None}), **changes}
        kept = {name: value for name, value in query.items() if value not in (None, "")}
        return request.path + (f"?{urlencode(kept)}" if kept else "")

    def sort_link(self, key: str) -> str:
        return self.link(sort=f"-{key}" if self.sort_state(key) == "ascending" else key)

    def sort_state(self, key: str) -> str | None:
        if key in self.sort[:1]:
            return "ascending"
        return "descending" if f"-{key}" in self.sort[:1] else None

    def export_link(self, form: str) -> str:
        """All rows of this list as a file: the JSON list with the same filters, the chosen organization among them."""
        query = {**self.query, "page": None, "per_page": None, "format": form}
        if self._organization_id is not None:
            query["organization_id"] = str(self._organization_id)
        kept = {name: value for name, value in query.items() if value is not None}
        return f"{self._twin or request.path}?{urlencode(kept)}"
