"""What every page's shell shows: navigation, who is signed in, which organization, and helpers for templates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any

from flask import Flask, current_app, g, request
from werkzeug.local import LocalProxy

from webapp.accounts.models import User
from webapp.catalog.values.freshness import Freshness
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.components import furnish
from webapp.kit.web.pages import chosen_organization
from webapp.kit.web.requests import nonce
from webapp.shell.navigation import TASKS, Entry, Group, groups_for, tabs_for
from webapp.shell.notices import Notice, notice_of
from webapp.shell.places import Place, Places, find_person, find_places
from webapp.shell.statics import static_url

THEMES = ("light", "dark")


class Shell:
    """The shell of one page; every part is computed when a template first asks for it, and fragments never ask."""

    def __init__(self, actor: Actor, at: datetime) -> None:
        self.actor, self.at = actor, at
        self.chosen = chosen_organization(actor) if actor.is_person else None

    @cached_property
    def person(self) -> User | None:
        return find_person(self.actor)

    @cached_property
    def places(self) -> Places:
        return find_places(self.actor, self.chosen, self.at)

    @cached_property
    def place(self) -> Place | None:
        """The chosen organization; None while it is all of them, or when it has been deleted since."""
        return next((each for each in self.places.shown if each.id == self.chosen), None)

    @cached_property
    def nav(self) -> list[Group]:
        about = self.place or self.places
        return groups_for(self.actor, self.chosen, request.path, {"/sites": about.sites_count, TASKS.href: self.places.tasks_count or None})

    @cached_property
    def tabs(self) -> list[Entry]:
        return tabs_for(self.actor, request.path)

    @cached_property
    def feed_footer(self) -> list[dict[str, Any]]:
        """What can truly be said of how fresh the pages are: the feeds, how many sites report, and when the newest report came."""
        about = self.place or self.places
        feeds = [self._aged("Advisories", self.places.advisories), self._aged("Release feeds", self.places.releases)]
        if not about.sites_count:
            return [*feeds, {"label": "Sites reporting", "value": "none yet"}]
        lines: list[dict[str, Any]] = [
            {"label": "Sites reporting", "value": f"{about.reporting_count:,} of {about.sites_count:,}"}]
        if about.last_report_at:
            age = current_app.jinja_env.filters["ago"](about.last_report_at, self.at)
            lines.append({"label": "Newest report", "value": age, "datetime": about.last_report_at})
        return [*feeds, *lines]

    @cached_property
    def stale(self) -> Notice | None:
        """What every page says while release feeds or advisories are stale, or nothing was ever fetched."""
        if not self.places.count:
            return None
        may_operate = self.actor.may(Permission.SYSTEM_OPERATE)
        return notice_of(self.places.advisories, self.places.releases, may_operate=may_operate, on_overview=request.path == "/overview")

    def _aged(self, label: str, found: Freshness) -> dict[str, Any]:
        """How old the stalest of some feeds is; past its limit, and where one was never had, it is outdated."""
        if found.is_invented:
            return {"label": label, "value": "invented", "state": "outdated"}
        if found.as_of is None:
            return {"label": label, "value": "not fetched yet", "state": "outdated"}
        age = current_app.jinja_env.filters["ago"](found.as_of, self.at)
        return {"label": label, "value": age, "datetime": found.as_of, "state": "outdated" if found.is_stale else "fresh"}


def shell_values() -> dict[str, Any]:
    """What templates may name; what costs a query is looked up when it is used, not where it is only handed on."""
    shell = Shell(g.get("actor") or Actor(), now())

    def later(part: Callable[[Shell], Any]) -> Any:
        return LocalProxy(lambda: part(shell))

    return {
        "now": shell.at,
        "request_id": g.get("request_id"),
        "theme": request.cookies.get("theme") if request.cookies.get("theme") in THEMES else "auto",
        "actor": shell.actor,
        "current_user": later(lambda its: its.person) if shell.actor.is_person else None,
        "organizations": later(lambda its: its.places.shown),
        "current_organization": later(lambda its: its.place) if shell.chosen else None,
        "nav": later(lambda its: its.nav),
        "tabs": later(lambda its: its.tabs),
        "feed_footer": later(lambda its: its.feed_footer),
        "stale": later(lambda its: its.stale),
    }


def register_shell(app: Flask) -> None:
    """Gives templates the components, the shell's parts and helpers; after the CSRF protection, whose token they need."""
    app.jinja_env.globals.update(static_url=static_url, csp_nonce=nonce, app_version=app.config["VERSION"])
    furnish(app.jinja_env)
    app.context_processor(shell_values)
