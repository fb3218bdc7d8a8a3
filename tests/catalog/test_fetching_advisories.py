"""Fetching advisories from servers on real sockets: what is asked for, what is kept, and what failures leave behind."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from tests import factories
from tests.catalog.feed_server import FeedServer, serving
from tests.catalog.test_advisories import NODE, OSV
from tests.factories import writing
from webapp.catalog import jobs
from webapp.catalog.actions.advisory_fetching import Limits, Turn, fetch_sources, is_due, is_watched
from webapp.catalog.actions.advisory_walks import NodesWalk, OsvWalk, PsaWalk
from webapp.catalog.feeds.advisory_clients import NodesClient, OsvClient, PsaClient
from webapp.catalog.feeds.guest import Manners
from webapp.catalog.models import Advisory, AdvisoryFeed, AdvisorySource
from webapp.kit.clock import now
from webapp.kit.db import db
from webapp.kit.metrics import exposition
from webapp.kit.models import JobOutbox
from webapp.ops.formats.prometheus import Figures
from webapp.ops.queries import find_source_ages

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "advisories" / "osv-drupal" / "osv-drupal.jsonl"
PAGE = "/node.json?type=sa&sort=changed&direction=DESC&page="
PSA = {"title": "Drupal core - SA-CORE-2031-004", "link": "https://www.drupal.org/sa-core-2031-004", "project": "drupal", "type": "core",
       "is_psa": 0, "insecure": ["10.2.0"], "pubDate": "Thu, 01 May 2031 17:00:00 +0000"}
MORE = Limits(seconds=600)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serving() as made:
        made.replies["/querybatch"] = lambda _: (200, {}, batch({}))
        yield made


@pytest.fixture
def slept() -> list[float]:
    return []


def body(value: Any) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, json.dumps(value).encode()


def batch(found: dict[int, list[tuple[str, str]]], packages: int = 2) -> bytes:
    """OSV's answer about so many packages; `found` by the place of each."""
    return orjson.dumps({"results": [
        {"vulns": [{"id": name, "modified": modified} for name, modified in found[place]]} if place in found else {}
        for place in range(packages)]})


def osv(name: str, modified: str = "2026-05-02T10:00:00Z", package: str = "drupal/core", **more: Any) -> dict[str, Any]:
    affected = [{"package": {"ecosystem": "Packagist", "name": package}, "database_specific": {"affected_versions": "<10.2.1"}}]
    return {**OSV, "id": name, "modified": modified, "aliases": [], "references": [], "affected": affected, **more}


def index(*lines: tuple[str, str]) -> tuple[int, dict[str, str], bytes]:
    return 200, {"ETag": f'"{len(lines)}{lines[0][1]}"'}, "".join(f"{modified},{name}\n" for name, modified in lines).encode()


def node(number: int, changed: int, **more: Any) -> dict[str, Any]:
    title = f"Tiny - Critical - Access bypass - SA-CONTRIB-2026-{number:03}"
    return {**NODE, "nid": str(9000 + number), "title": title, "url": f"https://www.drupal.org/sa-contrib-2026-{number:03}", "changed": str(changed),
            "field_project": {"id": "77"}, "field_sa_cve": [], **more}


def run(cast: Any, server: FeedServer, source: str, at: datetime | None = None, *, slept: list[float] | None = None, **more: Any) -> Turn | None:
    """One run with one source; None where its time had not come."""
    manners, sleep = Manners("test", 2, 0), (slept if slept is not None else []).append
    walks = {"osv": lambda: OsvWalk(OsvClient(server.url, server.url, manners, sleep)), "psa": lambda: PsaWalk(
        PsaClient(f"{server.url}/psa.json", manners, sleep)), "drupal.org": lambda: NodesWalk(NodesClient(server.url, manners, sleep))}
    walk = walks[source]()
    with cast.app.app_context(), closing(walk.client):
        turns = fetch_sources([walk], more.get("limits", MORE), lambda: at or now(), wanted=more.get("wanted", is_due))
    return turns[0] if turns else None


def state(cast: Any, source: str) -> AdvisoryFeed:
    with cast.app.app_context():
        return db.session.scalars(select(AdvisoryFeed).where(AdvisoryFeed.source == source)).one()


