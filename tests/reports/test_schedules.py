"""Schedules: made, changed and run; built with their owner's rights as these are now; once for all that was missed; and mailed."""

from __future__ import annotations

import base64
import io
import itertools
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import factories
from tests.clocks import within_one_day
from webapp.kit import mail
from webapp.kit.clock import now
from webapp.kit.db import execute, rows
from webapp.reports.formats import pdf
from webapp.reports.jobs import run_schedules
from webapp.reports.values.cron import is_cron, is_too_often, next_run, period_of

PATH = "/report-schedules"
VIENNA = "Europe/Vienna"


def body_of(cast: Any, **changes: Any) -> dict[str, Any]:
    return {"name": "Weekly evidence", "organization_id": str(cast.organization.id), "kind": "module_updates", "formats": ["csv"], "parameters": {},
            "cron": "0 6 * * 1", "timezone": VIENNA, "recipients": ["dana@example.com"], **changes}


@pytest.fixture
def make(cast: Any) -> Any:
    def do(caller: Any = None, **changes: Any) -> Any:
        answer = (caller or cast.member).post(PATH, body_of(cast, **changes))
        assert answer.status_code == 201, answer.text
        return answer.json["data"]

    return do


@pytest.fixture
def mails(app: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a mail server was handed."""
    sent: list[Any] = []
    monkeypatch.setitem(app.config, "MAIL_URL", "smtp://192.0.2.1:25")
    monkeypatch.setitem(app.config, "MAIL_FROM", "Patchboard <patchboard@example.com>")
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://patchboard.example")
    monkeypatch.setattr(mail, "deliver", lambda message, attempt: sent.append(message))
    return sent


def let_it_come_due(app: Any, **ago: float) -> None:
    """Turns every schedule's next time back."""
    with factories.writing(app):
        execute("UPDATE report_schedules SET next_run_at = :at WHERE next_run_at IS NOT NULL", at=now() - timedelta(**ago))


def run(app: Any) -> int:
    with app.app_context():
        return run_schedules()


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 20), text: bytes = b"") -> str:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    made, info = io.BytesIO(), PngInfo()
    info.add_text("Comment", "a secret")
    Image.new("RGB", size, (200, 30, 60)).save(made, kind, **({"pnginfo": info} if kind == "PNG" else {}))
    return base64.b64encode(made.getvalue() + text).decode()


# ---- times

@pytest.mark.parametrize(("expression", "after", "expected"), [
    ("0 6 * * 1", "2026-11-22T06:00:00+00:00", "2026-11-23T05:00:00+00:00"),  # winter
    ("0 6 * * 1", "2026-07-20T04:00:00+00:00", "2026-07-27T04:00:00+00:00"),  # summer, and never the moment itself
    ("30 2 * * *", "2026-03-28T12:00:00+00:00", "2026-03-29T01:30:00+00:00"),  # 02:30 is left out: 03:30 it is
    ("30 2 * * *", "2026-03-29T01:30:00+00:00", "2026-03-30T00:30:00+00:00"),
    ("30 2 * * *", "2026-10-24T12:00:00+00:00", "2026-10-25T00:30:00+00:00"),  # 02:30 comes twice: the first time
    ("30 2 * * *", "2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"),
    ("0 0 29 2 *", "2026-01-01T00:00:00+00:00", "2028-02-28T23:00:00+00:00")])
def test_times_are_those_of_a_clock_on_the_wall(expression: str, after: str, expected: str) -> None:
    assert next_run(expression, VIENNA, datetime.fromisoformat(after)) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(("zone", "start"), [(VIENNA, "2026-03-27"), (VIENNA, "2026-10-23"), ("America/St_Johns", "2026-03-06"), ("Asia/Kathmandu", "2026-03-06")])
def test_a_daily_schedule_runs_once_a_day_whatever_the_clocks_do(zone: str, start: str) -> None:
    from zoneinfo import ZoneInfo

    at, days = datetime.fromisoformat(f"{start}T12:00:00+00:00"), []
    for _ in range(6):
        at = next_run("15 2 * * *", zone, at)
        days.append(at.astimezone(ZoneInfo(zone)).date())
    assert [(b - a).days for a, b in itertools.pairwise(days)] == [1] * 5


