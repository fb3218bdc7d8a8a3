"""An organization goes with all that lies in it and comes back with just that, also when two ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests import factories
from tests.house.test_query_counts import counted
from webapp.kit.db import ALL, enter_scope, rows

ALIVE = """
SELECT 'site' AS kind, name AS name FROM sites WHERE deleted_at IS NULL AND organization_id = :place
UNION ALL SELECT 'team', name FROM teams WHERE deleted_at IS NULL AND organization_id = :place
UNION ALL SELECT 'member', user_id::text FROM memberships WHERE deleted_at IS NULL AND organization_id = :place
UNION ALL SELECT 'in team', team_id::text || user_id::text FROM team_members WHERE deleted_at IS NULL AND organization_id = :place
"""


def alive(app, place):
    with app.app_context():
        enter_scope(ALL)
        return sorted((row.kind, row.name) for row in rows(ALIVE, place=place.id))


@pytest.fixture
def place(app, cast):
    """An organization with sites, teams and people, some of each deleted already."""
    here = {"organization_id": str(cast.organization.id)}
    with factories.writing(app):
        kept, gone = (factories.site(cast.organization, name=name) for name in ("kept", "gone"))
        leaver = factories.user(place=cast.organization)
    teams = [cast.admin.post("/teams", {"name": name, **here}).json["data"]["id"] for name in ("kept", "gone")]
    for team in teams:
        for person in (cast.member.id, cast.viewer.id, leaver.id):
            assert cast.admin.put(f"/teams/{team}/members/{person}").status_code == 200
    cast.admin.patch(f"/sites/{kept.id}", {"team_id": teams[0], "owner_id": cast.member.id})
    cast.admin.delete(f"/sites/{gone.id}")
    cast.admin.delete(f"/teams/{teams[0]}/members/{cast.viewer.id}")
    cast.admin.delete(f"/organizations/{cast.organization.id}/members/{leaver.id}")
    cast.admin.delete(f"/teams/{teams[1]}")
    return cast.organization


def test_all_of_it_goes_and_just_that_comes_back(app, cast, place):
    path, before = f"/organizations/{place.id}", alive(app, place)
    team = next(row["id"] for row in cast.admin.get("/teams").json["data"])
    site = next(row for row in cast.admin.get("/sites").json["data"])
    assert cast.admin.delete(path).status_code == 200
    assert alive(app, place) == []
    for where in (path, f"/teams/{team}", f"/sites/{site['id']}"):
        assert cast.admin.get(where).status_code == 404
        assert cast.root.get(where).status_code == 404
    assert cast.root.post(f"/teams/{team}/restore").status_code == 409
    assert cast.root.post(f"/sites/{site['id']}/restore").status_code == 409
    assert cast.root.post("/sites/bulk", {"operation": "restore", "ids": [site["id"]], "dry_run": True}).status_code == 409
    assert cast.root.post(f"{path}/restore").status_code == 200
    assert alive(app, place) == before
    back = cast.admin.get(f"/sites/{site['id']}").json["data"]
    assert {name: back[name] for name in ("team_id", "owner_id")} == {name: site[name] for name in ("team_id", "owner_id")}


def test_keys_of_a_deleted_organization_open_nothing_until_it_is_back(cast, place):
    key, path = cast.key("read"), f"/organizations/{place.id}"
    assert key.get("/sites").status_code == 200
    cast.admin.delete(path)
    assert key.get("/sites").status_code == 401
    cast.root.post(f"{path}/restore")
    assert key.get("/sites").status_code == 200


def test_it_does_not_come_back_while_an_address_of_its_sites_is_taken(app, cast, place):
    path, site = f"/organizations/{place.id}", cast.admin.get("/sites").json["data"][0]
    cast.admin.delete(path)
    other = cast.stranger.post("/sites", {"name": "x", "url": site["url"], "organization_id": str(cast.elsewhere.id)})
    assert other.status_code == 201
    assert cast.root.post(f"{path}/restore").status_code == 409
    assert alive(app, place) == []
    cast.stranger.delete(f"/sites/{other.json['data']['id']}")
    assert cast.root.post(f"{path}/restore").status_code == 200


def test_of_two_who_delete_it_at_once_one_does(app, cast, place):
    path, before, gate = f"/organizations/{place.id}", alive(app, place), Barrier(2)

    def delete(_):
        gate.wait(timeout=60)
        return cast.root.delete(path).status_code

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(delete, range(2))) == [200, 404]
    assert cast.root.get("/audit-logs", action="organization.deleted").json["meta"]["total"] == 1
    assert cast.root.post(f"{path}/restore").status_code == 200
    assert alive(app, place) == before


@pytest.mark.slow
def test_500_sites_go_and_come_back_with_as_many_statements_as_10(app, cast):
    costs = []
    for number in (10, 500):
        with factories.writing(app):
            place = factories.organization()
            for _ in range(number):
                factories.site(place)
        path = f"/organizations/{place.id}"
        costs.append([counted(app, lambda: cast.root.delete(path)), counted(app, lambda: cast.root.post(f"{path}/restore"))])  # noqa: B023
    assert costs[0] == costs[1]


def test_an_id_alone_makes_nobody_a_member(cast):
    path = f"/organizations/{cast.organization.id}/members"
    for stranger in (cast.stranger, cast.root):
        assert cast.admin.put(f"{path}/{stranger.id}", {"role": "viewer"}).status_code == 404
    assert cast.admin.get(f"/users/{cast.stranger.id}").status_code == 404
    assert [row["id"] for row in cast.stranger.get("/organizations").json["data"]] == [str(cast.elsewhere.id)]
    assert cast.root.put(f"{path}/{cast.stranger.id}", {"role": "viewer"}).status_code == 200