def held(cast: Any) -> set[str]:
    with cast.app.app_context():
        return set(db.session.scalars(select(AdvisorySource.source_id)))


def paths(server: FeedServer) -> list[str]:
    return [path.removeprefix("/release-history") for path, _ in server.asked]


def later(hours: int) -> datetime:
    return now() + timedelta(hours=hours)


def test_osv_gives_what_is_drupals_and_what_the_fleet_has(cast: Any, server: FeedServer) -> None:
    with writing(cast.app):
        factories.reported(factories.site(cast.organization), {"acme/lib": factories.module("acme/lib", "1.0.0", type="library")})
    server.replies |= {
        "/modified_id.csv": index(("GHSA-other", "2026-05-03T00:00:00Z"), ("DRUPAL-CORE-2026-004", "2026-05-02T10:00:00Z"), ("no time", "x")),
        "/querybatch": (200, {}, batch({2: [("GHSA-lib", "2026-04-01T00:00:00Z")]}, 3)),
        "/vulns/DRUPAL-CORE-2026-004": body(osv("DRUPAL-CORE-2026-004")),
        "/vulns/GHSA-lib": body(osv("GHSA-lib", "2026-04-01T00:00:00Z", "acme/lib"))}
    done = run(cast, server, "osv")
    assert done is not None
    assert (done.added, done.refused, done.error, done.is_unfinished) == (2, 0, None, False)
    assert held(cast) == {"DRUPAL-CORE-2026-004", "GHSA-lib"}
    assert paths(server) == ["/modified_id.csv", "/querybatch", "/vulns/DRUPAL-CORE-2026-004", "/vulns/GHSA-lib"]
    assert [each["package"]["name"] for each in server.bodies[0]["queries"]] == ["drupal/core", "drupal/drupal", "acme/lib"]
    found = state(cast, "osv")
    assert (found.state, found.pending, found.failures) == ("ok", None, 0)
    assert found.fetched_at is not None
    assert found.changed_at is not None


def test_osv_is_asked_only_for_what_has_changed(cast: Any, server: FeedServer) -> None:
    names = ["DRUPAL-CORE-2026-001", "DRUPAL-CORE-2026-002"]
    server.replies["/modified_id.csv"] = index(*[(name, "2026-05-02T10:00:00Z") for name in names])
    server.replies |= {f"/vulns/{name}": body(osv(name)) for name in names}
    run(cast, server, "osv")
    assert run(cast, server, "osv") is None, "it is not due yet"
    etag = state(cast, "osv").etag
    server.asked.clear()
    server.replies["/modified_id.csv"] = lambda headers: (304, {}, b"") if headers["If-None-Match"] == etag else index(("x", "y"))
    done = run(cast, server, "osv", later(1))
    assert done is not None
    assert (done.added, done.changed, done.error) == (0, 0, None)
    assert paths(server) == ["/modified_id.csv"]
    first = state(cast, "osv")
    assert first.fetched_at is not None
    assert first.fetched_at > first.changed_at, "nothing new is another thing than nothing had"
    server.asked.clear()
    server.replies["/modified_id.csv"] = index((names[0], "2026-06-02T10:00:00Z"), (names[1], "2026-05-02T10:00:00Z"))
    server.replies[f"/vulns/{names[0]}"] = body(osv(names[0], "2026-06-02T10:00:00Z", summary="Told better"))
    done = run(cast, server, "osv", later(2))
    assert done is not None
    assert (done.added, done.changed) == (0, 1)
    assert paths(server) == ["/modified_id.csv", "/querybatch", f"/vulns/{names[0]}"]


def test_a_new_library_is_asked_about_though_the_list_is_as_it_was(cast: Any, server: FeedServer) -> None:
    server.replies["/modified_id.csv"] = index(("DRUPAL-CORE-2026-001", "2026-05-02T10:00:00Z"))
    server.replies["/vulns/DRUPAL-CORE-2026-001"] = body(osv("DRUPAL-CORE-2026-001"))
    run(cast, server, "osv")
    with writing(cast.app):
        factories.reported(factories.site(cast.organization), {"acme/lib": factories.module("acme/lib", "1.0.0", type="library")})
    server.replies |= {"/modified_id.csv": (304, {}, b""), "/vulns/GHSA-old": body(osv("GHSA-old", "2020-01-01T00:00:00Z", "acme/lib")),
                       "/querybatch": (200, {}, batch({2: [("GHSA-old", "2020-01-01T00:00:00Z")]}, 3))}
    run(cast, server, "osv", later(1))
    assert "GHSA-old" in held(cast)