@pytest.mark.parametrize(("name", "since", "until"), [
    ("last_day", "2026-03-28T23:00:00", "2026-03-29T22:00:00"), ("last_week", "2026-03-22T23:00:00", "2026-03-29T22:00:00"),
    ("last_month", "2026-01-31T23:00:00", "2026-02-28T23:00:00"), ("last_quarter", "2025-09-30T22:00:00", "2025-12-31T23:00:00"),
    ("last_year", "2024-12-31T23:00:00", "2025-12-31T23:00:00")])
def test_periods_are_whole_by_the_clocks_of_the_zone(name: str, since: str, until: str) -> None:
    """Monday, 30 March 2026, six in the morning in Vienna: the day before had 23 hours."""
    found = period_of(name, VIENNA, datetime(2026, 3, 30, 4, tzinfo=UTC))
    assert found == (datetime.fromisoformat(f"{since}+00:00"), datetime.fromisoformat(f"{until}+00:00"))


def test_what_is_an_expression_and_what_is_too_often() -> None:
    assert [is_cron(each) for each in ("0 6 * * 1", "0 6 * * mon", "61 99 * * *", "0 0 30 2 *", "@daily", "* * * * * *", "")] == [
        True, True, False, False, False, False, False]
    assert [is_too_often(each) for each in ("* * * * *", "0 * * * *", "0,30 6 * * *", "0 6 * * *")] == [True, False, True, False]


# ---- the resource

def test_a_schedule_is_made_changed_deleted_and_restored(cast: Any, make: Any) -> None:
    made = make(title="Evidence", kind="compliance", period="last_month")
    assert (made["owner_id"], made["is_paused"], made["last_report"], made["logo_sha256"]) == (cast.member.id, False, None, None)
    assert datetime.fromisoformat(made["next_run_at"]) > now()
    one = f"{PATH}/{made['id']}"
    changed = cast.member.patch(one, {"cron": "0 7 2 * *", "timezone": "UTC", "recipients": ["bo@example.com", "BO@example.com"]}).json["data"]
    assert (changed["cron"], changed["recipients"], changed["next_run_at"][8:]) == ("0 7 2 * *", ["BO@example.com"], "02T07:00:00Z")
    assert (changed["name"], changed["period"]) == ("Weekly evidence", "last_month")
    gone = cast.member.delete(one).json["data"]
    assert (gone["is_active"], gone["next_run_at"]) == (False, None)
    assert cast.member.get(one).status_code == 404
    back = cast.member.post(f"{one}/restore").json["data"]
    assert (back["is_active"], back["next_run_at"]) == (True, changed["next_run_at"])
    actions = {row["action"] for row in cast.admin.get("/audit-logs", resource_id=made["id"]).json["data"]}
    assert actions == {f"report_schedule.{verb}" for verb in ("created", "changed", "deleted", "restored")}


@pytest.mark.parametrize(("wrong", "field"), [
    ({"cron": "61 99 * * *"}, "cron"), ({"cron": "* * * * *"}, "cron"), ({"timezone": "Mars/Base"}, "timezone"), ({"kind": "gossip"}, "kind"),
    ({"recipients": ["x"]}, "recipients.0"), ({"recipients": [f"p{n}@example.com" for n in range(21)]}, "recipients"),
    ({"formats": []}, "formats"), ({"name": ""}, "name"), ({"colour": "red"}, "colour"), ({"parameters": {"colour": "red"}}, "parameters.colour"),
    ({"period": "last_month"}, "period"), ({"period": "last_month", "kind": "patch_run", "parameters": {"from": "2026-01-01"}}, "period"),
    ({"parameters": {"organization_id": "4b6f1c5e-0000-7000-8000-000000000001"}}, "parameters.organization_id"),
    ({"logo": "PHN2Zz48L3N2Zz4="}, "logo"), ({"logo": "no base64!"}, "logo")])
def test_nonsense_is_refused_at_its_field(cast: Any, wrong: dict[str, Any], field: str) -> None:
    answer = cast.member.post(PATH, body_of(cast, **wrong))
    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json["details"]] == [field]


def test_who_may_do_what(cast: Any, make: Any) -> None:
    mine = f"{PATH}/{make()['id']}"
    admins = f"{PATH}/{make(cast.admin)['id']}"
    assert cast.viewer.get(mine).status_code == 200
    assert cast.viewer.post(PATH, body_of(cast)).status_code == 403
    assert cast.viewer.post(f"{mine}/run").status_code == 403
    assert cast.member.patch(admins, {"name": "Other"}).status_code == 403
    assert cast.admin.patch(mine, {"name": "Other"}).json["data"]["owner_id"] == cast.member.id
    for method in (cast.stranger.get, cast.stranger.delete):
        assert method(mine).status_code == 404
    assert cast.stranger.post(f"{mine}/run").status_code == 404
    assert cast.stranger.get(PATH).json["meta"]["total"] == 0
    assert cast.stranger.post(PATH, body_of(cast)).status_code == 404
    assert cast.member.patch(mine, {"organization_id": str(cast.elsewhere.id)}).status_code == 422


