"""Who gets what at each route: `authorization.tsv`, held by real requests; and that nobody learns what exists elsewhere.

After a wanted change: `UPDATE_AUTHORIZATION=1 pytest tests/house/test_authorization.py` writes the list anew; read its diff.
"""

from __future__ import annotations

import os
import re
from difflib import unified_diff
from uuid import uuid4

import pytest
from marshmallow import fields

from tests.house.authorization import COLUMNS, HEAD, LIST, Kitchen, ask, cell, line, routes_of, rows_of, text_of
from tests.house.recipes import RECIPES
from tests.house.world import EVERYBODYS, World, untouched
from webapp.kit.web.fields import ListQuery

PEOPLE = COLUMNS[:6]
SAME = {"login": "401", "303": "2xx", "200": "2xx", "201": "2xx", "202": "2xx"}
PASSING = re.compile(r"[A-Za-z0-9_\-.:+/=]{20,}|\d\d:\d\d(:\d\d)?|just now|\d+ \w+ ago")
"""Ids, nonces, tokens, request ids, and times in all their words."""


@pytest.fixture
def world(app):
    return World(app)


@pytest.fixture
def kitchen(app):
    return Kitchen(app)


@pytest.mark.slow
def test_everybody_gets_what_the_list_says(app, world, kitchen):
    found = {route.name: (route, cells) for route, cells in rows_of(app, world, kitchen)}
    lines = [HEAD, *(line(route, cells) for route, cells in found.values())]
    if os.environ.get("UPDATE_AUTHORIZATION"):
        LIST.write_text("\n".join(lines) + "\n")
    never = [name for name, (route, cells) in found.items() if not route.recipe.refused and not any(succeeds(each) for each in cells)]
    assert never == [], "nobody is let in: say in tests/house/recipes.py what these routes need (or why nobody is: `refused`)"
    lines = [HEAD, *(line(route, cells) for route, cells in found.values())]
    if os.environ.get("UPDATE_AUTHORIZATION"):
        LIST.write_text("\n".join(lines) + "\n")
    said = LIST.read_text().splitlines()
    assert lines == said, "read the differences, then write the list anew: UPDATE_AUTHORIZATION=1 pytest tests/house/test_authorization.py"
    assert [name for name, (_, cells) in found.items() if "500" in cells] == []


def succeeds(said):
    return said[:3] in ("200", "201", "202", "303", "302")


def listed():
    """The cells of the list by route and column."""
    rows = [each.split("\t") for each in LIST.read_text().splitlines()[1:]]
    return {f"{row[0].strip()} {row[1]}": dict(zip(COLUMNS, row[3:], strict=True)) for row in rows}


def test_every_route_has_its_line_and_every_recipe_its_route(app):
    names = [route.name for route in routes_of(app)]
    assert list(listed()) == names, "UPDATE_AUTHORIZATION=1 pytest tests/house/test_authorization.py"
    assert set(RECIPES) - set(names) == set()


def test_a_stranger_is_never_shown_anything_of_the_organization():
    wrong = {name: cells["stranger"] for name, cells in listed().items()
             if cells["stranger"][:3] in ("200", "201", "202") and not cells["stranger"].endswith("-")}
    assert set(wrong) <= {"POST /api/v1/auth/login"}  # where whoever knows the password is that person


def test_a_stranger_and_nobody_known_are_never_told_that_they_may_not_do_it_to_a_thing_that_they_cannot_see():
    """What names a thing in its path is 404 for strangers; another answer would say that it is there, unless all alike get it."""
    theirs = {name: cells for name, cells in listed().items() if "<uuid:" in name}
    wrong = {name: cells["stranger"] for name, cells in theirs.items() if cells["stranger"] not in ("404", "303", "200-")}
    assert {name: said for name, said in wrong.items() if {theirs[name][each] for each in ("stranger", "member", "admin")} not in ({"403"}, {"401"})} == {}


