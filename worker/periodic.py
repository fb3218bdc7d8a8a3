"""What is done again and again, and when. Each may be done twice, or missed once, without harm."""

from __future__ import annotations

from collections.abc import Callable

from webapp.accounts.actions.nonces import forget_nonces
from webapp.audit.actions import note_check
from webapp.audit.queries import verify
from webapp.catalog.jobs import fetch_advisories, fetch_feeds, watch_advisories, watch_feeds
from webapp.exposure.jobs import end_expired
from webapp.fleet.actions.cadence import learn_cadences
from webapp.fleet.actions.verdicts import adopt_strays, settle_feeds
from webapp.kit.clock import now
from webapp.kit.db import ALL, enter_scope, rollback, rows, unit_of_work
from webapp.kit.keys import audit_keys
from webapp.kit.logs import log
from webapp.notify.jobs import notice_time
from webapp.reports.jobs import run_schedules
from worker.entry import app
from worker.retention import (
    forget_answers,
    forget_deliveries,
    forget_jobs,
    forget_report_files,
    forget_sign_ins,
    forget_uploads,
    forget_usage,
    forget_webhook_bodies,
)

MONTHS_AHEAD = 12


def make_partitions() -> None:
    """Makes the monthly partitions of the append-only tables for a year ahead."""
    with app.app_context(), unit_of_work(ALL):
        made = rows("SELECT patchboard_make_partitions(:months) AS made", months=MONTHS_AHEAD)[0].made
    log().info("partitions_made", partitions=made)


def forget_seen_nonces() -> None:
    """Forgets the nonces of signed requests that are too old to be sent again."""
    with app.app_context(), unit_of_work(ALL):
        forgotten = forget_nonces(now())
    log().info("nonces_forgotten", nonces=forgotten)


def check_audit_log() -> None:
    """Holds the audit log against its chain, and keeps what was found; a log that is not whole is an error in our own."""
    with app.app_context():
        enter_scope(ALL)
        found = verify(audit_keys())
        rollback()
        with unit_of_work(ALL):
            note_check(found, now())
    told = {"head": str(found.head), "unsealed": found.unsealed, "findings": found.findings}
    if found.is_whole:
        log().info("audit_log_checked", **told)
    else:
        log().error("audit_log_not_whole", first=str(found.first), **told)


def fetch_release_feeds() -> None:
    """Fetches the release feeds that are due; judges what reports from before there were feeds have left."""
    with app.app_context():
        fetch_feeds()
        settle_feeds(now())
        adopt_strays(now())


def watch_release_feeds() -> None:
    """Looks closely at Drupal's own releases, and at what is stale, while security releases come out."""
    with app.app_context():
        watch_feeds()


def fetch_security_advisories() -> None:
    """Fetches the advisories of every source that is due."""
    with app.app_context():
        fetch_advisories()


def watch_security_advisories() -> None:
    """Looks for new advisories while security releases come out."""
    with app.app_context():
        watch_advisories()


def end_expired_decisions() -> None:
    """Opens again what was accepted until now."""
    with app.app_context():
        ended = end_expired()
    if ended:
        log().info("decisions_expired", decisions=ended)


def notice_deadlines_and_silences() -> None:
    """Looks for deadlines that came near or passed, and for sites that fell silent, where rules ask for it."""
    with app.app_context():
        notice_time()


def run_report_schedules() -> None:
    """Makes the reports of the schedules that are due; what was due while nothing ran is made once."""
    with app.app_context():
        ran = run_schedules()
    if ran:
        log().info("report_schedules_ran", schedules=ran)


def learn_rhythms() -> None:
    """Learns how often each site really reports."""
    with app.app_context(), unit_of_work(ALL):
        changed = learn_cadences()
    log().info("rhythms_learned", sites=changed)


PERIODIC: tuple[tuple[Callable[[], None], str], ...] = (
    (make_partitions, "17 2 * * *"),
    (forget_answers, "7 * * * *"),
    (forget_jobs, "37 3 * * *"),
    (forget_report_files, "41 3 * * *"),
    (forget_sign_ins, "43 3 * * *"),
    (forget_uploads, "47 3 * * *"),
    (forget_usage, "45 3 * * *"),
    (forget_webhook_bodies, "51 3 * * *"),
    (end_expired_decisions, "* * * * *"),
    (notice_deadlines_and_silences, "* * * * *"),
    (run_report_schedules, "* * * * *"),
    (forget_deliveries, "49 3 * * *"),
    (learn_rhythms, "11 * * * *"),
    (forget_seen_nonces, "27 * * * *"),
    (check_audit_log, "47 3 * * *"),
    (fetch_release_feeds, app.config["FEEDS_SCHEDULE"]),
    (watch_release_feeds, app.config["FEEDS_WATCH"]),
    (fetch_security_advisories, app.config["ADVISORIES_SCHEDULE"]),
    (watch_security_advisories, app.config["ADVISORIES_WATCH"]),
)
"""Each with its cron expression, in the server's time zone."""
