"""Schedules: reports that are made again and again, as whoever has asked for them, and mailed.

A schedule that was due several times while nothing ran comes due once. The rights of its owner are looked at again at each run; a
schedule whose owner has lost them is paused, says so, and makes nothing until somebody who may takes it over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.actions.belonging import refuse_deleted_organization
from webapp.accounts.queries import get_organization
from webapp.accounts.queries.standing import actor_by_id
from webapp.audit.actions import change, record
from webapp.kit.clock import stamp
from webapp.kit.db import db, execute, rows
from webapp.kit.errors import Conflict, Invalid, NotFound, PermissionDenied
from webapp.kit.permissions import SYSTEM, Actor, Permission
from webapp.reports.actions import request_report
from webapp.reports.formats.logo import NotALogo, logo_of
from webapp.reports.models import Report, ReportLogo, ReportSchedule
from webapp.reports.policy import require_manage
from webapp.reports.queries.schedules import get_schedule, with_last_reports
from webapp.reports.shelf import KINDS, check_parameters
from webapp.reports.values.cron import next_run, period_of

LOST = "Whoever it was built as may no longer build reports of this organization. Resume it to have it built as you."
CLOCK = ("cron", "timezone")
DUE = """
SELECT id FROM report_schedules WHERE next_run_at <= :at AND NOT (id = ANY(CAST(:passed AS uuid[]))) ORDER BY next_run_at, id LIMIT 1
"""


def create_schedule(actor: Actor, body: dict[str, Any], at: datetime) -> ReportSchedule:
    """Makes a schedule that is built as the actor; its first run is the next time that its expression names."""
    organization = get_organization(actor, body["organization_id"])
    actor.require(Permission.REPORT_BUILD, organization.id)
    values = dict(body)
    logo = values.pop("logo", None)
    values = {"period": None, "title": None, **values}
    _check(values)
    schedule = ReportSchedule(**values, owner_id=actor.id, next_run_at=next_run(values["cron"], values["timezone"], at),
                              created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id)
    _keep_logo(schedule, logo)
    db.session.add(schedule)
    record(actor, "report_schedule.created", schedule)
    db.session.flush()
    _write_logo(schedule, logo)
    return get_schedule(actor, schedule.id)


def change_schedule(actor: Actor, schedule: ReportSchedule, body: dict[str, Any], at: datetime) -> ReportSchedule:
    """Changes a schedule; it stays in its organization, and is built as whoever it was built as before."""
    require_manage(actor, schedule)
    values = dict(body)
    if values.get("organization_id", schedule.organization_id) != schedule.organization_id:
        raise Invalid.at("organization_id", "A schedule stays in its organization. Make another one there.")
    has_logo, logo = "logo" in values, values.pop("logo", None)
    _check({name: values.get(name, getattr(schedule, name)) for name in ("organization_id", "kind", "parameters", "period")})
    if has_logo:
        _keep_logo(schedule, logo)
    if schedule.paused_at is None and any(values.get(name, getattr(schedule, name)) != getattr(schedule, name) for name in CLOCK):
        values["next_run_at"] = next_run(values.get("cron", schedule.cron), values.get("timezone", schedule.timezone), at)
    change(actor, "report_schedule.changed", schedule, values, at)
    if has_logo:
        _write_logo(schedule, logo)
    return with_last_reports([schedule])[0]


def delete_schedule(actor: Actor, schedule: ReportSchedule, at: datetime) -> ReportSchedule:
    """Deletes a schedule: it makes nothing any more. Its reports stay."""
    require_manage(actor, schedule)
    change(actor, "report_schedule.deleted", schedule, {"deleted_at": at, "next_run_at": None}, at)
    return schedule


def restore_schedule(actor: Actor, schedule_id: UUID, at: datetime) -> ReportSchedule:
    """Brings a deleted schedule back; Conflict when its organization is gone. What it has missed is not made up for."""
    schedule = get_schedule(actor, schedule_id, lock=True, deleted=True)
    require_manage(actor, schedule)
    refuse_deleted_organization(schedule.organization_id)
    due = None if schedule.paused_at else next_run(schedule.cron, schedule.timezone, at)
    change(actor, "report_schedule.restored", schedule, {"deleted_at": None, "next_run_at": due}, at)
    return schedule


def pause_schedule(actor: Actor, schedule: ReportSchedule, at: datetime) -> ReportSchedule:
    """Makes nothing until it is resumed; Conflict for one that is paused."""
    require_manage(actor, schedule)
    if schedule.paused_at is not None:
        raise Conflict("It is paused already.")
    change(actor, "report_schedule.paused", schedule, {"paused_at": at, "paused_reason": None, "next_run_at": None}, at)
    return schedule


def resume_schedule(actor: Actor, schedule: ReportSchedule, at: datetime) -> ReportSchedule:
    """Goes on from the next time; what the scheduler has paused is built as the actor from now on. Conflict for one that is not paused."""
    require_manage(actor, schedule)
    if schedule.paused_at is None:
        raise Conflict("It is not paused.")
    assert actor.id is not None
    owner = schedule.owner_id if schedule.paused_reason is None else actor.id
    change(actor, "report_schedule.resumed", schedule, {
        "paused_at": None, "paused_reason": None, "owner_id": owner, "next_run_at": next_run(schedule.cron, schedule.timezone, at)}, at)
    return with_last_reports([schedule])[0]


def run_schedule(actor: Actor, schedule: ReportSchedule, at: datetime) -> Report:
    """Makes a report of it now, as the actor; it comes due as before all the same."""
    require_manage(actor, schedule)
    return _make(actor, schedule, at)


def find_due(at: datetime, passed: Collection[UUID]) -> UUID | None:
    """The schedule that is due for longest, those `passed` left out."""
    return next((row.id for row in rows(DUE, at=at, passed=list(passed))), None)


def run_due(schedule_id: UUID, at: datetime) -> None:
    """Makes the report of a schedule that is due, or pauses it; nothing where somebody else is at it, or has been."""
    statement = select(ReportSchedule).where(ReportSchedule.id == schedule_id, ReportSchedule.next_run_at <= at)
    schedule = db.session.scalar(statement.with_for_update(skip_locked=True))
    if schedule is None:
        return
    owner = actor_by_id(schedule.owner_id, at)
    if owner is None or not owner.may(Permission.REPORT_BUILD, schedule.organization_id):
        _pause(schedule, LOST, at)
        return
    try:
        _make(owner, schedule, at)
    except (Invalid, NotFound, PermissionDenied) as problem:  # a site that it was about is gone
        _pause(schedule, problem.message, at)
        return
    # Not through `change`: that the next time was reached is no news for the audit log, and the report has a row of its own there.
    execute("UPDATE report_schedules SET next_run_at = :next WHERE id = :id",
            next=next_run(schedule.cron, schedule.timezone, at), id=schedule.id)


def _make(actor: Actor, schedule: ReportSchedule, at: datetime) -> Report:
    parameters = {**schedule.parameters, "organization_id": str(schedule.organization_id)}
    if schedule.period:
        since, until = period_of(schedule.period, schedule.timezone, at)
        parameters |= {"from": stamp(since), "to": stamp(until)}
    body = {"kind": schedule.kind, "title": KINDS[schedule.kind].title, "parameters": parameters, "formats": schedule.formats}
    report = request_report(actor, body, at, schedule.id)
    execute("UPDATE report_schedules SET last_run_at = :at WHERE id = :id", at=at, id=schedule.id)
    return report


def _pause(schedule: ReportSchedule, reason: str, at: datetime) -> None:
    change(SYSTEM, "report_schedule.paused", schedule, {"paused_at": at, "paused_reason": reason, "next_run_at": None}, at)


def _check(values: Mapping[str, Any]) -> None:
    """Refuses parameters that the kind does not know, another organization, and a time that is said twice; Invalid at each field."""
    parameters = values["parameters"]
    check_parameters(values["kind"], parameters)
    named = parameters.get("organization_id", parameters.get("organization"))
    if named is not None and str(named) != str(values["organization_id"]):
        raise Invalid.at("parameters.organization_id", "A schedule is about its own organization.")
    if values["period"] is None:
        return
    if not KINDS[values["kind"]].is_timed:
        raise Invalid.at("period", "Reports of this kind are about now.")
    if {"from", "to", "as_of"} & set(parameters):
        raise Invalid.at("period", "The parameters name a time already.")


def _keep_logo(schedule: ReportSchedule, logo: str | None) -> None:
    schedule.logo_sha256 = hashlib.sha256(_png(logo)).hexdigest() if logo else None


def _write_logo(schedule: ReportSchedule, logo: str | None) -> None:
    execute("DELETE FROM report_logos WHERE schedule_id = :id", id=schedule.id)
    if logo:
        db.session.add(ReportLogo(schedule_id=schedule.id, organization_id=schedule.organization_id, png=_png(logo)))
        db.session.flush()


def _png(logo: str) -> bytes:
    try:
        return logo_of(logo)
    except NotALogo as problem:
        raise Invalid.at("logo", str(problem)) from None
