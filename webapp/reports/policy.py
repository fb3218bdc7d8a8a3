"""Who sees which reports, and through whose eyes a builder looks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Select, false, or_, select

from webapp.kit.errors import PermissionDenied
from webapp.kit.permissions import SYSTEM, Actor, Permission, Role
from webapp.reports.models import Report, ReportSchedule
from webapp.reports.values import Order


def visible_reports(actor: Actor) -> Select[Any]:
    """The actor's own reports, and those of the organizations they administer; a superuser's all.

    The wall hides, beyond that, every report that looked into an organization to which its reader no longer belongs.
    """
    statement = select(Report).where(Report.deleted_at.is_(None))
    administered = actor.organizations(Permission.ORGANIZATION_EDIT)
    if administered is None:
        return statement
    return statement.where(or_(Report.created_by == actor.id, Report.organization_id.in_(administered)))


def visible_schedules(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """The schedules of the actor's organizations; with `deleted`, also the deleted ones of those that they administer."""
    statement = select(ReportSchedule)
    if actor.site_id is not None:
        return statement.where(false())  # a site's key is about that site alone
    where, managed = actor.organizations(Permission.REPORT_READ), actor.organizations(Permission.ORGANIZATION_EDIT)
    if where is not None:
        statement = statement.where(ReportSchedule.organization_id.in_(where))
    if not deleted:
        return statement.where(ReportSchedule.deleted_at.is_(None))
    return statement if managed is None else statement.where(
        or_(ReportSchedule.deleted_at.is_(None), ReportSchedule.organization_id.in_(managed), ReportSchedule.owner_id == actor.id))


def may_manage(actor: Actor, schedule: ReportSchedule) -> bool:
    """Whether the actor may change a schedule: whoever it is built as, and those who administer its organization."""
    own = schedule.owner_id == actor.id or actor.may(Permission.ORGANIZATION_EDIT, schedule.organization_id)
    return own and actor.may(Permission.REPORT_BUILD, schedule.organization_id)


def require_manage(actor: Actor, schedule: ReportSchedule) -> None:
    """Raises PermissionDenied unless the actor may change the schedule."""
    if not may_manage(actor, schedule):
        raise PermissionDenied("Schedules are changed by whoever made them, and by admins of the organization.")


def may_build(actor: Actor, view: Iterable[UUID] | None) -> bool:
    """Whether the actor may build reports in all of these organizations; None is everywhere."""
    allowed = actor.organizations(Permission.REPORT_BUILD)
    return allowed is None or (view is not None and allowed >= set(view))


def require_build(actor: Actor, report: Report) -> None:
    """Raises PermissionDenied unless the actor may build reports wherever this one looks."""
    if not may_build(actor, None if report.view is None else map(UUID, report.view)):
        raise PermissionDenied("Viewers read reports, but do not build them." if report.view is not None else None)


def reader_of(order: Order) -> Actor:
    """The actor that a builder reads as: a viewer of the organizations that its owner could build reports for."""
    if order.view is None:
        return SYSTEM
    return Actor(kind="report", id=order.report_id, label="report", roles=dict.fromkeys(order.view, Role.VIEWER))
