"""`/report-schedules`: what is sent to whom and when, a form for one, and one with the reports that it has made."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from flask import Response, make_response, request
from marshmallow import fields, post_load, validate

from webapp.accounts.queries import organizations_with
from webapp.kit.clock import now
from webapp.kit.errors import NotFound
from webapp.kit.mail import sends_mail
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web import limits
from webapp.kit.web.fields import Choice, Text
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, page, within
from webapp.reports import queries
from webapp.reports.actions import schedules
from webapp.reports.models import ReportSchedule
from webapp.reports.pages import words
from webapp.reports.pages.built import offered, shown, site_address
from webapp.reports.pages.door import pages
from webapp.reports.pages.forms import BELOW, Nothing, ReportForm, filled_form, with_site, written_parameters
from webapp.reports.pages.tabs import tabs_of_reports
from webapp.reports.policy import may_manage
from webapp.reports.schemas.schedules import ScheduleInput, ScheduleQuery
from webapp.reports.values.cron import PERIODS

P = Permission
LIST = "/report-schedules"
ONE = f"{LIST}/<uuid:schedule_id>"
SHOW = "reports_pages.show_schedule"
ZONES = sorted(available_timezones())
PAST = 50
WHEN = [{"value": "0 6 * * *", "label": "Every day at 6:00"}, {"value": "0 6 * * 1", "label": "Every Monday at 6:00"},
        {"value": "0 6 1 * *", "label": "On the first of the month at 6:00"},
        {"value": "0 6 1 1,4,7,10 *", "label": "On the first of a quarter at 6:00"}]


class ScheduleForm(ReportForm):
    """A schedule as a form gives it: the filters as for a report, and the fields of a schedule beside them."""

    organization_id = fields.UUID(required=True, error_messages={"required": "Say which organization."})
    name = Text(most=200, least=1, required=True)
    period = Choice(PERIODS, allow_none=True)
    cron = Text(most=100, least=1, required=True)
    timezone = fields.String(required=True)
    recipients = fields.List(fields.Email(), validate=validate.Length(max=20, error="At most 20 addresses."))
    title = Text(most=120, allow_none=True)
    remove_logo = fields.Boolean()
    comes_due = ScheduleInput.comes_due
    is_known = ScheduleInput.is_known

    @post_load
    def with_known_parameters(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Keeps what belongs to the schedule, which a report's form does not have."""
        return {**data, "site": data.get("site", "")}


@pages.get(LIST, needs=P.REPORT_READ, query=ScheduleQuery)
def list_schedules(actor: Actor, query: dict[str, Any]) -> Response:
    """What is sent to whom, and when next?"""
    asked = within(actor, query)
    listing = ListView(queries.find_schedules(actor, asked), asked, "/api/v1/report-schedules")
    return page("reports/schedules.html", block="results", listing=listing, now=now(), parts=tabs_of_reports("schedules"),
                may_build=actor.may(P.REPORT_BUILD, chosen_organization(actor)), mails=sends_mail())


@pages.get(f"{LIST}/new", needs=P.REPORT_BUILD)
def new_schedule(actor: Actor, form: Form | None = None) -> Response:
    """A form for a new schedule."""
    start = Form({"kind": "compliance", "cron": "0 6 1 * *", "period": "last_month", "timezone": "UTC"})
    return _form_page(actor, form or start, None)


@pages.post(f"{LIST}/new", needs=P.REPORT_BUILD, takes=ScheduleForm, again=new_schedule)
def create_schedule(actor: Actor, body: dict[str, Any]) -> Response:
    """Makes the schedule."""
    made = schedules.create_schedule(actor, _read(actor, body), now())
    return go(SHOW, say=f"{made.name} is made. It comes due as it says; “Run now” does not wait.", schedule_id=made.id)


@pages.get(ONE, needs=P.REPORT_READ)
def show_schedule(actor: Actor, schedule_id: UUID, form: Form | None = None) -> Response:
    """What does it make, when next, and what has come of it?"""
    found, at = queries.get_schedule(actor, schedule_id), now()
    past = queries.find_reports(actor, {"schedule_id": found.id})
    reports = shown(actor, past.fetch(past.ordered().limit(PAST)), at)
    return page("reports/schedule.html", block="schedule", found=found, now=at, reports=reports, form=form or Form(),
                may_manage=may_manage(actor, found), facts=_facts(found), mails=sends_mail())


@pages.get(f"{ONE}/edit", needs=P.REPORT_BUILD)
def edit_schedule(actor: Actor, schedule_id: UUID, form: Form | None = None) -> Response:
    """A form for what can be changed of a schedule."""
    found = queries.get_schedule(actor, schedule_id)
    schedules.require_manage(actor, found)
    return _form_page(actor, form or _filled(actor, found), found)


@pages.post(f"{ONE}/edit", needs=P.REPORT_BUILD, takes=ScheduleForm, again=edit_schedule)
def change_schedule(actor: Actor, schedule_id: UUID, body: dict[str, Any]) -> Response:
    """Saves what was changed."""
    found = queries.get_schedule(actor, schedule_id, lock=True)
    schedules.change_schedule(actor, found, _read(actor, body, found), now())
    return go(SHOW, say="Saved.", schedule_id=schedule_id)


