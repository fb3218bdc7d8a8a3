"""Reading schedules, and what has come of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from webapp.accounts.models import Organization
from webapp.accounts.queries import names_of
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.reports.models import Report, ReportLogo, ReportSchedule
from webapp.reports.policy import visible_schedules

EQUAL = ("organization_id", "kind", "owner_id")


def find_schedules(actor: Actor, asked: Mapping[str, Any]) -> Listing:
    """The schedules that match, by name; admins also find those that were deleted."""
    statement = _shown(visible_schedules(actor, deleted=bool(asked.get("include_deleted"))))
    statement = statement.where(*(getattr(ReportSchedule, name) == asked[name] for name in EQUAL if name in asked))
    if "is_paused" in asked:
        paused = ReportSchedule.paused_at.is_not(None)
        statement = statement.where(paused if asked["is_paused"] else ~paused)
    if asked.get("q"):
        statement = statement.where(ReportSchedule.name.icontains(asked["q"], autoescape=True))
    sorts = {"name": func.lower(ReportSchedule.name), "kind": ReportSchedule.kind, "next_run_at": ReportSchedule.next_run_at,
             "last_run_at": ReportSchedule.last_run_at, "created_at": ReportSchedule.created_at, "updated_at": ReportSchedule.updated_at}
    return Listing(statement, sorts, "name", ReportSchedule.id, shape=_shape, prepare=with_last_reports)


def _shown(statement: Select[Any]) -> Select[Any]:
    return (statement.join(Organization, Organization.id == ReportSchedule.organization_id)
            .add_columns(Organization.name.label("organization_name")))


def _shape(row: Any) -> ReportSchedule:
    schedule: ReportSchedule = row[0]
    schedule.organization_name = row.organization_name  # type: ignore[attr-defined]
    return schedule


def get_schedule(actor: Actor, schedule_id: UUID, lock: bool = False, deleted: bool = False) -> ReportSchedule:
    """One schedule with its last report, or NotFound; `deleted` looks among deleted ones only."""
    statement = _shown(visible_schedules(actor, deleted=deleted)).where(ReportSchedule.id == schedule_id)
    if deleted:
        statement = statement.where(ReportSchedule.deleted_at.is_not(None))
    row = db.session.execute(statement.with_for_update(of=ReportSchedule) if lock else statement).first()
    if row is None:
        raise NotFound()
    return with_last_reports([_shape(row)])[0]


def with_last_reports(schedules: list[ReportSchedule]) -> list[ReportSchedule]:
    """Gives each schedule its `last_report` and `owner_name`, None where there is none; two statements however many there are."""
    statement = (select(Report).ext(distinct_on(Report.schedule_id)).where(Report.schedule_id.in_([each.id for each in schedules]))
                 .order_by(Report.schedule_id, Report.created_at.desc(), Report.id.desc()))
    last = {report.schedule_id: report for report in db.session.scalars(statement)}
    names = names_of(each.owner_id for each in schedules)
    for each in schedules:
        each.last_report = last.get(each.id)  # type: ignore[attr-defined]
        each.owner_name = names.get(each.owner_id)  # type: ignore[attr-defined]
    return schedules


def logo_png(schedule_id: UUID) -> bytes | None:
    """The logo of a schedule."""
    return db.session.scalar(select(ReportLogo.png).where(ReportLogo.schedule_id == schedule_id))
