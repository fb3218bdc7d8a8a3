"""What workers do about release feeds: fetch what is due, watch closely when security releases come out, fetch one at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta

from flask import current_app
from sqlalchemy import text

from webapp.catalog.actions import fetching
from webapp.catalog.actions.fetching import Bounds, Fetched
from webapp.catalog.feeds.client import Manners, UpdatesClient
from webapp.catalog.queries.feeds import find_feeds_of
from webapp.kit.clock import now
from webapp.kit.db import ALL, db, unit_of_work
from webapp.kit.logs import log

ONE_AT_A_TIME = 7_221_038
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
    contact = f"; +{config['PUBLIC_URL']}" if config["PUBLIC_URL"] else ""
    manners = Manners(f"Patchboard/{config['VERSION']} (update feeds{contact})", config["FEEDS_TIMEOUT_SECONDS"],
                      config["FEEDS_PAUSE_MS"] / 1000)
    bounds = Bounds(config["FEEDS_PER_RUN"], 120, timedelta(minutes=config["FEEDS_INTERVAL_MINUTES"]))
    with _turn(alone) as is_ours:
        if not is_ours:
            return
        with closing(UpdatesClient(config["UPDATES_URL"], manners)) as client:
            done = work(client, bounds)
    if done.asked:
        log().info("feeds_fetched", asked=done.asked, changed=done.changed, failed=done.failed)


@contextmanager
def _turn(alone: bool) -> Iterator[bool]:
    """Whether it is our turn: one run at a time, whichever worker it is on. The lock goes with its transaction."""
    if not alone:
        yield True
        return
    with db.engine.connect() as connection, connection.begin():
        yield bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME}))