def test_pages_and_json_agree():
    cells, compared = listed(), 0
    for name, mine in cells.items():
        method, _, rule = name.partition(" ")
        recipe = RECIPES.get(name)
        twin = recipe.twin if recipe and recipe.twin is not None else f"{method} /api/v1{rule}"
        if rule.startswith("/api/") or twin not in cells:
            continue
        theirs = cells[twin]
        for caller in PEOPLE:
            page, json = (outcome(each[caller]) for each in (mine, theirs))
            assert page == json, f"{name} as {caller}: the page says {mine[caller]}, {twin} says {theirs[caller]}"
        compared += 1
    assert compared > 30


def outcome(said):
    return SAME.get(said.rstrip("-"), said.rstrip("-"))


@pytest.mark.slow
def test_what_exists_elsewhere_answers_like_what_does_not_exist(app, world, kitchen):
    """A stranger names the organization's things in paths and bodies, then things that nobody has: one answer."""
    nothing = {name: each if name in EVERYBODYS else nobody_has(each) for name, each in world.things.items()}
    different = {}
    for route in routes_of(app):
        sent = [(kitchen.path(route, things), kitchen.body(route, things)) for things in (world.things, nothing)]
        if sent[0] != sent[1]:
            real, unreal = (ask(world, kitchen, route, "stranger", things) for things in (world.things, nothing))
            different |= {route.name: apart(real, unreal)} if apart(real, unreal) else {}
    assert different == {}


@pytest.mark.slow
def test_filters_and_exports_answer_like_what_does_not_exist(app, world, kitchen):
    checked = 0
    for route in routes_of(app):
        if route.method != "GET" or route.door.query is None or "<uuid:" in route.rule:
            continue
        wanted = [each.data_key or name for name, each in route.door.query._declared_fields.items() if isinstance(each, fields.UUID)]
        suffixes = ["", "format=csv"] if issubclass(route.door.query, ListQuery) and not route.door.is_page else [""]
        for name in wanted:
            thing = world.things.get(name.removesuffix("_id"), world.things["organization"])
            for suffix in suffixes:
                real, unreal = (of_filter(app, world, route, f"?{name}={each}&{suffix}") for each in (thing, nobody_has(thing)))
                assert apart(real, unreal) == [], f"{route.name}?{name}={suffix} {apart(real, unreal)}"
                assert not any(marker in text_of(real).replace(thing, "") for marker in world.markers)
                checked += 1
        if len(suffixes) > 1:
            assert cell(world, of_filter(app, world, route, "?format=csv")) in ("200-", "403", "422"), route.name
    assert checked > 20


def of_filter(app, world, route, query):
    with untouched(app):
        answer = world.send("stranger", "GET", route.rule + query, is_page=route.door.is_page)
        answer.get_data()
    return answer


def nobody_has(thing):
    """An id like this one; its beginning is the same, which pages show of ids that they were asked for."""
    return thing[:8] + str(uuid4())[8:]


def apart(one, other):
    """The lines in which two answers differ, beside what differs each time."""
    plain = [[str(each.status_code), *PASSING.sub("…", text_of(each)).splitlines()] for each in (one, other)]
    return [line for line in unified_diff(*plain, lineterm="", n=0) if not line.startswith(("---", "+++", "@@"))]


@pytest.mark.parametrize("kind", ["site", "report", "key", "run"])
def test_requests_within_the_world_leave_no_trace(app, world, kind):
    """What the measurements stand on: whatever a request commits is rolled back."""
    path = {"site": "/sites/{}", "report": "/reports/{}/cancel", "key": "/api-keys/{}", "run": "/sites/{}/patch-run"}[kind]
    thing = world.things[{"report": "queued_report", "run": "site"}.get(kind, kind)]
    run = {"started_at": "2026-02-18T16:05:00Z", "status": "success", "trigger": "ci",
           "updates": [{"module": "webform", "from_version": "6.2.6", "to_version": "6.2.7"}]}
    method, body = ("POST", run) if kind == "run" else ("POST", None) if kind == "report" else ("DELETE", None)
    before = world.cast.root.get("/audit-logs").json["meta"]["total"]
    with untouched(app):
        assert world.send("admin", method, "/api/v1" + path.format(thing), body).status_code in (200, 201)
    assert world.cast.root.get("/audit-logs").json["meta"]["total"] == before