def test_a_server_that_goes_away_leaves_the_rest_for_the_next_run(cast: Any, server: FeedServer) -> None:
    names = [f"DRUPAL-CORE-2026-{number:03}" for number in (3, 2, 1)]
    server.replies["/modified_id.csv"] = index(*[(name, "2026-05-02T10:00:00Z") for name in names])
    server.replies |= {f"/vulns/{name}": body(osv(name)) for name in names}
    server.replies[f"/vulns/{names[1]}"] = (503, {}, b"away")
    done = run(cast, server, "osv")
    assert done is not None
    assert done.error == "The server answered with 503."
    assert held(cast) == {names[0]}, "what was had is kept"
    found = state(cast, "osv")
    assert (found.state, found.failures, found.fetched_at, found.error) == ("failed", 1, None, done.error)
    assert found.pending == {"ids": [names[2], names[1]]}, "what failed holds up no other"
    server.asked.clear()
    server.replies |= {"/modified_id.csv": (304, {}, b""), f"/vulns/{names[1]}": body(osv(names[1]))}
    assert run(cast, server, "osv") is None, "a failure rests"
    done = run(cast, server, "osv", later(1))
    assert done is not None
    assert done.added == 2
    assert paths(server) == ["/modified_id.csv", f"/vulns/{names[2]}", f"/vulns/{names[1]}"]
    assert state(cast, "osv").state == "ok"


@pytest.mark.parametrize("hostile", [
    b"<html>maintenance</html>", b"[" * 100_000, b"{}", b"null", orjson.dumps(osv("DRUPAL-CORE-2026-999")), b'{"id": "DRUPAL-CORE-2026-001"',
    orjson.dumps(osv("DRUPAL-CORE-2026-001", aliases=["x" * 5000])),
    orjson.dumps(osv("DRUPAL-CORE-2026-001", database_specific={"severity": "hi\x00gh"}))])
def test_a_hostile_document_is_refused_and_stops_nothing(cast: Any, server: FeedServer, hostile: bytes) -> None:
    server.replies["/modified_id.csv"] = index(("DRUPAL-CORE-2026-001", "2026-05-03T10:00:00Z"), ("DRUPAL-CORE-2026-002", "2026-05-02T10:00:00Z"),
                                               ("../secrets", "2026-05-02T10:00:00Z"), ("DRUPAL-CORE-2026-003", "9999-12-31T23:59:59Z"))
    server.replies |= {"/vulns/DRUPAL-CORE-2026-001": (200, {}, hostile), "/vulns/DRUPAL-CORE-2026-002": body(osv("DRUPAL-CORE-2026-002"))}
    done = run(cast, server, "osv")
    assert done is not None
    assert (done.added, done.refused, done.error) == (1, 2, None)
    assert held(cast) == {"DRUPAL-CORE-2026-002"}
    found = state(cast, "osv")
    assert (found.state, found.refused_count) == ("ok", 2)
    assert datetime.fromisoformat(str(found.cursor)) <= now(), "a time to come hides nothing"


@pytest.mark.parametrize("listed", [b"<html>maintenance</html>", b"id,modified\n", b"\x00\xff\xfe,"])
def test_what_is_no_list_is_a_failure_and_forgets_nothing(cast: Any, server: FeedServer, listed: bytes) -> None:
    server.replies["/modified_id.csv"] = [index(("DRUPAL-CORE-2026-001", "2026-05-02T10:00:00Z")), (200, {"ETag": '"bad"'}, listed)]
    server.replies["/vulns/DRUPAL-CORE-2026-001"] = body(osv("DRUPAL-CORE-2026-001"))
    run(cast, server, "osv")
    before = state(cast, "osv")
    run(cast, server, "osv", later(1))
    found = state(cast, "osv")
    assert (found.state, found.error) == ("failed", "The answer is no list of advisories.")
    assert (found.etag, found.cursor, found.fetched_at) == (before.etag, before.cursor, before.fetched_at)


