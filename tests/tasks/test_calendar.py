"""The calendar of one's tasks: under a secret that is shown once, read as its owner may see now."""

from __future__ import annotations

from urllib.parse import urlsplit

import icalendar
import pytest

from tests import factories
from tests.cast import Caller
from tests.tasks.test_tasks import a_task, today
from webapp.kit.db import ALL, enter_scope, execute, rows


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization, name="Town hall")


def opened(person):
    address = urlsplit(person.post("/tasks/calendar").json["data"]["url"])
    return f"{address.path}?{address.query}"


def read(app, address, **headers):
    return Caller(app).get(address, headers=headers)


def events(answer):
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/calendar; charset=utf-8"
    return {str(each["summary"]): each for each in icalendar.Calendar.from_ical(answer.get_data()).walk("VEVENT")}


def test_what_is_mine_and_open_and_has_a_day_is_an_event_of_that_day(app, cast, site):
    a_task(cast.member, title="Own; with, signs", due_date=today(2), description="First\nsecond", priority="critical", tags=["web"])
    a_task(cast.admin, title="Given", site_id=str(site.id), due_date=today(3), assignee_id=cast.member.id)
    a_task(cast.admin, title="Another's", site_id=str(site.id), due_date=today(3))
    a_task(cast.member, title="Undated")
    a_task(cast.member, title="Done", due_date=today(1), status="completed")
    answer = read(app, opened(cast.member))
    found = events(answer)
    assert set(found) == {"Own; with, signs", "Given (Town hall)"}
    own = found["Own; with, signs"]
    assert (own["dtstart"].dt.isoformat(), own["dtend"].dt.isoformat(), own["priority"], own["transp"]) == (today(2), today(3), 1, "TRANSPARENT")
    assert str(own["description"]).startswith("First\nsecond\n\nhttp://")
    assert own["dtstamp"].dt.utcoffset().total_seconds() == 0
    assert b"DTSTART;VALUE=DATE:" in answer.get_data()
    assert len({str(each["uid"]) for each in found.values()}) == 2


def test_it_answers_304_to_who_has_it_already(app, cast):
    a_task(cast.member, due_date=today(2))
    address = opened(cast.member)
    tag = read(app, address).headers["ETag"]
    assert read(app, address, **{"If-None-Match": tag}).status_code == 304
    a_task(cast.member, title="Another", due_date=today(2))
    assert read(app, address, **{"If-None-Match": tag}).status_code == 200


def test_the_secret_is_kept_as_a_hash_and_shown_once(app, cast):
    address = opened(cast.member)
    assert cast.member.get("/tasks/calendar").json["data"]["url"] is None
    assert cast.member.get("/tasks/calendar").json["data"]["is_open"] is True
    token = address.split("token=")[1].encode()
    with app.app_context():
        enter_scope(ALL)
        kept = rows("SELECT token_hash FROM task_calendars")[0]
        said = rows("SELECT changes::text AS changes FROM audit_log WHERE action LIKE 'task_calendar%'")
    assert token not in bytes(kept.token_hash)
    assert [row.changes for row in said] == ["{}"]


def test_a_new_address_closes_the_one_before_and_it_can_be_revoked(app, cast):
    first = opened(cast.member)
    second = opened(cast.member)
    assert [read(app, each).status_code for each in (first, second)] == [404, 200]
    assert cast.member.delete("/tasks/calendar").json["data"]["is_open"] is False
    assert read(app, second).status_code == 404
    assert cast.member.delete("/tasks/calendar").status_code == 200
    assert read(app, "/tasks/calendar.ics?token=guess").status_code == 404
    assert read(app, "/tasks/calendar.ics").status_code == 422


def test_it_shows_what_its_owner_may_see_now(app, cast, site):
    a_task(cast.admin, title="Given", site_id=str(site.id), due_date=today(3), assignee_id=cast.member.id)
    a_task(cast.member, title="Own", due_date=today(3))
    address = opened(cast.member)
    assert set(events(read(app, address))) == {"Given (Town hall)", "Own"}
    with factories.writing(app):
        execute("UPDATE organizations SET settings = '{\"require_two_factor\": true}' WHERE id = :place", place=cast.organization.id)
    assert set(events(read(app, address))) == {"Own"}, "who lacks the second factor that it asks for has no role there"
    with factories.writing(app):
        execute("UPDATE organizations SET settings = '{}' WHERE id = :place", place=cast.organization.id)
    assert set(events(read(app, address))) == {"Given (Town hall)", "Own"}
    assert cast.admin.delete(f"/organizations/{cast.organization.id}/members/{cast.member.id}").status_code == 200
    assert set(events(read(app, address))) == {"Own"}
    assert cast.root.delete(f"/users/{cast.member.id}").status_code == 200
    assert read(app, address).status_code == 404


def test_the_page_shows_the_address_once(cast):
    browser = cast.viewer.browser()
    assert "Make address" in browser.get("/tasks/calendar").get_data(as_text=True)
    assert "calendar.ics?token=" in browser.post("/tasks/calendar").get_data(as_text=True)
    assert "token=" not in browser.get("/tasks/calendar").get_data(as_text=True)
    assert browser.post("/tasks/calendar/revoke").status_code == 303