def test_pausing_and_resuming(cast: Any, make: Any) -> None:
    one = f"{PATH}/{make()['id']}"
    paused = cast.member.post(f"{one}/pause").json["data"]
    assert (paused["is_paused"], paused["next_run_at"], paused["paused_reason"]) == (True, None, None)
    assert cast.member.post(f"{one}/pause").status_code == 409
    assert cast.viewer.get(PATH, is_paused="true").json["meta"]["total"] == 1
    resumed = cast.admin.post(f"{one}/resume").json["data"]
    assert (resumed["is_paused"], resumed["owner_id"]) == (False, cast.member.id)
    assert cast.member.post(f"{one}/resume").status_code == 409


# ---- runs

def test_what_was_missed_is_made_once(app: Any, cast: Any, fleet: Any, make: Any, work: Any) -> None:
    made = make()
    let_it_come_due(app, days=40)
    assert run(app) == 1
    assert run(app) == 0
    work()
    reports = cast.member.get("/reports", schedule_id=made["id"]).json["data"]
    assert [(row["status"], row["created_by"], row["parameters"]) for row in reports] == [
        ("done", cast.member.id, {"organization_id": str(cast.organization.id)})]
    shown = cast.member.get(f"{PATH}/{made['id']}").json["data"]
    assert shown["last_report"]["id"] == reports[0]["id"]
    assert datetime.fromisoformat(shown["next_run_at"]) > now()
    assert datetime.fromisoformat(shown["last_run_at"]) <= now()


def test_nothing_is_made_of_what_is_paused_deleted_or_not_due(app: Any, cast: Any, make: Any) -> None:
    make()
    cast.member.post(f"{PATH}/{make(name='Paused')['id']}/pause")
    cast.member.delete(f"{PATH}/{make(name='Deleted')['id']}")
    assert run(app) == 0
    assert cast.member.get("/reports").json["meta"]["total"] == 0


def test_a_period_is_counted_back_from_the_run(app: Any, cast: Any, make: Any) -> None:
    within_one_day()
    made = make(kind="patch_run", period="last_month", timezone="UTC", parameters={"granularity": "day"})
    let_it_come_due(app, hours=1)
    run(app)
    given = cast.member.get("/reports", schedule_id=made["id"]).json["data"][0]["parameters"]
    until = now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    assert (given["to"], given["granularity"]) == (until.isoformat().replace("+00:00", "Z"), "day")
    assert datetime.fromisoformat(given["from"]) == (until - timedelta(days=1)).replace(day=1)


def test_a_schedule_whose_owner_lost_the_right_is_paused_and_says_so(app: Any, cast: Any, fleet: Any, make: Any) -> None:
    made = make()
    one = f"{PATH}/{made['id']}"
    cast.admin.put(f"/organizations/{cast.organization.id}/members/{cast.member.id}", {"role": "viewer"})
    let_it_come_due(app, minutes=1)
    assert run(app) == 1
    shown = cast.admin.get(one).json["data"]
    assert (shown["is_paused"], shown["next_run_at"], shown["last_report"]) == (True, None, None)
    assert "may no longer build reports" in shown["paused_reason"]
    assert "may no longer build reports" in cast.admin.browser().get(one).get_data(as_text=True)
    assert run(app) == 0
    assert cast.admin.get("/audit-logs", action="report_schedule.paused").json["meta"]["total"] == 1
    taken = cast.admin.post(f"{one}/resume").json["data"]
    assert (taken["owner_id"], taken["is_paused"], taken["paused_reason"]) == (cast.admin.id, False, None)


def test_a_site_that_is_gone_pauses_the_schedule(app: Any, cast: Any, fleet: Any, make: Any) -> None:
    made = make(kind="patch_run", parameters={"site_id": str(fleet[0].id)})
    cast.admin.delete(f"/sites/{fleet[0].id}")
    let_it_come_due(app, minutes=1)
    run(app)
    assert cast.member.get(f"{PATH}/{made['id']}").json["data"]["paused_reason"]


