"""Green means reported in time *and* judged by fresh data: what stale feeds take away, where it shows, and how it comes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests import factories
from tests.catalog.feed_server import feed
from tests.factories import writing
from tests.fleet.pages import links_of
from webapp.catalog.actions.advisory_feeds import hold_source, note_import, note_read
from webapp.catalog.actions.releases import Origin, hash_of, keep_feed, keep_unchanged, keep_unknown
from webapp.catalog.feeds.release_history import parse_feed
from webapp.catalog.models import AdvisoryFeed, ProjectFeed
from webapp.catalog.values.freshness import Freshness, Lasting
from webapp.catalog.values.releases import Line
from webapp.fleet.models import Site
from webapp.kit.clock import now
from webapp.kit.db import db
from webapp.kit.events import FIELD, KEY, unpacked
from webapp.kit.redis import redis
from webapp.shell.notices import notice_of

SAID = ("1 release feed has been stale for", "older than 24 hours", "Whoever operates this server", "/admin/feeds")
FEEDS = {"drupal": "11.2.3", "webform": "6.2.9", "token": "1.15.0"}


def keep(project: str, at: datetime, lasting: Lasting = Lasting()) -> Any:  # noqa: B008 (it is immutable)
    raw = feed(project, (FEEDS[project], ""), branches=FEEDS[project][:2])
    return keep_feed(parse_feed(raw), hash_of(raw), Origin("test"), at, lasting)


def aged(project: str, **age: float) -> None:
    """Makes a feed as old as that."""
    fetched = now() - timedelta(**age)
    db.session.execute(update(ProjectFeed).where(ProjectFeed.project == project).values(
        fetched_at=fetched, stale_at=fetched + timedelta(hours=24)))


@pytest.fixture
def sites(cast: Any) -> dict[str, Any]:
    """Two sites of the cast that are OK by fresh feeds, one of which runs a module more; and one that waits for an update."""
    with writing(cast.app):
        for project in FEEDS:
            keep(project, now())
        made = {name: factories.site(cast.organization, name=name) for name in ("plain", "rich", "behind")}
        factories.reported(made["plain"], {"webform": factories.module("webform", "6.2.9")}, core="11.2.3")
        factories.reported(made["rich"], {"webform": factories.module("webform", "6.2.9"), "token": factories.module("token", "1.15.0")},
                           core="11.2.3")
        factories.reported(made["behind"], {"webform": factories.module("webform", "6.2.8", "6.2.9")}, core="11.2.3")
    return made


def statuses(cast: Any) -> dict[str, str]:
    """Every site's status as the list says it, which the page of the site, the filter, the counts and the graph have to agree with."""
    listed = {row["name"]: row for row in cast.viewer.get("/sites").json["data"]}
    graph = cast.viewer.post("/graphql", {"query": "{sites {nodes {name status}}}"}).json["data"]["sites"]["nodes"]
    assert {row["name"]: row["status"].lower() for row in graph} == {name: row["status"] for name, row in listed.items()}
    exported = cast.viewer.get("/sites", format="csv").get_data(as_text=True)
    for name, row in listed.items():
        status = row["status"]
        assert cast.viewer.get(f"/sites/{row['id']}").json["data"]["status"] == status
        assert name in [each["name"] for each in cast.viewer.get("/sites", status=status).json["data"]]
        assert f",{status}," in next(line for line in exported.splitlines() if name in line)
    return {name: row["status"] for name, row in listed.items()}


def test_a_site_is_not_ok_by_a_stale_feed_that_it_rests_on_and_is_again_when_that_is_fetched(cast: Any, sites: dict[str, Any]) -> None:
    assert statuses(cast) == {"plain": "ok", "rich": "ok", "behind": "outdated"}
    with writing(cast.app):
        aged("token", hours=25)
    assert statuses(cast) == {"plain": "ok", "rich": "unknown", "behind": "outdated"}
    rich = next(row for row in cast.viewer.get("/sites", status="unknown").json["data"])
    assert rich["is_stale"]
    assert datetime.fromisoformat(rich["status_since"]) > now() - timedelta(minutes=5)
    token = next(row for row in cast.viewer.get(f"/sites/{rich['id']}/modules").json["data"] if row["name"] == "token")
    assert (token["status"], token["feed_is_stale"], token["update_available"]) == ("current", True, False)
    with writing(cast.app):
        aged("drupal", hours=25)
    assert statuses(cast) == {"plain": "unknown", "rich": "unknown", "behind": "outdated"}
    with writing(cast.app):
        keep("token", now())
        keep_unchanged(db.session.query(ProjectFeed.id).filter_by(project="drupal").scalar(), Origin("test"), now())
    assert statuses(cast) == {"plain": "ok", "rich": "ok", "behind": "outdated"}


def test_since_when_is_since_the_first_of_its_feeds_is_stale(cast: Any, sites: dict[str, Any]) -> None:
    with writing(cast.app):
        db.session.execute(update(Site).values(condition_since=now() - timedelta(days=40)))
        aged("token", days=4)
        aged("drupal", days=2)
    since = {row["name"]: datetime.fromisoformat(row["status_since"]) for row in cast.viewer.get("/sites").json["data"]}
    ages = {name: now() - began for name, began in since.items()}
    assert ages == {name: pytest.approx(timedelta(days=days), abs=timedelta(hours=1)) for name, days in (("rich", 3), ("plain", 1), ("behind", 40))}


