"""The cache: what it keeps, whom it never answers, and that no order of reads, writes and failures leaves something old in it."""

from __future__ import annotations

import threading

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from webapp.kit import cache
from webapp.kit.db import commit, rollback
from webapp.kit.redis import connect, redis


@pytest.fixture
def inside(app):
    with app.app_context():
        yield


def counted(name, kind):
    return REGISTRY.get_sample_value(f"api_cache_{name}_total", {"kind": kind}) or 0.0


def path_of(cast):
    return f"/organizations/{cast.organization.id}"


def kept(app, cast):
    with app.app_context():
        return redis().get(f"api:org:{cast.organization.id}")


def test_an_organization_is_kept_and_dropped_when_it_is_written(app, cast):
    misses, hits = counted("misses", "org"), counted("hits", "org")
    first, again = cast.admin.get(path_of(cast)), cast.viewer.get(path_of(cast))
    assert (first.json, first.headers["ETag"]) == (again.json, again.headers["ETag"])
    assert (counted("misses", "org") - misses, counted("hits", "org") - hits) == (1, 1)
    with app.app_context():
        assert 3000 < redis().ttl(f"api:org:{cast.organization.id}") <= 3600
    assert cast.admin.patch(path_of(cast), {"description": "new"}, headers={"If-Match": again.headers["ETag"]}).status_code == 200
    assert kept(app, cast) is None
    assert cast.viewer.get(path_of(cast)).json["data"]["description"] == "new"


def test_what_is_kept_is_answered_only_to_whom_it_may(app, cast, client):
    cast.root.get(path_of(cast))
    assert kept(app, cast)
    assert [each.get(path_of(cast)).status_code for each in (cast.stranger, client, cast.key("ingest"))] == [404, 401, 403]
    cast.admin.delete(f"{path_of(cast)}/members/{cast.viewer.id}")
    cast.root.get(path_of(cast))
    assert cast.viewer.get(path_of(cast)).status_code == 404


def test_a_deleted_one_is_gone_and_a_refused_write_drops_nothing_wrong(app, cast):
    cast.admin.get(path_of(cast))
    assert cast.admin.patch(path_of(cast), {"name": ""}).status_code == 422
    assert cast.root.get(path_of(cast)).status_code == 200
    assert cast.root.delete(path_of(cast)).status_code == 200
    assert cast.root.get(path_of(cast)).status_code == 404
    assert cast.root.get(path_of(cast), include_deleted="true").json["data"]["is_active"] is False
    assert cast.viewer.get(path_of(cast), include_deleted="true").status_code in (403, 404)
    cast.root.post(f"{path_of(cast)}/restore")
    assert cast.root.get(path_of(cast)).json["data"]["is_active"] is True


@pytest.mark.parametrize("poison", [b"\x00\xff", b"[]", b"null", b'{"name": "api:org:other", "value": {"id": "x"}}', b'{"value": {}}'])
def test_what_is_not_ours_is_a_miss(app, cast, poison):
    good = cast.admin.get(path_of(cast)).json["data"]
    with app.app_context():
        redis().set(f"api:org:{cast.organization.id}", poison)
    assert cast.admin.get(path_of(cast)).json["data"] == good
    assert cast.admin.get(path_of(cast)).json["data"] == good
    assert orjson.loads(kept(app, cast))["value"] == good


def test_a_key_of_another_kind_is_a_miss(app, cast):
    with app.app_context():
        redis().hset(f"api:org:{cast.organization.id}", "a", "b")
    assert cast.admin.get(path_of(cast)).json["data"]["name"] == "Meridian"


def test_without_redis_it_is_slower_and_never_an_error(app, cast, monkeypatch):
    monkeypatch.setitem(app.extensions, "patchboard_redis", connect("redis://127.0.0.1:9/0"))
    assert cast.admin.get(path_of(cast)).status_code == 200
    assert cast.admin.patch(path_of(cast), {"description": "meanwhile"}).status_code == 200
    assert cast.admin.get(path_of(cast)).json["data"]["description"] == "meanwhile"


def test_what_could_not_be_dropped_is_dropped_before_anybody_reads_again(app, cast):
    cast.admin.get(path_of(cast))
    with app.app_context():
        fuse, name = redis().fuse, f"api:org:{cast.organization.id}"
    fuse.is_blown, fuse.probed_at = True, float("inf")
    assert cast.admin.patch(path_of(cast), {"description": "while away"}).status_code == 200
    with app.app_context():
        assert fuse.plain.get(name)
    fuse._look()
    assert not fuse.is_blown
    with app.app_context():
        assert redis().get(name) is None
    assert cast.admin.get(path_of(cast)).json["data"]["description"] == "while away"


def test_a_reader_who_built_before_a_write_stores_nothing_after_it(inside):
    present = {"value": "old"}

    def build():
        before = dict(present)
        present["value"] = "new"
        cache.drop("org", "x")
        commit()
        return before

    assert cache.cached("org", "x", 60, build) == {"value": "old"}
    assert cache.cached("org", "x", 60, lambda: dict(present)) == {"value": "new"}


