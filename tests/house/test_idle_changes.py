"""A PATCH or PUT that changes nothing leaves no trace: not in the resource, its ETag, or the audit log. For every door that takes one."""

from __future__ import annotations

import pytest

from tests.house.authorization import Kitchen, routes_of
from tests.house.world import World

CALLERS = ("root", "admin", "member", "viewer")


@pytest.fixture
def world(app):
    return World(app)


def changes_of(app):
    """Every PATCH of a resource that can be read at the same address."""
    routes = routes_of(app)
    read = {route.rule for route in routes if route.method == "GET"}
    return [route for route in routes if route.method == "PATCH" and route.rule in read and route.door.takes and not route.door.deprecated]


def state_of(caller, path):
    answer = caller.get(path)
    return answer, answer.status_code == 200 and (answer.headers.get("ETag"), answer.json["data"].get("updated_at"))


def same(route, data):
    """A body that says what the resource says itself."""
    takes = route.door.takes(partial=True)
    return {name: data[name] for name, field in takes.load_fields.items()
            if name in data and not field.load_only and (data[name] is not None or field.allow_none)}


def logged(cast):
    return cast.root.get("/audit-logs", per_page=1).json["meta"]["total"]


def test_what_changes_nothing_leaves_no_trace(app, world):
    kitchen, wrong = Kitchen(app), []
    routes = changes_of(app)
    assert len(routes) > 10
    for route in routes:
        path = kitchen.path(route, world.things)
        caller = next(each for each in (getattr(world.cast, name) for name in CALLERS) if each.patch(path, {}).status_code != 403)
        answer, before = state_of(caller, path)
        for body in ({}, same(route, answer.json["data"])):
            entries = logged(world.cast)
            changed = caller.patch(path, body)
            more = logged(world.cast) - entries
            after = state_of(caller, path)[1]
            if changed.status_code != 200 or after != before or more:
                wrong.append((route.name, body, changed.status_code, changed.json.get("details"), before, after, more))
    assert wrong == []


def test_what_changes_something_is_written_down(world):
    path, body = f"/teams/{world.things['team']}", {"description": "Other people"}
    before, entries = state_of(world.cast.admin, path)[1], logged(world.cast)
    assert world.cast.admin.patch(path, body).status_code == 200
    assert state_of(world.cast.admin, path)[1] != before
    assert logged(world.cast) == entries + 1


def test_a_role_that_somebody_has_is_not_given_again(cast):
    path, entries = f"/organizations/{cast.organization.id}/members/{cast.member.id}", logged(cast)
    assert cast.admin.put(path, {"role": "member"}).json["data"]["role"] == "member"
    assert logged(cast) == entries
    assert cast.admin.put(path, {"role": "viewer"}).status_code == 200
    assert logged(cast) == entries + 1
