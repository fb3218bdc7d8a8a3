"""Furnishes a Jinja environment with the components: filters, chart geometry, and the macros as one global, `ui`."""

from __future__ import annotations

from jinja2 import Environment

from webapp.kit.web import drawing, formatting

NEEDS = ("static_url", "csrf_token")
"""Globals that the macros call; the environment must have them first. A macro sees no request context, only globals."""


def furnish(environment: Environment) -> None:
    """Adds the filters of `formatting`, `drawing`, and `ui`; LookupError where a global that the macros need is missing.

    `ui` is a global, and no import at the top of a page, because such an import is undefined where only a block is rendered.
    """
    missing = [name for name in NEEDS if name not in environment.globals]
    if missing:
        raise LookupError(f"the templates need the globals {', '.join(missing)}")
    environment.filters.update(formatting.FILTERS)
    environment.globals["drawing"] = drawing
    environment.globals["ui"] = environment.get_template("components/ui.html").module