@pages.get(f"{ONE}/logo", needs=P.REPORT_READ)
def show_logo(actor: Actor, schedule_id: UUID) -> Response:
    """The logo as it is kept."""
    png = queries.logo_png(queries.get_schedule(actor, schedule_id).id)
    if png is None:
        raise NotFound()
    answer = make_response(bytes(png))
    answer.headers.update({"Content-Type": "image/png", "Cache-Control": "private, no-cache"})
    return answer


@pages.post(f"{ONE}/run", needs=P.REPORT_BUILD, takes=Nothing, again=show_schedule)
def run_schedule(actor: Actor, schedule_id: UUID, body: dict[str, Any]) -> Response:
    """Makes a report of it now."""
    limits.spend("report builds", "LIMIT_REPORT_BUILDS", limits.caller())
    schedules.run_schedule(actor, queries.get_schedule(actor, schedule_id, lock=True), now())
    return go(SHOW, say="Asked for. It is built in the background, and mailed once it is done.", schedule_id=schedule_id)


@pages.post(f"{ONE}/pause", needs=P.REPORT_BUILD, takes=Nothing, again=show_schedule)
def pause_schedule(actor: Actor, schedule_id: UUID, body: dict[str, Any]) -> Response:
    """Makes nothing until it is resumed."""
    schedules.pause_schedule(actor, queries.get_schedule(actor, schedule_id, lock=True), now())
    return go(SHOW, say="Paused.", schedule_id=schedule_id)


@pages.post(f"{ONE}/resume", needs=P.REPORT_BUILD, takes=Nothing, again=show_schedule)
def resume_schedule(actor: Actor, schedule_id: UUID, body: dict[str, Any]) -> Response:
    """Goes on from the next time."""
    schedules.resume_schedule(actor, queries.get_schedule(actor, schedule_id, lock=True), now())
    return go(SHOW, say="Resumed.", schedule_id=schedule_id)


@pages.post(f"{ONE}/delete", needs=P.REPORT_BUILD)
def delete_schedule(actor: Actor, schedule_id: UUID) -> Response:
    """Deletes it; its reports stay."""
    found = schedules.delete_schedule(actor, queries.get_schedule(actor, schedule_id, lock=True), now())
    return go("reports_pages.list_schedules", say=f"{found.name} is deleted. Its reports stay.")


@pages.post(f"{ONE}/restore", needs=P.REPORT_BUILD)
def restore_schedule(actor: Actor, schedule_id: UUID) -> Response:
    """Brings a deleted one back."""
    found = schedules.restore_schedule(actor, schedule_id, now())
    return go(SHOW, say=f"{found.name} is back.", schedule_id=found.id)


def _read(actor: Actor, body: dict[str, Any], found: ReportSchedule | None = None) -> dict[str, Any]:
    """The body as the verb takes it: checked once more by the schema of the JSON door, which knows what the form does not."""
    asked = with_site(actor, {**body, "parameters": {**body["parameters"], "organization_id": str(body["organization_id"])}})
    given = {name: asked[name] for name in ("name", "kind", "parameters", "formats", "cron", "timezone")}
    given |= {"organization_id": str(asked["organization_id"]), "recipients": asked.get("recipients", []),
              "period": asked.get("period"), "title": asked.get("title") or None}
    logo = request.files.get("logo")
    if logo and logo.filename:
        given["logo"] = base64.b64encode(logo.read()).decode()
    elif asked.get("remove_logo"):
        given["logo"] = None
    return dict(ScheduleInput().load(given))


def _filled(actor: Actor, found: ReportSchedule) -> Form:
    """The form with what the schedule says."""
    written = {name: str(value) for name, value in written_parameters(found.parameters).items()}
    form = filled_form({"new": found.kind, "parameters": written}, {}, site_address(actor, found.parameters.get("site_id")))
    form.values |= {"kind": found.kind, "name": found.name, "cron": found.cron, "timezone": found.timezone, "period": found.period or "",
                    "recipients": ", ".join(found.recipients), "title": found.title or "", "formats": found.formats,
                    "organization_id": str(found.organization_id)}
    form.values.pop(f"{BELOW}organization_id", None)
    return form


def _form_page(actor: Actor, form: Form, found: ReportSchedule | None) -> Response:
    at, chosen = now(), chosen_organization(actor)
    places = [each for each in organizations_with(actor, P.REPORT_BUILD) if chosen in (None, each.id)]
    return page("reports/schedule_form.html", builder={"form": form, **offered(actor, chosen, at)}, form=form, found=found, places=places,
                zones=ZONES, when=WHEN, periods=words.PERIODS, mails=sends_mail())


def _facts(found: ReportSchedule) -> list[dict[str, Any]]:
    """What a schedule makes, in words."""
    return [{"label": label, "value": value} for label, value in words.schedule_facts(found) if value]