def test_nothing_is_stored_while_a_write_is_being_committed(inside):
    """Its process may die after the commit, before it drops: what it blocked off stays blocked until nothing old can be stored."""
    cache.cached("org", "x", 60, lambda: "old")
    cache.drop("org", "x")
    for effect in cache_session_effects():
        effect()
    assert cache.cached("org", "x", 60, lambda: "still old") == "still old"
    rollback()
    assert redis().get("api:org:x") is None


def cache_session_effects():
    from webapp.kit.db import db

    return db.session().info.pop("before")


def test_a_write_that_is_rolled_back_drops_nothing(inside):
    cache.cached("org", "x", 60, lambda: "kept")
    cache.drop("org", "x")
    rollback()
    commit()
    assert redis().get("api:org:x")


STEPS = st.lists(st.sampled_from(["look", "fill", "write", "commit", "drop", "empty", "die"]), max_size=30)


@settings(max_examples=150)
@given(steps=STEPS)
def test_no_order_of_reads_writes_and_losses_leaves_something_old(inside, steps):
    """Two readers and a writer, each step of theirs apart; a writer may die between its commit and its drop.

    One thing is let through: Redis is emptied, and the writer's block with it, between the block and the drop. Who reads then may find
    what was there before, until the drop; or, should the writer die as well at that moment, until it is too old.
    """
    redis().flushdb()
    database, written, readers, former = 0, None, [], set()
    for step in steps:
        if step == "look":
            found, lease = cache._look("api:t:x")
            if found is None:
                readers.append((lease, database))
            else:
                assert found in {database, written} | former
        elif step == "fill" and readers:
            lease, seen = readers.pop(0)
            if lease is not None:
                cache._fill("api:t:x", lease, seen, 60)
        elif step == "write" and written is None:
            cache._ask(lambda client: client.eval(cache.BLOCK_OFF, 2, "api:t:x", "api:t:x:lease", cache.BLOCK, 30))
            written = database + 1
        elif step == "commit" and written == database + 1:
            database += 1
        elif step in ("drop", "die") and written is not None and written == database:
            if step == "drop":
                cache._drop("api:t:x")
                former = set()
            written = None
        elif step == "empty":
            redis().flushdb()
            former = former | {database} if written is not None else former
    found, _ = cache._look("api:t:x")
    if written is None:
        assert found in {None, database} | former


def test_figures_are_other_figures_once_what_they_watch_is_touched(inside):
    asked = {"kind": "dora", "organization_id": "o", "sees": ["o"]}
    first = cache.cached_figures(asked, 300, lambda: {"value": 1}, watching=["org:o"])
    assert cache.cached_figures(asked, 300, lambda: {"value": 2}, watching=["org:o"]) == first
    assert cache.cached_figures({**asked, "sees": []}, 300, lambda: {"value": 3}, watching=["org:o"]) == {"value": 3}
    cache.touch("org:o")
    commit()
    assert cache.cached_figures(asked, 300, lambda: {"value": 4}, watching=["org:o"]) == {"value": 4}


def test_many_readers_and_a_writer_at_once_end_with_what_is_true(app, cast):
    over = threading.Event()

    def read():
        while not over.is_set():
            cast.viewer.get(path_of(cast))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for number in range(25):
            assert cast.admin.patch(path_of(cast), {"description": f"version {number}"}).status_code == 200
            assert cast.root.get(path_of(cast)).json["data"]["description"] == f"version {number}"
    finally:
        over.set()
        for reader in readers:
            reader.join()


def test_of_a_team_only_what_people_write_is_kept(app, cast):
    made = cast.admin.post("/teams", {"name": "Web", "organization_id": str(cast.organization.id)}).json["data"]
    path, name = f"/teams/{made['id']}", f"api:team:{made['id']}"
    hits = counted("hits", "team")
    first, again = cast.admin.get(path), cast.viewer.get(path)
    assert first.json == again.json
    assert counted("hits", "team") - hits == 1
    with app.app_context():
        value = orjson.loads(redis().get(name))["value"]
        assert 1500 < redis().ttl(name) <= 1800
    assert value["name"] == "Web"
    assert not {"members_count", "metrics"} & set(value)
    cast.admin.put(f"{path}/members/{cast.viewer.id}")
    joined = cast.viewer.get(path)
    assert joined.json["data"]["members_count"] == 1
    changed = cast.admin.patch(path, {"name": "Web and mail"}, headers={"If-Match": joined.headers["ETag"]})
    assert changed.status_code == 200, changed.json
    with app.app_context():
        assert redis().get(name) is None
    assert cast.viewer.get(path).json == cast.admin.get(path).json == {**changed.json, "links": {"self": f"/api/v1{path}"}}
    assert cast.stranger.get(path).status_code == 404
    cast.admin.delete(path)
    assert cast.viewer.get(path).status_code == 404
