"""Steps that tests of notifications share: channels and rules through their doors, and time that passes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from webapp.kit import jobs
from webapp.kit.db import ALL, commit, enter_scope, execute, rows
from webapp.notify.jobs import hand_over, notice_time

WAITING = "SELECT id, attempt FROM job_outbox WHERE state IN ('waiting', 'queued') ORDER BY created_at, id"


def made(answer: Any) -> Any:
    """The `data` of an answer that must be a success."""
    assert answer.status_code in (200, 201, 202), answer.text
    return answer.json["data"]


def webhook(cast: Any, url: str, name: str = "Pager", **more: Any) -> Any:
    return made(cast.admin.post("/notification-channels", {
        "organization_id": str(cast.organization.id), "name": name, "kind": "webhook", "url": url, **more}))


def email(cast: Any, *recipients: str, name: str = "Letters") -> Any:
    return made(cast.admin.post("/notification-channels", {
        "organization_id": str(cast.organization.id), "name": name, "kind": "email", "recipients": list(recipients)}))


def rule(cast: Any, channel: Any, *events: str, name: str = "Everything", **more: Any) -> Any:
    return made(cast.admin.post("/notification-rules", {
        "organization_id": str(cast.organization.id), "name": name, "channel_id": channel["id"], "events": list(events), **more}))


def work(app: Any) -> int:
    """Does all that waits, as workers would, and what comes of it; tells how much that was."""
    count = 0
    while True:
        with app.app_context():
            enter_scope(ALL)
            waiting = [(row.id, row.attempt) for row in rows(WAITING)]
            for job_id, _ in waiting:
                execute("UPDATE job_outbox SET state = 'queued' WHERE id = :id", id=job_id)
            commit()
        for job_id, attempt in waiting:
            with app.app_context():
                jobs.perform(job_id, attempt)
        count += len(waiting)
        if not waiting:
            return count


def pass_time(app: Any, **delta: float) -> None:
    """Lets what gathers and waits grow older by so much, hands over what is due then, and does it."""
    move = timedelta(**delta)
    with app.app_context():
        enter_scope(ALL)
        execute("UPDATE notification_deliveries SET due_at = due_at - :move, gathered_at = gathered_at - :move", move=move)
        commit()
    with app.app_context():
        hand_over()
    work(app)


def tell(app: Any) -> None:
    """Asks the rules, lets what they want gather, and delivers it."""
    work(app)
    pass_time(app, minutes=1)


def look_at_clocks(app: Any) -> None:
    """What the scheduler does every minute."""
    with app.app_context():
        notice_time()
    work(app)


def deliveries(cast: Any, **query: Any) -> list[Any]:
    return list(cast.admin.get("/notification-deliveries", **query).json["data"])


def delivery(cast: Any, delivery_id: str) -> Any:
    return made(cast.admin.get(f"/notification-deliveries/{delivery_id}"))


def stated(app: Any, sql: str, **values: Any) -> Any:
    """The first row of a statement beyond all walls."""
    with app.app_context():
        enter_scope(ALL)
        return rows(sql, **values)[0]