def test_a_list_that_is_cut_off_is_not_taken_for_a_short_one(cast: Any, server: FeedServer, slept: list[float]) -> None:
    whole = index(*[(f"DRUPAL-CORE-2026-{number:03}", "2026-05-02T10:00:00Z") for number in range(1, 4)])[2]
    server.replies["/modified_id.csv"] = (200, {"Content-Length": str(len(whole)), "Connection": "close"}, whole[:50])
    done = run(cast, server, "osv", slept=slept)
    assert done is not None
    assert done.error == "The answer was cut off."
    assert len(slept) >= 2, "it was tried again"
    packed = gzip.compress(whole)
    server.replies["/modified_id.csv"] = (200, {"Content-Encoding": "gzip"}, packed[:-12])
    done = run(cast, server, "osv", later(1))
    assert done is not None
    assert done.error == "The answer was cut off."
    assert held(cast) == set()


def test_nodes_come_page_by_page_until_what_is_known(cast: Any, server: FeedServer) -> None:
    server.replies |= {
        f"{PAGE}0": body({"list": [node(4, 400), node(3, 300)], "next": "x"}), f"{PAGE}1": body({"list": [node(2, 200), node(1, 100)]}),
        "/node/77.json": body({"field_project_machine_name": "tiny"})}
    done = run(cast, server, "drupal.org")
    assert done is not None
    assert (done.added, done.error) == (4, None)
    assert paths(server) == [f"{PAGE}0", "/node/77.json", f"{PAGE}1"], "a project's name is asked once"
    with cast.app.app_context():
        assert set(db.session.scalars(select(Advisory.packages[1]))) == {"tiny"}
    assert state(cast, "drupal.org").cursor == "400"
    server.asked.clear()
    server.replies[f"{PAGE}0"] = body({"list": [node(2, 500, title="Tiny - Critical - XSS - SA-CONTRIB-2026-002"), node(3, 300)], "next": "x"})
    done = run(cast, server, "drupal.org", later(1))
    assert done is not None
    assert (done.added, done.changed) == (0, 1)
    assert paths(server) == [f"{PAGE}0"]


def test_nodes_go_on_where_an_interrupted_run_was(cast: Any, server: FeedServer) -> None:
    server.replies |= {f"{PAGE}{number}": body({"list": [node(9 - number, 900 - number)], "next": "x"}) for number in range(3)}
    server.replies |= {f"{PAGE}3": (404, {}, b""), "/node/77.json": (403, {}, b""), f"{PAGE}2": (500, {}, b"")}
    done = run(cast, server, "drupal.org")
    assert done is not None
    assert done.error == "The server answered with 500."
    assert (state(cast, "drupal.org").cursor, len(held(cast))) == (None, 2)
    server.asked.clear()
    server.replies[f"{PAGE}2"] = [(500, {}, b""), body({"list": [node(7, 898)], "next": "x"})]
    done = run(cast, server, "drupal.org", later(1))
    assert done is not None
    assert (done.added, done.error) == (1, None)
    assert paths(server) == [f"{PAGE}2", f"{PAGE}2", f"{PAGE}3"]
    found = state(cast, "drupal.org")
    assert (found.state, found.cursor, found.pending) == ("ok", "900", None)
    assert found.fetched_at is not None
    assert found.fetched_at < found.tried_at, "it is as old as its first page"


def test_a_server_that_wants_a_rest_gets_it(cast: Any, server: FeedServer, slept: list[float]) -> None:
    at = now()
    server.replies[f"{PAGE}0"] = [(429, {"Retry-After": "7"}, b""), (429, {"Retry-After": "5400"}, b"")]
    done = run(cast, server, "drupal.org", at, slept=slept)
    assert done is not None
    assert done.error == "The server answered with 429."
    assert 7.0 in slept
    assert max(slept) < 60, "a long rest is not sat out"
    assert len(server.asked) == 2
    assert state(cast, "drupal.org").due_at == at + timedelta(seconds=5400)
    watched = run(cast, server, "drupal.org", at + timedelta(minutes=80), wanted=is_watched)
    assert watched is None, "nor on a watch"
    server.replies[f"{PAGE}0"] = body({"list": [node(1, 100)]})
    server.replies["/node/77.json"] = body({"field_project_machine_name": "tiny"})
    assert run(cast, server, "drupal.org", at + timedelta(minutes=91), wanted=is_watched) is not None
    assert state(cast, "drupal.org").state == "ok"


