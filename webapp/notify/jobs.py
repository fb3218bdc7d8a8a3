"""What workers do about notifications: ask the rules about what happened, and try to deliver."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import current_app

from webapp.kit import outgoing
from webapp.kit.clock import now
from webapp.kit.db import ALL, unit_of_work
from webapp.kit.logs import log
from webapp.notify.actions import clocks, delivering
from webapp.notify.actions.matching import Pace, match_facts
from webapp.notify.channels import Means


def match(attempt: int) -> None:
    """Asks the rules about everything that waits, some at a time."""
    gather, pause = (timedelta(seconds=current_app.config[f"NOTIFY_{name}_SECONDS"]) for name in ("GATHER", "PAUSE"))
    pace = Pace(gather, pause)
    count = 0
    while True:
        with unit_of_work(ALL):
            taken = match_facts(pace, now())
        count += taken
        if not taken:
            break
    log().info("notifications_matched", facts=count)


def deliver(delivery_id: str, attempt: int) -> None:
    """Tries once to deliver. No transaction is open while the other side is asked: it may take its time."""
    with unit_of_work(ALL):
        errand = delivering.begin(UUID(delivery_id), current_app.config["PUBLIC_URL"], now())
    if errand is None:
        return
    outcome, milliseconds = delivering.attempt(errand, Means(now(), rules_for_requests()))
    with unit_of_work(ALL):
        delivering.note_outcome(errand.delivery_id, outcome, milliseconds, now())
    log().info("notification_tried", delivery_id=delivery_id, kind=errand.target.kind, ok=outcome.ok, code=outcome.code, ms=milliseconds)


def delivery_failed(delivery_id: str, error: str) -> None:
    """Says that a message will not come because its workers kept dying."""
    delivering.give_up(UUID(delivery_id), error, now())


def rules_for_requests() -> outgoing.Rules:
    """How this server asks others."""
    config = current_app.config
    return outgoing.Rules(config["OUTGOING_NETWORKS"], config["OUTGOING_TIMEOUT_SECONDS"], f"Patchboard/{config['VERSION']}")


def hand_over() -> int:
    """Hands over what is due; called by the scheduler every few seconds."""
    with unit_of_work(ALL):
        return delivering.hand_over_due(now())


def notice_time() -> int:
    """Looks for deadlines and silences; called by the scheduler every minute."""
    with unit_of_work(ALL):
        return clocks.notice_what_time_brings(timedelta(hours=current_app.config["NOTIFY_DUE_SOON_HOURS"]), now())


def forget(days: int) -> int:
    """Removes what was over so many days ago, in portions, and tells how many there were."""
    count = 0
    with unit_of_work(ALL):
        clocks.forget_marks(now())
    while days:
        with unit_of_work(ALL):
            gone = delivering.forget_deliveries(days, 1000)
        count += gone
        if gone < 1000:
            break
    return count
