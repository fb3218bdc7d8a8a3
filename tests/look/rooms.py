"""A Jinja environment with the components and nothing of the application: what a macro needs must come to it."""

from functools import cache
from pathlib import Path
from types import SimpleNamespace

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined
from markupsafe import Markup

from webapp.kit.web.components import furnish

ROOT = Path(__file__).parents[2]


def make(undefined=Undefined):
    made = Environment(loader=FileSystemLoader(ROOT / "templates"), autoescape=True, undefined=undefined)
    made.globals.update(
        static_url=lambda path: f"/static/{path}",
        csrf_token=lambda: "the-token",
        csp_nonce=lambda: "the-nonce",
        get_flashed_messages=lambda with_categories=False: [],
    )
    furnish(made)
    return made


environment = cache(make)


def render(text, **values):
    """A piece of a template, rendered with `ui` and the values; a value that is missing is an error."""
    return Markup(environment(StrictUndefined).from_string(text).render(**values))


class Listing:
    """A list as the pages have it (webapp.kit.web.pages.ListView), without a request."""

    def __init__(self, rows=(), total=0, *, page=1, per_page=50, query=None, sort=("name",)):
        self.rows, self.total, self.page, self.per_page = list(rows), total, page, per_page
        self.pages = max(1, -(-total // per_page))
        self.first_index, self.last_index = (page - 1) * per_page + 1, (page - 1) * per_page + len(self.rows)
        self.query, self.sort = query or {}, list(sort)

    def link(self, **changes):
        kept = {name: value for name, value in {**self.query, **changes}.items() if value is not None}
        return "/sites" + ("?" + "&".join(f"{name}={value}" for name, value in kept.items()) if kept else "")

    def sort_link(self, key):
        return self.link(sort=key)

    def sort_state(self, key):
        return "ascending" if key in self.sort else "descending" if f"-{key}" in self.sort else None

    def export_link(self, form):
        return self.link(format=form)


def shell(**changes):
    """The globals of a page's shell."""
    item = {"href": "/overview", "label": "Overview", "icon": "layout-dashboard", "current": True, "count": None}
    organization = SimpleNamespace(id="1", name="Meridian", role="admin", sites_count=1, current=True)
    return {
        "nav": [{"title": None, "items": [item]}],
        "tabs": [item] * 5,
        "organizations": [organization],
        "current_organization": organization,
        "current_user": SimpleNamespace(email="ada@meridian.example", full_name="", is_superuser=False),
        "feed_footer": [],
        "theme": "auto",
        "request_id": "req_1",
        "app_version": "1.0",
        **changes,
    }
