"""`/api/v1/report-schedules`."""

from __future__ import annotations

from webapp.kit.clock import now
from webapp.kit.permissions import Actor
from webapp.kit.web import limits
from webapp.kit.web.resources import Resource, open_doors
from webapp.reports import queries
from webapp.reports.actions import schedules
from webapp.reports.api.door import P, api
from webapp.reports.models import Report, ReportSchedule
from webapp.reports.schemas import ReportSchema
from webapp.reports.schemas.schedules import ScheduleInput, ScheduleQuery, ScheduleSchema

SCHEDULES = Resource(
    path="/report-schedules", one="schedule", many="schedules", reads=P.REPORT_READ, manages=P.REPORT_BUILD, query=ScheduleQuery,
    takes=ScheduleInput, gives=ScheduleSchema(), find=queries.find_schedules, get=queries.get_schedule, create=schedules.create_schedule,
    change=schedules.change_schedule, delete=schedules.delete_schedule, restore=schedules.restore_schedule,
    says={"list": "The schedules of your organizations, by name.", "show": "One schedule: when it comes due next, and its last report.",
          "create": "A new schedule, built with the rights of whoever makes it.",
          "change": "Changes a schedule; the next run follows from its new times.",
          "delete": "Deletes a schedule: it makes nothing any more, and its reports stay.",
          "restore": "Brings a deleted schedule back; what it has missed is not made up for."})
open_doors(api, SCHEDULES)


@api.post(f"{SCHEDULES.rule}/run", needs=P.REPORT_BUILD, finds=queries.get_schedule, gives=ReportSchema(), status=202, at="/reports/{id}")
def run_schedule(actor: Actor, found: ReportSchedule) -> Report:
    """Makes a report of it now, which is mailed as any other; it comes due as before all the same."""
    limits.spend("report builds", "LIMIT_REPORT_BUILDS", limits.caller())
    return schedules.run_schedule(actor, found, now())


@api.post(f"{SCHEDULES.rule}/pause", needs=P.REPORT_BUILD, finds=queries.get_schedule, gives=ScheduleSchema())
def pause_schedule(actor: Actor, found: ReportSchedule) -> ReportSchedule:
    """Makes nothing until it is resumed."""
    return schedules.pause_schedule(actor, found, now())


@api.post(f"{SCHEDULES.rule}/resume", needs=P.REPORT_BUILD, finds=queries.get_schedule, gives=ScheduleSchema())
def resume_schedule(actor: Actor, found: ReportSchedule) -> ReportSchedule:
    """Goes on from the next time; one that the scheduler has paused is built with the caller's rights from now on."""
    return schedules.resume_schedule(actor, found, now())
