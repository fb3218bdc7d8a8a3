"""Asking for reports, taking them back, and what a builder may write of its progress.

`attempt` is the fence: a report only listens to the newest builder that has begun it. Files come and go after the commit.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.queries import get_organization
from webapp.accounts.queries.standing import actor_by_id
from webapp.audit.actions import change, record
from webapp.fleet.queries import get_site
from webapp.kit import jobs
from webapp.kit.db import after_commit, db, execute, rows
from webapp.kit.errors import Conflict, Invalid, PermissionDenied
from webapp.kit.events import announce, note
from webapp.kit.permissions import SYSTEM, Actor, Permission
from webapp.kit.storage import Storage
from webapp.reports.actions.letters import mail_report
from webapp.reports.models import Report, ReportFile
from webapp.reports.policy import may_build, require_build
from webapp.reports.queries import with_files
from webapp.reports.values import ATTEMPTS, UNFINISHED, Brand, Built, Format, Order, Status, remove_files

QUEUE = "reports"
STRAY_AFTER = timedelta(days=1)
"""No build takes so long: what is younger may belong to one that is under way."""
WAITING = "Waiting for a worker"
NO_LONGER = "Whoever asked for it may no longer see all of what it is about. Ask for a new one."
BEGIN = """
UPDATE reports SET status = 'running', attempt = :attempt, started_at = :at, updated_at = :at, progress = greatest(progress, 1),
    stage = 'Reading', error = NULL
WHERE id = :id AND attempt < :attempt AND status IN ('queued', 'running')
RETURNING kind, title, parameters, formats, "view", created_by, schedule_id
"""
BRAND = """
SELECT s.title, l.png FROM report_schedules s LEFT JOIN report_logos l ON l.schedule_id = s.id WHERE s.id = :id
"""
PROGRESS = """
UPDATE reports SET progress = greatest(progress, :progress), stage = :stage, rows = :rows, snapshot_at = :snapshot_at, updated_at = :at
WHERE id = :id AND attempt = :attempt AND status = 'running'
"""
FINISH = """
UPDATE reports SET status = 'done', progress = 100, stage = 'Done', rows = :rows, snapshot_at = :snapshot_at, finished_at = :at,
    updated_at = :at