def test_stale_advisories_take_it_from_all_and_half_of_them_are_not_all(cast: Any, sites: dict[str, Any]) -> None:
    def read(source: str, at: datetime) -> None:
        with writing(cast.app):
            hold_source(source, at)
            note_read(source, at, Lasting(), as_of=at)

    read("psa", now())
    assert set(statuses(cast).values()) == {"unknown", "outdated"}  # two sources were never read to their end
    for source in ("osv", "drupal.org"):
        read(source, now())
    assert statuses(cast)["plain"] == "ok"
    with writing(cast.app):
        row = db.session.get(AdvisoryFeed, "osv")
        assert row is not None
        row.fetched_at, row.stale_at = now() - timedelta(hours=30), now() - timedelta(hours=6)
    assert statuses(cast) == {"plain": "unknown", "rich": "unknown", "behind": "outdated"}
    with writing(cast.app):
        note_import(now(), Lasting())  # all that is published came from a file
    assert statuses(cast)["plain"] == "ok"


def test_what_does_not_age_or_judges_nothing_takes_nothing_away(cast: Any, sites: dict[str, Any]) -> None:
    with writing(cast.app):
        for project in FEEDS:
            keep(project, now() - timedelta(days=90), Lasting(stale_after=None))
        keep_unknown("ours", Line.CURRENT, "test", now() - timedelta(days=90))
        factories.reported(sites["plain"], {"webform": factories.module("webform", "6.2.9"), "ours": factories.module("ours", "1.0.0")},
                           core="11.2.3")
        factories.reported(sites["rich"], {"webform": factories.module("webform", "6.2.9"),
                                           "token": factories.module("token", "1.15.0", enabled=False)}, core="11.2.3")
        aged("token", days=9)
    assert statuses(cast) == {"plain": "ok", "rich": "ok", "behind": "outdated"}  # what is switched off needs nothing


def test_every_page_says_so_and_only_while_it_is_so(cast: Any, sites: dict[str, Any]) -> None:
    viewer, root = cast.viewer.browser(), cast.root.browser()
    with writing(cast.app):
        note_import(now(), Lasting())
    assert "stale" not in viewer.get("/modules").get_data(as_text=True).partition("<main")[2]
    with writing(cast.app):
        aged("token", hours=25)
    for path in ("/overview", "/sites", "/modules", "/wednesday", "/reports", "/profile"):
        page = viewer.get(path).get_data(as_text=True).partition("<main")[2]
        assert [words in page for words in SAID] == [True, True, True, False], path
    assert "/admin/feeds" in links_of(root.get("/sites"))
    rich = viewer.get(f"/sites/{sites['rich'].id}").get_data(as_text=True)
    assert "It would be OK, but that rests on what is stale" in rich
    assert "Feeds stale" in rich
    listed = cast.root.get("/admin/feeds", stale="true").json
    assert [row["project"] for row in listed["data"]] == ["token"]
    assert 'href="/admin/feeds?stale=true">1</a>' in root.get("/wednesday").get_data(as_text=True)


def test_what_a_site_is_told_of_a_change_is_not_ok_by_a_stale_feed(cast: Any, sites: dict[str, Any]) -> None:
    with writing(cast.app):
        aged("drupal", hours=30)
    with cast.app.app_context():
        redis().delete(KEY)
    with writing(cast.app):
        factories.reported(sites["behind"], {"webform": factories.module("webform", "6.2.9")}, core="11.2.3")
    with cast.app.app_context():
        told = [unpacked("", fields[FIELD]) for _, fields in redis().xrange(KEY)]
    changed = [each.data for each in told if each.type == "site.status_changed"]
    assert [each["status"] for each in changed] == [["outdated", "unknown"]]


@pytest.mark.parametrize(("advisories", "releases", "says"), [
    (Freshness(), Freshness(), "never fetched"),
    (Freshness(), Freshness(as_of=datetime(2026, 11, 1), is_invented=True), "This is the demo"),
    (Freshness(), Freshness(as_of=datetime(2026, 11, 1)), "Advisories were never fetched"),
    (Freshness(stale=1), Freshness(as_of=datetime(2026, 11, 1)), "not all of their sources"),
    (Freshness(datetime(2026, 10, 1), stale=1, limit=timedelta(days=3)), Freshness(stale=2, limit=timedelta(hours=24)), "older than 3 days"),
])
def test_what_was_never_had_is_said_as_such(advisories: Freshness, releases: Freshness, says: str) -> None:
    notice = notice_of(advisories, releases, may_operate=False, on_overview=True)
    assert notice is not None
    assert says in f"{notice.title} {notice.text}"
    assert notice.is_warning == (advisories.is_stale or releases.is_stale)
    assert notice.link is None


def test_an_interval_that_is_longer_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from config import feed_settings
    from webapp.kit.settings import BadSetting

    assert feed_settings("production")["FEEDS_STALE_HOURS"] == 24
    monkeypatch.setenv("FEEDS_INTERVAL_MINUTES", "2880")
    assert feed_settings("production")["FEEDS_STALE_HOURS"] == 192
    monkeypatch.setenv("FEEDS_STALE_HOURS", "48")
    with pytest.raises(BadSetting, match="FEEDS_STALE_HOURS"):
        feed_settings("production")
