"""What workers do about feeds and advisories: fetch what is due, watch closely when security releases come out, fetch one at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import text

from webapp.catalog.actions import fetching
from webapp.catalog.actions.advisory_fetching import Limits, Turn, fetch_sources, is_due, is_watched
from webapp.catalog.actions.advisory_walks import NodesWalk, OsvWalk, PsaWalk
from webapp.catalog.actions.fetching import Bounds, Fetched
from webapp.catalog.feeds.advisory_clients import NodesClient, OsvClient, PsaClient
from webapp.catalog.feeds.client import UpdatesClient
from webapp.catalog.feeds.guest import Manners
from webapp.catalog.queries.feeds import find_feeds_of
from webapp.catalog.values.freshness import Lasting
from webapp.catalog.values.releases import AdvisoryOrigin
from webapp.kit import jobs
from webapp.kit.clock import now
from webapp.kit.db import ALL, db, unit_of_work
from webapp.kit.logs import log

ONE_AT_A_TIME = 7_221_038
ADVISORIES_ONE_AT_A_TIME = 7_221_039
WATCHED_SECONDS, LONGEST_SECONDS = 20.0, 300.0
ADVISORIES_INTERVAL = timedelta(minutes=50)
MOST_WATCHED = 40
Work = Callable[[UpdatesClient, Bounds], Fetched]


def fetch_feeds() -> None:
    """Fetches the feeds that are due, the stalest first."""
    _run(lambda client, bounds: fetching.fetch_due(client, bounds, now))


def watch_feeds() -> None:
    """Asks for core's feed, and for what is older than an hour; called every minute while security releases are expected."""
    def watch(client: UpdatesClient, bounds: Bounds) -> Fetched:
        with unit_of_work(ALL):
            fetching.watch(now())
        return fetching.fetch_due(client, replace(bounds, most=min(bounds.most, MOST_WATCHED), seconds=50), now)

    _run(watch)


def fetch_project(attempt: int, project: str) -> None:
    """Fetches the feeds of one project at once, whenever they would be due."""
    def fetch(client: UpdatesClient, bounds: Bounds) -> Fetched:
        with unit_of_work(ALL):
            due = find_feeds_of(project)
        return fetching.fetch(client, due, bounds, now)

    _run(fetch, alone=False)


def _run(work: Work, *, alone: bool = True) -> None:
    """Does it with a client, unless fetching is switched off, or (`alone`) somebody else is at it."""
    config = current_app.config
    if not config["FEEDS_ENABLED"]:
        return
    lasting = Lasting(timedelta(minutes=config["FEEDS_INTERVAL_MINUTES"]), timedelta(hours=config["FEEDS_STALE_HOURS"]))
    bounds = Bounds(config["FEEDS_PER_RUN"], 120, lasting)
    with _turn(ONE_AT_A_TIME if alone else None) as is_ours:
        if not is_ours:
            return
        with closing(UpdatesClient(config["UPDATES_URL"], _manners())) as client:
            done = work(client, bounds)
    if done.asked:
        log().info("feeds_fetched", asked=done.asked, changed=done.changed, failed=done.failed)


def fetch_advisories() -> None:
    """Fetches the advisories of the sources that are due, or were left unfinished."""
    _run_sources(_limits(), is_due)


def watch_advisories() -> None:
    """Fetches what is new of every source; called every minute while security releases are expected."""
    _run_sources(_limits(WATCHED_SECONDS), is_watched)


def fetch_advisory_source(attempt: int, source: str) -> None:
    """Fetches the advisories of one source at once, or goes on with it."""
    _run_sources(_limits(), lambda row, _: row.source == source)


def _limits(seconds: float = LONGEST_SECONDS) -> Limits:
    return Limits(seconds, Lasting(ADVISORIES_INTERVAL, timedelta(hours=current_app.config["FEEDS_STALE_HOURS"])))


def _run_sources(limits: Limits, wanted: Callable[[Any, datetime], bool]) -> None:
    """Reads the sources that are wanted, unless fetching is switched off or somebody else is at it; what is unfinished is asked for."""
    config = current_app.config
    if not config["FEEDS_ENABLED"]:
        return
    with _turn(ADVISORIES_ONE_AT_A_TIME) as is_ours, ExitStack() as open_clients:
        if not is_ours:
            return
        psa = open_clients.enter_context(closing(PsaClient(config["PSA_URL"], _manners())))
        nodes = open_clients.enter_context(closing(NodesClient(config["DRUPAL_API_URL"], _manners())))
        osv = open_clients.enter_context(closing(OsvClient(config["OSV_URL"], config["OSV_API_URL"], _manners())))
        turns = fetch_sources([PsaWalk(psa), NodesWalk(nodes), OsvWalk(osv)], limits, now, wanted=wanted)
    _go_on(turns)
    for turn in turns:
        log().info("advisories_fetched", source=str(turn.source), added=turn.added, changed=turn.changed, refused=turn.refused,
                   is_unfinished=turn.is_unfinished, error=turn.error)


def _go_on(turns: Sequence[Turn]) -> None:
    """Asks for the rest of what ended with its time; after the lock is gone, so that the next run finds it free."""
    left: list[AdvisoryOrigin] = [turn.source for turn in turns if turn.is_unfinished]
    if left:
        with unit_of_work(ALL):
            for source in left:
                jobs.ask("advisories.fetch", {"source": source.value}, now())


def _manners() -> Manners:
    config = current_app.config
    contact = f"; +{config['PUBLIC_URL']}" if config["PUBLIC_URL"] else ""
    return Manners(f"Patchboard/{config['VERSION']} (update feeds{contact})", config["FEEDS_TIMEOUT_SECONDS"],
                   config["FEEDS_PAUSE_MS"] / 1000, config["FEEDS_PROXIES"])


@contextmanager
def _turn(key: int | None) -> Iterator[bool]:
    """Whether it is our turn: one run at a time with a key, whichever worker it is on. The lock goes with its transaction."""
    if key is None:
        yield True
        return
    with db.engine.connect() as connection, connection.begin():
        yield bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}))