WHERE id = :id AND attempt = :attempt AND status = 'running'
"""
FAIL = """
UPDATE reports SET status = 'failed', stage = 'Failed', error = :error, finished_at = :at, updated_at = :at
WHERE id = :id AND attempt BETWEEN :first AND :last AND status IN ('queued', 'running')
"""


def request_report(actor: Actor, body: dict[str, Any], at: datetime, schedule_id: UUID | None = None) -> Report:
    """Asks for a report of what the actor may build reports about; a worker is called after the commit.

    NotFound for an organization or site that the actor does not see, PermissionDenied for viewers.
    """
    if actor.site_id is not None:
        raise PermissionDenied("The key of a site builds no reports.")
    organization_id = _place(actor, body["parameters"])
    view = [organization_id] if organization_id else _everywhere(actor)
    report = Report(
        organization_id=organization_id or (view[0] if view and len(view) == 1 else None), kind=body["kind"], title=body["title"],
        parameters=body["parameters"], formats=body["formats"], view=None if view is None else [str(each) for each in view],
        status=Status.QUEUED, stage=WAITING, progress=0, rows=0, attempt=0, schedule_id=schedule_id,
        created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id)
    db.session.add(report)
    record(actor, "report.requested", report)
    db.session.flush()
    _tell("report.requested", report.id, Status.QUEUED, at)
    report.job_id = _call_worker(report.id, 0, at)
    db.session.flush()
    return with_files([report])[0]


def _call_worker(report_id: UUID, after: int, at: datetime) -> UUID:
    return jobs.ask("reports.build", {"report_id": str(report_id), "after": after}, at, QUEUE)


def _place(actor: Actor, parameters: dict[str, Any]) -> UUID | None:
    """The organization that the report is about; None where the parameters name none."""
    organization_id: UUID | None = None
    if "organization_id" in parameters:
        organization_id = get_organization(actor, UUID(parameters["organization_id"])).id
    if "site_id" in parameters:
        site = get_site(actor, UUID(parameters["site_id"]))
        if organization_id not in (None, site.organization_id):
            raise Invalid.at("parameters.site_id", "This site does not belong to the organization.")
        organization_id = site.organization_id
    if organization_id is not None:
        actor.require(Permission.REPORT_BUILD, organization_id)
    return organization_id


def _everywhere(actor: Actor) -> list[UUID] | None:
    where = actor.organizations(Permission.REPORT_BUILD)
    if where is None:
        return None
    if not where:
        raise PermissionDenied("Viewers read reports, but do not build them.")
    return sorted(where)


def cancel_report(actor: Actor, report: Report, storage: Storage, at: datetime) -> Report:
    """Stops a report; its builder notices at its next step. Conflict when it is over."""
    require_build(actor, report)
    if report.status not in UNFINISHED:
        raise Conflict(f"This report is over: it is {report.status}.")
    if report.job_id is not None:
        jobs.cancel(report.job_id)
    change(actor, "report.cancelled", report, {"status": Status.CANCELLED, "stage": "Cancelled", "finished_at": at}, at)
    _tell("report.cancelled", report.id, Status.CANCELLED, at, progress=report.progress)
    report_id = report.id
    after_commit(lambda: remove_files(storage, report_id))
    return report


def retry_report(actor: Actor, report: Report, at: datetime) -> Report:
    """Builds a failed or cancelled report anew; Conflict for one that is on its way, or done."""
    require_build(actor, report)
    if report.status in UNFINISHED:
        raise Conflict("This report is on its way.")
    if report.status == Status.DONE:
        raise Conflict("This report is done. Request a new one for newer figures.")
    fence = report.attempt + ATTEMPTS
    job_id = _call_worker(report.id, fence, at)
    change(actor, "report.retried", report, {
        "status": Status.QUEUED, "stage": WAITING, "progress": 0, "rows": 0, "attempt": fence, "job_id": job_id, "error": None,
        "snapshot_at": None, "started_at": None, "finished_at": None}, at)
    _tell("report.requested", report.id, Status.QUEUED, at)
    return report


def begin(report_id: UUID, attempt: int, at: datetime) -> Order | None:
    """Takes a report over from every older builder; None when there is nothing to build, or a newer builder is at it.

    What its owner has lost since asking is not built for them: then the report fails, and says so.
    """
    found = rows(BEGIN, id=report_id, attempt=attempt, at=at)
    if not found:
        return None
    row = found[0]
    _tell("report.progress", report_id, Status.RUNNING, at, progress=1)
    view = None if row.view is None else tuple(UUID(each) for each in row.view)
    order = Order(report_id, attempt, row.kind, row.title, row.parameters, tuple(Format(each) for each in row.formats), view,
                  _brand(row.schedule_id), row.schedule_id)
    owner = row.created_by and actor_by_id(row.created_by, at)
    if row.created_by and not (owner and may_build(owner, view)):
        fail(order, NO_LONGER, at)
        return None
    return order


def _brand(schedule_id: UUID | None) -> Brand | None:
    """What stands on the files of a schedule's reports in place of the product's own."""
    for row in rows(BRAND, id=schedule_id) if schedule_id else ():
        return Brand(row.title, None if row.png is None else bytes(row.png))
    return None


def note_progress(order: Order, progress: int, stage: str, written: int, snapshot_at: datetime, at: datetime) -> None:
    """Says how far a builder is; it never goes back. Superseded when the report was cancelled or taken over."""
    if not execute(PROGRESS, id=order.report_id, attempt=order.attempt, progress=progress, stage=stage, rows=written,
                   snapshot_at=snapshot_at, at=at):
        raise jobs.Superseded()
    _tell("report.progress", order.report_id, Status.RUNNING, at, progress=progress, rows=written)


def finish(order: Order, built: Built, at: datetime) -> None:
    """The report is done and has these files. Superseded when it was cancelled or taken over meanwhile."""
    if not execute(FINISH, id=order.report_id, attempt=order.attempt, rows=built.rows, snapshot_at=built.snapshot_at, at=at):
        raise jobs.Superseded()
    for file in built.files:
        db.session.add(ReportFile(report_id=order.report_id, format=file.format, path=file.path, bytes=file.bytes, sha256=file.sha256,
                                  created_at=at))
    _record("report.built", order.report_id, {"rows": [None, built.rows]})
    _tell("report.done", order.report_id, Status.DONE, at, progress=100, rows=built.rows)
    _note("report.done", order.report_id, at)
    if order.schedule_id is not None:
        mail_report(order, built, at)
    db.session.flush()


def fail(order: Order, error: str, at: datetime) -> None:
    """The report could not be built, for a reason that is a sentence for people; an older builder's word does not count."""
    if execute(FAIL, id=order.report_id, first=order.attempt, last=order.attempt, error=error, at=at):
        _record("report.failed", order.report_id, {"error": [None, error]})
        _tell("report.failed", order.report_id, Status.FAILED, at)
        _note("report.failed", order.report_id, at)