@pytest.mark.parametrize("hostile", [b"<html>", b"[]", b'{"list": 5}', b'{"list": []}', b'{"list": [{"nid": 1}]}', b'{"list": [{"changed": "' + b"9" * 5000 + b'"}]}'])
def test_what_is_no_page_of_nodes_is_a_failure(cast: Any, server: FeedServer, hostile: bytes) -> None:
    server.replies[f"{PAGE}0"] = (200, {}, hostile)
    done = run(cast, server, "drupal.org")
    assert done is not None
    assert done.error
    assert state(cast, "drupal.org").fetched_at is None


def test_odd_nodes_cost_only_themselves(cast: Any, server: FeedServer) -> None:
    odd = [{**node(2, 90), "nid": "²"}, {**node(3, 80), "title": "a\x00b"}, {**node(4, 70), "field_project": {"id": "²"}}, {"changed": "5"}]
    server.replies |= {f"{PAGE}0": body({"list": [node(1, 100), *odd, "text"]}), "/node/77.json": body({"field_project_machine_name": "../x"})}
    done = run(cast, server, "drupal.org")
    assert done is not None
    assert (done.added, done.refused, done.error) == (2, 3, None)


def test_announcements_are_one_conditional_request(cast: Any, server: FeedServer) -> None:
    server.replies["/psa.json"] = lambda headers: (304, {}, b"") if headers["If-None-Match"] == '"1"' else (
        200, {"ETag": '"1"'}, json.dumps([PSA, {"title": 5}]).encode())
    done = run(cast, server, "psa")
    assert done is not None
    assert (done.added, done.refused) == (1, 1)
    assert run(cast, server, "psa", later(1)).added == 0  # type: ignore[union-attr]
    found = state(cast, "psa")
    assert (found.state, found.etag, found.refused_count) == ("ok", '"1"', 1)
    server.replies["/psa.json"] = (200, {}, b'{"not": "a list"}')
    assert run(cast, server, "psa", later(2)).error == "The answer is no list of announcements."  # type: ignore[union-attr]
    assert state(cast, "psa").fetched_at == found.fetched_at


