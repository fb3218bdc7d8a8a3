"""Furnishes a Jinja environment with the components: filters, chart geometry, and the macros as one global, `ui`."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment
from markupsafe import Markup, escape

from webapp.kit.web import drawing, formatting

NEEDS = ("static_url", "csrf_token")
"""Globals that the macros call; the environment must have them first. A macro sees no request context, only globals."""


def attributes(values: Mapping[str, object]) -> Markup:
    """Further attributes of a tag: `_` becomes `-`, True stands alone, None and False are left out.

    ValueError for a handler (`on…`) or a `style`, which the Content-Security-Policy would silently drop.
    """
    written = []
    for key, value in values.items():
        name = key.rstrip("_").replace("_", "-")
        if name.startswith("on") or name == "style" or not name.replace("-", "").isalnum():
            raise ValueError(f"{name} is no attribute for a template")
        if value is not None and value is not False:
            written.append(f" {name}" if value is True else f' {name}="{escape(value)}"')
    return Markup("".join(written))  # noqa: S704 (names are checked, values escaped)


def furnish(environment: Environment) -> None:
    """Adds the filters of `formatting`, `drawing`, and `ui`; LookupError where a global that they need is missing.

    `ui` is a global because an import at the top of a page is undefined where only a block of it is rendered.
    """
    missing = [name for name in NEEDS if name not in environment.globals]
    if missing:
        raise LookupError(f"the templates need the globals {', '.join(missing)}")
    environment.filters.update(formatting.FILTERS, attributes=attributes)
    environment.globals["drawing"] = drawing
    environment.globals["ui"] = environment.get_template("components/ui.html").module