def test_an_error_of_ours_holds_up_no_other(app: Any, cast: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from webapp.reports.actions import schedules

    bad, good = make(name="Bad"), make(name="Good", recipients=[])
    let_it_come_due(app, minutes=5)
    monkeypatch.setattr(schedules, "request_report", lambda actor, body, at, schedule_id: (
        1 / 0 if str(schedule_id) == bad["id"] else None))
    assert run(app) == 2
    assert cast.member.get(f"{PATH}/{good['id']}").json["data"]["last_run_at"] is not None
    assert cast.member.get(f"{PATH}/{bad['id']}").json["data"]["last_run_at"] is None


def test_two_schedulers_make_one_report(app: Any, cast: Any, make: Any) -> None:
    from uuid import UUID

    from webapp.kit.db import ALL, unit_of_work
    from webapp.reports.actions import schedules

    made = make()
    let_it_come_due(app, minutes=1)
    for _ in range(2):
        with app.app_context(), unit_of_work(ALL):
            schedules.run_due(UUID(made["id"]), now())
    assert cast.member.get("/reports", schedule_id=made["id"]).json["meta"]["total"] == 1


# ---- mail

def test_a_report_is_mailed_to_each_with_its_files(app: Any, cast: Any, fleet: Any, make: Any, work: Any, mails: list[Any]) -> None:
    made = make(recipients=["dana@example.com", "bo@example.com"], formats=["csv", "json"], title="Evidence")
    answer = cast.member.post(f"{PATH}/{made['id']}/run")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/v1/reports/{answer.json['data']['id']}"
    while work():
        pass
    assert sorted(message["To"] for message in mails) == ["bo@example.com", "dana@example.com"]
    message = mails[0]
    assert message["Subject"] == "Weekly evidence: Evidence"
    assert f"https://patchboard.example/reports/{answer.json['data']['id']}" in message.get_body().get_content()
    names = [part.get_filename() for part in message.iter_attachments()]
    assert [name.rpartition(".")[2] for name in sorted(names)] == ["csv", "json"]
    csv = next(part for part in message.iter_attachments() if part.get_filename().endswith("csv"))
    report = cast.member.get(f"/reports/{answer.json['data']['id']}/download", format="csv")
    assert csv.get_payload(decode=True) == report.data


def test_what_is_too_large_is_fetched_by_the_link(app: Any, cast: Any, fleet: Any, make: Any, work: Any, mails: list[Any],
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "MAIL_ATTACHMENTS_MAX_MB", 0)
    cast.member.post(f"{PATH}/{make()['id']}/run")
    while work():
        pass
    assert [list(message.iter_attachments()) for message in mails] == [[]]
    assert "Too large to attach: CSV" in mails[0].get_body().get_content()


def test_a_failed_report_is_mailed_to_nobody(app: Any, cast: Any, fleet: Any, make: Any, work: Any, mails: list[Any],
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    from webapp.reports.jobs import building

    monkeypatch.setattr(building, "write_rows", lambda *arguments: 1 / 0)
    made = make()
    cast.member.post(f"{PATH}/{made['id']}/run")
    while work():
        pass
    assert mails == []
    assert cast.member.get(f"{PATH}/{made['id']}").json["data"]["last_report"]["status"] == "failed"


# ---- logos

def test_a_logo_is_drawn_anew_and_stands_on_the_paper(app: Any, cast: Any, fleet: Any, make: Any, work: Any) -> None:
    made = make(logo=picture(size=(1800, 200), text=b"<script>"), title="Evidence", formats=["csv"])
    with factories.writing(app):
        kept = bytes(rows("SELECT png FROM report_logos")[0].png)
    assert (b"secret" in kept, b"<script>" in kept, kept[:8]) == (False, False, b"\x89PNG\r\n\x1a\n")
    from PIL import Image

    assert Image.open(io.BytesIO(kept)).size == (900, 100)
    assert cast.member.browser().get(f"{PATH}/{made['id']}/logo").data == kept
    assert cast.stranger.browser().get(f"{PATH}/{made['id']}/logo").status_code == 404
    same = cast.member.patch(f"{PATH}/{made['id']}", {"name": "Renamed"}).json["data"]
    assert same["logo_sha256"] == made["logo_sha256"]
    if pdf.why_no_pdf() is None:
        cast.member.patch(f"{PATH}/{made['id']}", {"formats": ["pdf"]})
        report = cast.member.post(f"{PATH}/{made['id']}/run").json["data"]
        work()
        assert b"/Image" in cast.member.get(f"/reports/{report['id']}/download", format="pdf").data
    assert cast.member.patch(f"{PATH}/{made['id']}", {"logo": None}).json["data"]["logo_sha256"] is None
    assert cast.member.browser().get(f"{PATH}/{made['id']}/logo").status_code == 404


@pytest.mark.parametrize("logo", [picture("GIF"), picture("BMP"), base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"x" * 99).decode(),
                                  base64.b64encode(b"x" * 530_000).decode(), "data:image/svg+xml;base64,PHN2Zz48L3N2Zz4="])
def test_no_other_picture_is_taken(cast: Any, logo: str) -> None:
    answer = cast.member.post(PATH, body_of(cast, logo=logo))
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "logo")


