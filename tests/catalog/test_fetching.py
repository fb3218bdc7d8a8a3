"""Fetching release feeds from a server on a real socket: what is kept, what sites are told, and what failures leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.catalog.feed_server import FeedServer, feed, serving
from tests.factories import writing
from webapp.catalog import jobs
from webapp.catalog.actions.fetching import Bounds, fetch_due, watch
from webapp.catalog.feeds.client import UpdatesClient
from webapp.catalog.feeds.guest import Manners
from webapp.catalog.models import ProjectFeed, ProjectRelease
from webapp.fleet.actions.verdicts import adopt_strays
from webapp.kit.clock import now
from webapp.kit.db import db, execute

TINY = feed("tiny", ("1.0.2", "Security update"), ("1.0.1", "Insecure"), ("1.0.0", "Insecure"))
BOUNDS = Bounds(most=50, seconds=600)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serving() as made:
        yield made


@pytest.fixture
def site(cast: Any) -> Any:
    with writing(cast.app):
        made = factories.site(cast.organization)
        factories.reported(made, {name: factories.module(name, version) for name, version in {"tiny": "1.0.1", "own": "2.0.0"}.items()})
    return made


def run(cast: Any, server: FeedServer, at: datetime | None = None) -> Any:
    client = UpdatesClient(server.url, Manners("test", 2, 0), lambda _: None)
    with cast.app.app_context():
        return fetch_due(client, BOUNDS, lambda: at or now())


def stored(cast: Any, project: str) -> ProjectFeed:
    with cast.app.app_context():
        found: ProjectFeed = db.session.scalars(select(ProjectFeed).where(ProjectFeed.project == project)).one()
        return found


def row(cast: Any, site: Any, name: str) -> dict[str, Any]:
    rows = cast.admin.get(f"/sites/{site.id}/modules", name=name).json["data"]
    return dict(rows[0])


def test_what_sites_run_is_fetched_and_judged(cast: Any, server: FeedServer, site: Any) -> None:
    assert row(cast, site, "tiny")["status"] == "not_fetched"
    assert cast.admin.get(f"/sites/{site.id}").json["data"]["status"] == "unknown"
    server.replies["/tiny/current"] = (200, {"ETag": '"1"'}, TINY)
    done = run(cast, server)
    assert (done.asked, done.changed, done.failed) == (2, 2, 0)
    tiny, own = row(cast, site, "tiny"), row(cast, site, "own")
    assert (tiny["status"], tiny["status_rule"], tiny["recommended_version"]) == ("not_secure", "installed_insecure", "1.0.2")
    assert tiny["update_available"] is True
    assert tiny["security_update"] is True
    assert tiny["feed_fetched_at"]
    assert (own["status"], own["status_rule"]) == ("unknown", "unknown_project")
    assert cast.admin.get(f"/sites/{site.id}").json["data"]["status"] == "vulnerable"
    assert stored(cast, "own").state == "unknown_project"
    with cast.app.app_context():
        assert db.session.scalar(select(ProjectRelease.released_at).where(ProjectRelease.version == "1.0.2")).year == 2025


def test_the_next_run_asks_only_what_is_due_and_costs_no_body(cast: Any, server: FeedServer, site: Any) -> None:
    server.replies["/tiny/current"] = lambda headers: (304, {}, b"") if headers["If-None-Match"] == '"1"' else (200, {"ETag": '"1"'}, TINY)
    run(cast, server)
    assert run(cast, server).asked == 0
    later = now() + BOUNDS.lasting.interval + timedelta(minutes=1)
    assert run(cast, server, later).changed == 0
    found = stored(cast, "tiny")
    assert found.fetched_at == later
    assert found.changed_at < later
    assert [path for path, headers in server.asked if "if-none-match" in headers] == ["/release-history/tiny/current"]


def test_what_a_new_feed_says_reaches_the_sites(cast: Any, server: FeedServer, site: Any) -> None:
    server.replies["/tiny/current"] = (200, {}, feed("tiny", ("1.0.1", "Bug fixes")))
    run(cast, server)
    assert row(cast, site, "tiny")["status"] == "current"
    assert cast.admin.get(f"/sites/{site.id}").json["data"]["status"] == "ok"
    server.replies["/tiny/current"] = (200, {}, TINY)
    run(cast, server, now() + timedelta(hours=7))
    shown = cast.admin.get(f"/sites/{site.id}").json["data"]
    assert (shown["status"], shown["security_updates_count"]) == ("vulnerable", 1)
    server.replies["/tiny/current"] = (200, {}, feed("tiny", ("2.0.0", "Bug fixes"), branches="2."))
    run(cast, server, now() + timedelta(hours=14))
    assert row(cast, site, "tiny")["status"] == "not_supported"
    assert cast.admin.get(f"/sites/{site.id}").json["data"]["status"] == "unsupported"


def test_a_failure_keeps_what_was_had_and_says_why(cast: Any, server: FeedServer, site: Any) -> None:
    server.replies["/tiny/current"] = [(200, {}, TINY), (200, {}, b"<html>maintenance</html>")]
    first = now()
    run(cast, server, first)
    run(cast, server, first + timedelta(hours=7))
    found = stored(cast, "tiny")
    assert (found.state, found.failures, found.releases_count) == ("failed", 1, 3)
    assert "no release feed" in str(found.error)
    assert found.fetched_at == first
    assert row(cast, site, "tiny")["status"] == "not_secure"
    assert found.due_at - (first + timedelta(hours=7)) == timedelta(minutes=5)


def test_the_feed_of_another_project_is_refused(cast: Any, server: FeedServer, site: Any) -> None:
    server.replies["/tiny/current"] = (200, {}, feed("huge", ("1.0.1", "Bug fixes")))
    run(cast, server)
    assert stored(cast, "tiny").state == "failed"
    assert row(cast, site, "tiny")["status"] == "not_fetched"


def test_a_server_that_is_away_is_not_asked_about_every_project(cast: Any, server: FeedServer) -> None:
    with writing(cast.app):
        made = factories.site(cast.organization)
        factories.reported(made, {f"m{number}": factories.module(f"m{number}", "1.0.0") for number in range(20)})
    for number in range(20):
        server.replies[f"/m{number}/current"] = (503, {}, b"down")
    done = run(cast, server)
    assert (done.asked, done.failed) == (3, 3)


def test_on_a_watch_core_is_asked_again_after_a_minute(cast: Any, server: FeedServer) -> None:
    with writing(cast.app):
        made = factories.site(cast.organization)
        factories.reported(made, {"drupal": factories.module("drupal", "11.0.0", type="core"), "tiny": factories.module("tiny", "1.0.1")})
    server.replies |= {"/tiny/current": (200, {}, TINY), "/drupal/current": (200, {}, feed("drupal", ("11.0.0", "Bug fixes"), branches="11.0."))}
    at = now()
    run(cast, server, at)
    server.asked.clear()
    with writing(cast.app):
        watch(at + timedelta(minutes=1))
    run(cast, server, at + timedelta(minutes=1))
    assert [path for path, _ in server.asked] == ["/release-history/drupal/current"]


def test_a_worker_fetches_what_somebody_asks_for(cast: Any, server: FeedServer, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cast.root.post("/admin/feeds/tiny/refresh").status_code == 409
    for name, value in {"FEEDS_ENABLED": True, "UPDATES_URL": server.url, "FEEDS_PAUSE_MS": 0}.items():
        monkeypatch.setitem(cast.app.config, name, value)
    assert cast.admin.post("/admin/feeds/tiny/refresh").status_code == 403
    assert cast.root.post("/admin/feeds/nothing/refresh").status_code == 404
    answer = cast.root.post("/admin/feeds/tiny/refresh")
    assert answer.status_code == 202
    assert answer.json["data"]["project"] == "tiny"
    server.replies["/tiny/current"] = (200, {}, TINY)
    with cast.app.app_context():
        jobs.fetch_project(0, "tiny")
    assert row(cast, site, "tiny")["status"] == "not_secure"
    trail = cast.root.get("/audit-logs", action="feed.asked_for").json["data"]
    assert trail[0]["changes"]["project"] == [None, "tiny"]


def test_the_page_asks_for_a_feed_and_keeps_its_filters(cast: Any, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cast.app.config, "FEEDS_ENABLED", True)
    browser = cast.root.browser()
    answer = browser.post("/admin/feeds/tiny/refresh", {"query": "state=waiting"})
    assert answer.status_code == 303
    assert answer.location.endswith("/admin/feeds?state=waiting")
    assert "The feed of tiny is asked for." in browser.get("/admin/feeds").get_data(as_text=True)
    assert cast.viewer.browser().get("/admin/feeds").status_code == 403


def test_what_was_reported_before_there_were_feeds_is_judged_later(cast: Any, server: FeedServer, site: Any) -> None:
    server.replies["/tiny/current"] = (200, {}, TINY)
    run(cast, server)
    with writing(cast.app):
        execute("UPDATE installations SET verdict_id = NULL, status = NULL, update_available = NULL, security_update = NULL")
        execute("UPDATE sites SET condition = 'unknown', security_updates_count = 0")
    with cast.app.app_context():
        assert adopt_strays(now()) == 1
        assert adopt_strays(now()) == 0
    assert row(cast, site, "tiny")["status"] == "not_secure"
    shown = cast.admin.get(f"/sites/{site.id}").json["data"]
    assert (shown["status"], shown["security_updates_count"]) == ("vulnerable", 1)


def test_superusers_see_how_fresh_the_feeds_are(cast: Any, server: FeedServer, site: Any) -> None:
    server.replies["/tiny/current"] = (200, {}, TINY)
    run(cast, server)
    assert cast.admin.get("/admin/feeds").status_code == 403
    listed = {each["project"]: each for each in cast.root.get("/admin/feeds").json["data"]}
    assert listed["tiny"]["state"] == "ok"
    assert listed["tiny"]["age_seconds"] >= 0
    assert (listed["tiny"]["releases_count"], listed["tiny"]["source"]) == (3, "updates.drupal.org")
    assert listed["own"]["state"] == "unknown_project"
    assert [each["project"] for each in cast.root.get("/admin/feeds", state="ok").json["data"]] == ["tiny"]
    page = cast.root.browser().get("/admin/feeds")
    assert page.status_code == 200
    assert "Tiny" in page.get_data(as_text=True)
    assert "Not on Drupal.org" in page.get_data(as_text=True)
