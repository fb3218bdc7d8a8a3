"""Who gets what at each route: one line for each method and rule, one column for each kind of caller, from real requests.

A cell is the status; `login` is the way to the sign-in page; a `-` after a success says that the answer held nothing of the
organization. `authorization.tsv` is the list, changed on purpose only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from apispec import APISpec

from tests.house.recipes import RECIPES, Recipe
from tests.house.world import World, untouched, with_things
from webapp.examples import WORDS
from webapp.kit.web.openapi import PARAMETER, build
from webapp.kit.web.openapi_examples import Examples
from webapp.kit.web.openapi_schemas import SchemaPlugin

LIST = Path(__file__).with_name("authorization.tsv")
UNGUARDED = {"static"}
STREAM = "text/event-stream"  # which does not end
COLUMNS = ("anonymous", "stranger", "viewer", "member", "admin", "superuser", "site key", "read key", "write key")


@dataclass(frozen=True)
class Route:
    """One method of one rule, and its door."""

    method: str
    rule: str
    door: Any

    @property
    def name(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def recipe(self) -> Recipe:
        return RECIPES.get(self.name, Recipe())


def routes_of(app: Any) -> list[Route]:
    """Every route that is a door, by rule."""
    found = [Route(method, rule.rule, app.view_functions[rule.endpoint].door) for rule in app.url_map.iter_rules()
             if rule.endpoint not in UNGUARDED and not rule.websocket for method in rule.methods - {"HEAD", "OPTIONS"}]
    return sorted(found, key=lambda route: (route.rule, route.method))


class Kitchen:
    """Makes requests after recipes, with the documented examples for what the recipes do not say."""

    def __init__(self, app: Any) -> None:
        self.document = build(app)
        self.plugin = SchemaPlugin()
        self.spec = APISpec("forms", "1", "3.1.0", plugins=[self.plugin])

    def path(self, route: Route, things: dict[str, str]) -> str:
        """The address, with the ids of this world's things; LookupError where there is no such thing."""
        def fill(found: re.Match[str]) -> str:
            name = route.recipe.things.get(found["name"], found["name"].removesuffix("_id"))
            if name not in things:
                raise LookupError(f"{route.name}: the world has no {name!r}. Add one to tests/house/world.py (things_of),"
                                  " or name another thing in tests/house/recipes.py.")
            return things[name]

        return PARAMETER.sub(fill, route.rule) + route.recipe.query

    def body(self, route: Route, things: dict[str, str]) -> Any:
        """What is sent: the recipe's body or the documented one, with the ids of this world's things."""
        told = route.recipe.body
        if told is None and route.door.takes is not None and route.method != "GET":
            told = self.form(route.door.takes) if route.door.is_page else self.example(route)
        elif told is None and "request_schema" in route.door.extra:
            told = self.example(route)
        return None if told is None else with_things(told, things)

    def example(self, route: Route) -> Any:
        operation = self.document["paths"][PARAMETER.sub(lambda found: f"{{{found['name']}}}", route.rule)][route.method.lower()]
        media = next(iter(operation["requestBody"]["content"].values()))
        return media["example"] if "example" in media else next(iter(media["examples"].values()))["value"]

    def form(self, schema: Any) -> dict[str, str]:
        """An example of a page's form, as a browser would send it."""
        reference = self.plugin.reference(schema)
        document = {"components": {"schemas": self.spec.to_dict()["components"]["schemas"]}}
        return flat(Examples(document, WORDS).of(reference))


def flat(values: dict[str, Any], before: str = "") -> dict[str, str]:
    """Values as a form has them: dotted names, words by comma, nothing for null."""
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= flat(value, f"{before}{name}.")
        elif isinstance(value, list):
            found[before + name] = ",".join(map(str, value))
        elif isinstance(value, bool):
            found |= {before + name: "1"} if value else {}
        elif value is not None:
            found[before + name] = str(value)
    return found


def text_of(answer: Any) -> str:
    """What an answer says; nothing for a stream, and what can be read of a file."""
    return "" if answer.mimetype == STREAM else answer.get_data().decode(errors="replace")


def cell(world: World, answer: Any) -> str:
    """One answer in short."""
    place = urlsplit(answer.headers.get("Location", ""))
    if answer.status_code in (302, 303) and place.path == "/login":
        return "login"
    if answer.status_code >= 300:
        return str(answer.status_code)
    said = text_of(answer)
    return f"{answer.status_code}{'' if any(marker in said for marker in world.markers) else '-'}"


def ask(world: World, kitchen: Kitchen, route: Route, caller: str, things: dict[str, str] | None = None) -> Any:
    """The answer that this caller gets from this route."""
    things = things or world.things
    path, body = kitchen.path(route, things), kitchen.body(route, things)
    with untouched(world.app):
        answer = world.send(caller, route.method, path, body, is_page=route.door.is_page)
        if answer.mimetype == STREAM:
            answer.close()
        else:
            answer.get_data()
    return answer


def rows_of(app: Any, world: World, kitchen: Kitchen) -> Iterator[tuple[Route, list[str]]]:
    for route in routes_of(app):
        yield route, [cell(world, ask(world, kitchen, route, caller)) for caller in COLUMNS]


def line(route: Route, cells: list[str]) -> str:
    return "\t".join((f"{route.method:6}", route.rule, route.door.needs.value, *cells))


HEAD = "\t".join(("method", "rule", "needs", *COLUMNS))