def give_up(report_id: UUID, after: int, error: str, at: datetime) -> None:
    """The report is failed because its job, which counts its attempts from `after`, was."""
    if execute(FAIL, id=report_id, first=after, last=after + ATTEMPTS - 1, error=error, at=at):
        _record("report.failed", report_id, {"error": [None, error]})
        _tell("report.failed", report_id, Status.FAILED, at)
        _note("report.failed", report_id, at)


def _tell(kind: str, report_id: UUID, status: Status, at: datetime, **data: Any) -> None:
    """Announces how far a report is to those who listen to it; who may is found out when they begin to listen."""
    announce(kind, (f"report:{report_id}",), {"report_id": str(report_id), "status": status, **data}, at)


def _note(kind: str, report_id: UUID, at: datetime) -> None:
    """Notes that a report is over, for the organization that it is about; one of several is nobody's to be told of."""
    report = db.session.scalar(select(Report).where(Report.id == report_id))
    if report is not None and report.organization_id is not None:
        note(kind, report.organization_id, [{"ref": report.id, "label": report.title}], at)


def forget_files(days: int, most: int, storage: Storage) -> int:
    """Removes the files of up to `most` reports that were finished more than so many days ago, and tells of how many; the reports stay."""
    old = rows("SELECT DISTINCT report_id FROM report_files WHERE created_at < now() - make_interval(days => :days) LIMIT :most",
               days=days, most=most)
    for row in old:
        execute("DELETE FROM report_files WHERE report_id = :id", id=row.report_id)
        _record("report.files_removed", row.report_id, {"kept_days": [days, None]})
        after_commit(partial(remove_files, storage, row.report_id))
    return len(old)


def sweep_strays(storage: Storage, at: datetime) -> int:
    """Removes files that belong to no report: of builds that died, and of reports whose files could not be removed when they should be."""
    old, count = [file.key for file in storage.keys("reports") if file.at < at - STRAY_AFTER], 0
    for first in range(0, len(old), 500):
        portion = old[first:first + 500]
        known = {row.path for row in rows("SELECT path FROM report_files WHERE path = ANY(CAST(:keys AS text[]))", keys=portion)}
        for key in portion:
            if key not in known:
                storage.delete(key)
                count += 1
    return count


def _record(action: str, report_id: UUID, changes: dict[str, list[Any]]) -> None:
    report = db.session.scalar(select(Report).where(Report.id == report_id))
    record(SYSTEM, action, report, changes=changes)
    db.session.flush()