def test_what_time_does_not_allow_is_asked_for(cast: Any, server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.replies["/modified_id.csv"] = index(("DRUPAL-CORE-2026-001", "2026-05-02T10:00:00Z"))
    server.replies |= {"/vulns/DRUPAL-CORE-2026-001": body(osv("DRUPAL-CORE-2026-001")), "/psa.json": body([PSA]), f"{PAGE}0": (503, {}, b"")}
    settings = {"FEEDS_ENABLED": True, "OSV_URL": server.url, "OSV_API_URL": server.url, "DRUPAL_API_URL": server.url,
                "PSA_URL": f"{server.url}/psa.json", "FEEDS_PAUSE_MS": 0}
    for name, value in settings.items():
        monkeypatch.setitem(cast.app.config, name, value)
    monkeypatch.setattr("webapp.catalog.feeds.guest.FIRST_WAIT", 0.01)
    monkeypatch.setattr("webapp.catalog.jobs.WATCHED_SECONDS", 0.0)
    with cast.app.app_context():
        jobs.watch_advisories()
        assert db.session.scalar(select(func.count()).select_from(JobOutbox).where(JobOutbox.name == "advisories.fetch")) == 2
    assert state(cast, "psa").state == "ok"
    assert state(cast, "osv").pending == {"ids": ["DRUPAL-CORE-2026-001"]}
    with cast.app.app_context():
        jobs.fetch_advisory_source(0, "osv")
        jobs.fetch_advisories()
    assert state(cast, "osv").state == "ok"
    assert state(cast, "drupal.org").state == "failed"


def test_superusers_see_and_ask(cast: Any, server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cast.admin.get("/admin/advisory-feeds").status_code == 403
    fresh = cast.root.get("/admin/advisory-feeds").json["data"]
    assert [(each["source"], each["state"], each["fetched_at"]) for each in fresh] == [
        ("psa", "waiting", None), ("drupal.org", "waiting", None), ("osv", "waiting", None)]
    server.replies["/psa.json"] = body([PSA])
    run(cast, server, "psa")
    server.replies["/modified_id.csv"] = (403, {}, b"")
    run(cast, server, "osv")
    listed = {each["source"]: each for each in cast.root.get("/admin/advisory-feeds").json["data"]}
    assert (listed["psa"]["state"], listed["psa"]["is_unfinished"]) == ("ok", False)
    assert listed["psa"]["age_seconds"] >= 0
    assert (listed["osv"]["state"], listed["osv"]["error"]) == ("failed", "The server answered with 403.")
    assert [each["source"] for each in cast.root.get("/admin/advisory-feeds", state="failed").json["data"]] == ["osv"]
    page = cast.root.browser().get("/admin/feeds").get_data(as_text=True)
    assert "The server answered with 403." in page
    assert "Announcements of updates.drupal.org" in page
    with cast.app.app_context():
        metrics = exposition(Figures({}, sources=find_source_ages(now())).registry())
    assert b'patchboard_advisory_feed_up{source="osv"} 0.0' in metrics
    assert b'patchboard_advisory_feed_age_seconds{source="psa"}' in metrics
    assert b'patchboard_advisory_feed_age_seconds{source="osv"}' not in metrics
    assert cast.root.post("/admin/advisory-feeds/osv/refresh").status_code == 409
    monkeypatch.setitem(cast.app.config, "FEEDS_ENABLED", True)
    assert cast.admin.post("/admin/advisory-feeds/osv/refresh").status_code == 403
    assert cast.root.post("/admin/advisory-feeds/nothing/refresh").status_code == 404
    assert cast.root.post("/admin/advisory-feeds/drupal.org/refresh").status_code == 202
    assert cast.root.get("/audit-logs", action="feed.asked_for").json["data"][0]["changes"]["source"] == [None, "drupal.org"]


def test_every_page_says_how_old_advisories_are(cast: Any, server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cast.app.config, "FEEDS_ENABLED", True)
    assert "not fetched yet" in foot(cast)
    with writing(cast.app):
        for source in ("psa", "osv", "drupal.org"):
            db.session.add(AdvisoryFeed(source=source, state="ok", fetched_at=now() - timedelta(minutes=5), due_at=now(),
                                        stale_at=now() + timedelta(hours=23)))
    assert "not fetched yet" not in foot(cast).partition("Release feeds")[0]
    assert "is-stale" not in foot(cast).partition("Release feeds")[0]
    with writing(cast.app):
        feed = db.session.get(AdvisoryFeed, "osv")
        assert feed is not None
        feed.fetched_at, feed.stale_at = now() - timedelta(hours=25), now() - timedelta(hours=1)
    assert "is-stale" in foot(cast).partition("Release feeds")[0]


def foot(cast: Any) -> str:
    page: str = cast.admin.browser().get("/sites").get_data(as_text=True)
    return page.partition('class="pb-nav-foot"')[2].partition("</nav>")[0]


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded advisories are not here")
def test_all_that_drupal_has_published(cast: Any, server: FeedServer) -> None:
    published = {each["id"]: each for each in map(orjson.loads, RECORDED.read_bytes().splitlines())}
    server.replies["/modified_id.csv"] = index(*[(name, each["modified"]) for name, each in published.items()])
    server.replies |= {f"/vulns/{name}": (200, {}, orjson.dumps(each)) for name, each in published.items()}
    done = run(cast, server, "osv", datetime(2026, 11, 1, tzinfo=UTC), limits=MORE)
    assert done is not None
    assert (done.added, done.refused, done.error, done.is_unfinished) == (len(published), 0, None, False)
    server.asked.clear()
    run(cast, server, "osv", datetime(2026, 11, 1, 2, tzinfo=UTC))
    assert paths(server) == ["/modified_id.csv", "/querybatch"], "nothing is had twice"