# ---- pages

def test_a_schedule_by_its_pages(app: Any, cast: Any, fleet: Any, work: Any) -> None:
    browser = cast.member.browser()
    first = browser.get(PATH).get_data(as_text=True)
    assert "No schedule yet" in first
    assert re.search(r'href="/reports"[^>]* aria-current="page"', first), "the navigation shows where one is"
    form = {"name": "Evidence", "organization_id": str(cast.organization.id), "kind": "patch_run", "period": "last_week", "formats": ["csv"],
            "cron": "0 6 * * 1", "timezone": VIENNA, "recipients": "dana@example.com, bo@example.com", "site": "Alpha", "title": "",
            "parameters.granularity": "day", "parameters.severity": "low", "parameters.dataset": "sites", "columns": ["sites:name"]}
    wrong = browser.post(f"{PATH}/new", {**form, "cron": "never", "recipients": "x"})
    assert wrong.status_code == 422
    text = wrong.get_data(as_text=True)
    assert "Not a cron expression." in text
    assert 'value="never"' in text
    made = browser.post(f"{PATH}/new", form)
    assert made.status_code == 303, made.get_data(as_text=True)
    one = made.headers["Location"]
    found = cast.member.get(f"/api/v1{one}").json["data"]
    assert found["parameters"] == {"granularity": "day", "organization_id": str(cast.organization.id), "site_id": str(fleet[0].id)}
    assert (found["recipients"], found["period"], found["title"]) == (["dana@example.com", "bo@example.com"], "last_week", None)
    page = browser.get(one).get_data(as_text=True)
    assert "The week before" in page
    assert "Nothing yet" in page
    edit = browser.get(f"{one}/edit").get_data(as_text=True)
    assert f'value="{fleet[0].url}"' in edit
    assert 'value="patch_run" checked' in edit
    assert browser.post(f"{one}/edit", {**form, "name": "Renamed", "site": ""}).status_code == 303
    assert cast.member.get(f"/api/v1{one}").json["data"]["name"] == "Renamed"
    assert browser.post(f"{one}/run").status_code == 303
    work()
    page = browser.get(one).get_data(as_text=True)
    assert re.search(r'<a[^>]+href="/reports/[0-9a-f-]+"', page)
    assert browser.post(f"{one}/pause").status_code == 303
    assert "Paused" in browser.get(PATH).get_data(as_text=True)
    assert browser.post(f"{one}/resume").status_code == 303
    assert browser.post(f"{one}/delete").status_code == 303
    assert browser.post(f"{one}/restore").status_code == 303
    assert "Renamed" in cast.viewer.browser().get(PATH).get_data(as_text=True)
    assert cast.viewer.browser().get(f"{PATH}/new").status_code == 403


def test_a_logo_by_its_form(cast: Any, make: Any) -> None:
    made = make()
    browser = cast.member.browser()
    form = {"name": "Evidence", "organization_id": made["organization_id"], "kind": "module_updates", "formats": "csv", "cron": "0 6 * * 1",
            "timezone": "UTC"}
    raw = base64.b64decode(picture("JPEG"))
    for content, status in ((raw, 303), (b"<svg/>", 422)):
        values = {**form, "logo": (io.BytesIO(content), "logo.jpg"), "csrf_token": browser.token()}
        assert browser.client.post(f"{PATH}/{made['id']}/edit", data=values, content_type="multipart/form-data").status_code == status
    assert cast.member.get(f"{PATH}/{made['id']}").json["data"]["logo_sha256"] is not None
    assert browser.post(f"{PATH}/{made['id']}/edit", {**form, "remove_logo": "1"}).status_code == 303
    assert cast.member.get(f"{PATH}/{made['id']}").json["data"]["logo_sha256"] is None
