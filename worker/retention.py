"""What is forgotten after its time, in portions, so that no table is locked and no transaction is long. Never the audit log.

KEEP_…_DAYS says how long; 0 is for ever. The time is the database's.
"""

from __future__ import annotations

from collections.abc import Callable

from webapp.files.jobs import forget_files as forget_upload_files
from webapp.insights.actions.deliveries import forget_bodies
from webapp.kit.clock import now
from webapp.kit.db import ALL, execute, unit_of_work
from webapp.kit.logs import log
from webapp.kit.storage import storage
from webapp.notify.jobs import forget as forget_notifications
from webapp.reports.actions import forget_files, sweep_strays
from worker.entry import app

PORTION = 2000
RULES = {
    "answers": ("idempotency_keys", "created_at < now() - make_interval(hours => 24)", None),
    "jobs": ("job_outbox",
             "state IN ('done', 'failed', 'cancelled') AND finished_at < now() - make_interval(days => :days)", "KEEP_JOBS_DAYS"),
    "sign_ins": ("sign_ins", "coalesce(ended_at, last_seen_at + make_interval(days => :life)) < now() - make_interval(days => :days)",
                 "KEEP_SIGN_INS_DAYS"),
    "usage": ("api_usage", "day < current_date - CAST(:days AS integer)", "KEEP_USAGE_DAYS"),
}
"""Table, condition and setting by name. A sign-in that nobody ended is over when its last refresh token is."""


def forget(name: str) -> int:
    """Removes the rows of a rule, portion by portion, and tells how many there were."""
    table, condition, setting = RULES[name]
    count = 0
    with app.app_context():
        days = app.config[setting] if setting else 1
        if not days:
            return 0
        values = {"days": days, "life": app.config["JWT_REFRESH_TOKEN_EXPIRES"].days}
        asked = {key: value for key, value in values.items() if f":{key}" in condition}
        statement = f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {condition} LIMIT :most))"  # noqa: S608
        while True:
            with unit_of_work(ALL):
                gone = execute(statement, **asked, most=PORTION)
            count += gone
            if gone < PORTION:
                break
    log().info("forgotten", what=name, rows=count)
    return count


def forget_answers() -> None:
    """Forgets the answers that were kept for repeated POSTs, after the 24 hours that the contract promises."""
    forget("answers")


def forget_jobs() -> None:
    """Forgets finished work."""
    forget("jobs")


def forget_deliveries() -> None:
    """Forgets what was delivered long ago, and what happened then."""
    with app.app_context():
        count = forget_notifications(app.config["KEEP_DELIVERIES_DAYS"])
    log().info("forgotten", what="deliveries", rows=count)


def forget_sign_ins() -> None:
    """Forgets sign-ins that are over; that they were is in the audit log."""
    forget("sign_ins")


def forget_usage() -> None:
    """Forgets who asked for what."""
    forget("usage")


def forget_report_files() -> None:
    """Removes the files of old built reports, which stay and say that they were, and files that belong to none."""
    with app.app_context():
        kept = storage()
        _in_portions("report_files", "KEEP_REPORT_FILES_DAYS", 100, lambda days, most: forget_files(days, most, kept))
        with unit_of_work(ALL):
            sweep_strays(kept, now())


def forget_uploads() -> None:
    """Removes the files of uploads that were deleted long ago, and files that belong to nothing."""
    with app.app_context():
        count = forget_upload_files(app.config["KEEP_DELETED_UPLOADS_DAYS"])
    log().info("forgotten", what="uploads", rows=count)


def forget_webhook_bodies() -> None:
    """Forgets what old deliveries of webhooks said; that they came, and what was made of them, stays."""
    with app.app_context():
        _in_portions("webhook_bodies", "KEEP_WEBHOOK_BODIES_DAYS", 500, forget_bodies)


def _in_portions(what: str, setting: str, most: int, portion: Callable[[int, int], int]) -> None:
    """Forgets what is older than the setting's days, so many at a time."""
    days, count = app.config[setting], 0
    while days:
        with unit_of_work(ALL):
            gone = portion(days, most)
        count += gone
        if gone < most:
            break
    log().info("forgotten", what=what, rows=count)
