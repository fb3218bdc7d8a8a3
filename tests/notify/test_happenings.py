"""What happens and is told of: deadlines and silences that time brings, refused reports, patch runs, reports; at once or as a digest."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests import factories
from tests.notify.receiver import receiving
from tests.notify.steps import deliveries, look_at_clocks, made, pass_time, rule, stated, tell, webhook, work
from tests.notify.test_telling import NAME, fleet, posted, publish
from tests.statements import statements
from webapp.kit.clock import now
from webapp.kit.db import ALL, execute, unit_of_work
from webapp.kit.events import note
from webapp.notify.actions.clocks import forget_marks
from webapp.notify.values import Timing, next_digest


@pytest.fixture
def receiver():
    with receiving() as served:
        yield served


def run(app, sql, **values):
    with app.app_context(), unit_of_work(ALL):
        return execute(sql, **values)


def older_rules(app):
    run(app, "UPDATE notification_rules SET created_at = created_at - interval '2 days'")


def test_a_deadline_is_told_of_when_it_is_near_and_when_it_has_passed_once_each(app, cast, receiver):
    rule(cast, webhook(cast, receiver.url), "exposure.due_soon", "exposure.overdue")
    older_rules(app)
    fleet(app, cast, 3)
    publish(app, NAME)
    look_at_clocks(app)
    pass_time(app, minutes=1)
    assert [posted(receiver, place)["type"] for place in range(len(receiver.posted))] == []  # due in two days
    run(app, "UPDATE exposures SET due_at = now() + interval '23 hours'")
    for _ in range(2):
        look_at_clocks(app)
        pass_time(app, minutes=1)
    assert [posted(receiver, place)["type"] for place in range(len(receiver.posted))] == ["exposure.due_soon"]
    assert posted(receiver)["data"]["items"][0]["text"].endswith(f"have to be patched soon for {NAME} (critical), {NAME} title; due in 22 h")
    run(app, "UPDATE exposures SET due_at = now() - interval '5 minutes'")
    for _ in range(2):
        look_at_clocks(app)
        pass_time(app, minutes=1)
    assert [posted(receiver, place)["type"] for place in range(len(receiver.posted))] == ["exposure.due_soon", "exposure.overdue"]
    assert re.search(r"; due \d+ min ago", posted(receiver)["data"]["items"][0]["text"])


def test_what_was_overdue_before_there_was_a_rule_is_not_told(app, cast, receiver):
    fleet(app, cast, 1)
    publish(app, NAME)
    run(app, "UPDATE exposures SET due_at = now() - interval '1 hour'")
    rule(cast, webhook(cast, receiver.url), "exposure.overdue")
    look_at_clocks(app)
    pass_time(app, minutes=1)
    assert receiver.posted == []


def test_an_accepted_risk_is_neither_opened_nor_overdue(app, cast, receiver):
    rule(cast, webhook(cast, receiver.url), "exposure.opened", "exposure.overdue")
    older_rules(app)
    fleet(app, cast, 1)
    publish(app, NAME)
    finding = cast.admin.get("/exposures").json["data"][0]["id"]
    made(cast.admin.post(f"/exposures/{finding}/accept", {"reason": "Behind a login.", "expires_at": "2036-01-01T00:00:00Z"}))
    run(app, "UPDATE exposures SET due_at = now() - interval '1 hour'")
    run(app, "UPDATE notification_facts SET matched_at = NULL")
    run(app, "DELETE FROM notification_matches")
    run(app, "DELETE FROM notification_deliveries")
    look_at_clocks(app)
    pass_time(app, minutes=1)
    assert receiver.posted == []


def test_silence_is_told_once_and_its_end_too(app, cast, receiver):
    rule(cast, webhook(cast, receiver.url), "site.silent", "site.recovered")
    older_rules(app)
    site = fleet(app, cast, 1)[0]
    run(app, "UPDATE sites SET silent_after = now() - interval '1 minute', last_report_at = now() - interval '3 days'")
    for _ in range(2):
        look_at_clocks(app)
        pass_time(app, minutes=1)
    assert [posted(receiver, place)["data"]["title"] for place in range(len(receiver.posted))] == ["Site 000 has fallen silent"]
    assert posted(receiver)["data"]["items"][0]["site"]["id"] == str(site.id)
    key = cast.key(site=site)
    key.post(f"/sites/{site.id}/modules", {"modules": [{"name": "webform", "version": "6.2.7"}]})
    tell(app)
    assert posted(receiver)["data"]["title"] == "Site 000 reports again"
    key.post(f"/sites/{site.id}/modules", {"modules": [{"name": "webform", "version": "6.2.7"}]})
    tell(app)
    run(app, "UPDATE sites SET silent_after = now() - interval '1 minute'")
    key.post(f"/sites/{site.id}/modules", {"modules": [{"name": "webform", "version": "6.2.7"}]})  # the same body again
    pass_time(app, minutes=6)
    tell(app)
    assert len(receiver.posted) == 3
    assert posted(receiver)["type"] == "site.recovered"


def test_a_row_of_refusals_is_told_of_once(app, cast, receiver):
    rule(cast, webhook(cast, receiver.url), "inventory_report.refused")
    site = fleet(app, cast, 1)[0]
    key = cast.key(site=site)
    for _ in range(3):
        assert key.post(f"/sites/{site.id}/modules", {"modules": "none"}).status_code == 422
    tell(app)
    assert len(receiver.posted) == 1
    item = posted(receiver)["data"]["items"][0]
    assert item["text"].startswith("Site 000 had a report refused: ")
    assert item["url"] == f"https://patchboard.example/sites/{site.id}/received"
    key.post(f"/sites/{site.id}/modules", {"modules": [{"name": "webform", "version": "6.2.8"}]})
    key.post(f"/sites/{site.id}/modules", {"modules": "none"})
    pass_time(app, minutes=6)
    tell(app)
    assert len(receiver.posted) == 2


def test_patch_runs_that_failed_or_are_contradicted_are_told_of(app, cast, receiver):
    rule(cast, webhook(cast, receiver.url), "patch_run.failed", "patch_run.contradicted")
    site = fleet(app, cast, 1)[0]
    body = {"started_at": "2026-11-18T16:05:00Z", "trigger": "ci", "updates": [{"module": "webform", "from_version": "6.2.7", "to_version": "6.2.9"}]}
    made(cast.member.post(f"/sites/{site.id}/patch-run", {**body, "status": "rolled_back"}))
    tell(app)
    assert posted(receiver)["data"]["title"] == "Site 000 had a patch run that failed: what was changed was rolled back"
    started = now() - timedelta(minutes=30)
    made(cast.member.post(f"/sites/{site.id}/patch-run", {**body, "status": "success", "started_at": started.isoformat()}))
    cast.key(site=site).post(f"/sites/{site.id}/modules", {"modules": [{"name": "webform", "version": "6.2.7"}, {"name": "token", "version": "1.0.0"}]})
    tell(app)
    assert posted(receiver)["type"] == "patch_run.contradicted"
    assert posted(receiver)["data"]["items"][0]["url"].startswith("https://patchboard.example/patch-runs/")


def test_a_report_is_told_of_when_it_is_built(app, cast, receiver):
    rule(cast, webhook(cast, receiver.url), "report.done", tags=["shop"])  # what is asked of sites does not hold for reports
    asked = {"kind": "module_updates", "formats": ["csv"], "parameters": {"organization_id": str(cast.organization.id)}}
    report = made(cast.member.post("/reports", asked))
    tell(app)
    assert posted(receiver)["data"]["items"][0]["report_id"] == report["id"]


def test_a_digest_gathers_until_its_hour(app, cast, receiver):
    hour = (now().hour + 12) % 24
    own = rule(cast, webhook(cast, receiver.url), "report.done", "exposure.opened", timing="daily", hour=hour)
    fleet(app, cast, 2)
    publish(app, NAME)
    for _ in range(3):
        with app.app_context(), unit_of_work(ALL):
            note("report.done", cast.organization.id, [{"ref": factories.new_id(), "label": "Patch runs"}], now())
        work(app)
    pass_time(app, minutes=0)
    assert receiver.posted == []
    gathering = deliveries(cast)
    assert [(each["state"], each["event"]) for each in gathering] == [("gathering", "digest")]
    assert cast.admin.post(f"/notification-deliveries/{gathering[0]['id']}/redeliver").status_code == 409
    due = stated(app, "SELECT due_at FROM notification_deliveries").due_at.astimezone(UTC)
    assert (due.hour, due.minute) == (hour, 0)
    pass_time(app, days=1)
    document = posted(receiver)
    assert (document["type"], document["data"]["items_count"]) == ("digest", 4)
    assert document["data"]["title"] == "Meridian, the last day: 4 things to know"
    assert document["data"]["summary"] == [f"Site 000 and Site 001 are exposed to {NAME} (critical), {NAME} title; due in 45 h", "3 reports are built"]
    assert document["data"]["rule"]["id"] == own["id"]


def test_what_has_gathered_follows_its_rule(app, cast, receiver):
    with receiving() as other:
        own = rule(cast, webhook(cast, receiver.url), "report.done", timing="weekly", weekday=3, hour=5)
        second = webhook(cast, other.url, name="Second")
        with app.app_context(), unit_of_work(ALL):
            note("report.done", cast.organization.id, [{"label": "Patch runs"}], now())
        work(app)
        due = stated(app, "SELECT due_at FROM notification_deliveries").due_at.astimezone(UTC)
        assert (due.isoweekday(), due.hour) == (3, 5)
        made(cast.admin.patch(f"/notification-rules/{own['id']}", {"timing": "at_once", "channel_id": second["id"]}))
        pass_time(app, minutes=1)
        assert (len(receiver.posted), len(other.posted)) == (0, 1)
        made(cast.admin.patch(f"/notification-rules/{own['id']}", {"timing": "hourly"}))
        with app.app_context(), unit_of_work(ALL):
            note("report.done", cast.organization.id, [{"label": "Patch runs"}], now())
        work(app)
        made(cast.admin.delete(f"/notification-rules/{own['id']}"))
        pass_time(app, hours=2)
        assert len(other.posted) == 1
    assert deliveries(cast)[0]["last_error"] == "The rule was switched off or deleted before this was told."


def test_nothing_is_kept_where_no_rule_asks(app, cast):
    with app.app_context(), unit_of_work(ALL):
        note("report.done", cast.organization.id, [{"label": "Patch runs"}], now())
        note("nothing.known", cast.organization.id, [{"label": "What nobody knows"}], now())
    assert stated(app, "SELECT count(*) AS facts FROM notification_facts").facts == 0


def test_what_is_rolled_back_was_never_said(app, cast, receiver):
    rule(cast, webhook(cast, receiver.url), "report.done")
    with pytest.raises(RuntimeError), app.app_context(), unit_of_work(ALL):
        note("report.done", cast.organization.id, [{"label": "Patch runs"}], now())
        raise RuntimeError("the report was not built after all")
    tell(app)
    assert receiver.posted == []


def test_old_messages_marks_and_facts_are_forgotten(app, cast, receiver):
    from webapp.notify.jobs import forget

    rule(cast, webhook(cast, receiver.url), "report.done")
    with app.app_context(), unit_of_work(ALL):
        note("report.done", cast.organization.id, [{"label": "Patch runs"}], now())
    tell(app)
    with app.app_context():
        assert forget(90) == 0
    run(app, "UPDATE notification_deliveries SET created_at = created_at - interval '91 days'")
    run(app, "UPDATE notification_facts SET matched_at = matched_at - interval '91 days'")
    run(app, "INSERT INTO notification_marks VALUES ('site.silent', gen_random_uuid(), now() - interval '20 days', :place)", place=cast.organization.id)
    with app.app_context():
        assert forget(90) == 1
    assert deliveries(cast) == []
    counts = stated(app, "SELECT (SELECT count(*) FROM notification_facts) + (SELECT count(*) FROM notification_attempts)"
                         " + (SELECT count(*) FROM notification_matches) + (SELECT count(*) FROM notification_marks) AS kept")
    assert counts.kept == 0
    with app.app_context(), unit_of_work(ALL):
        assert forget_marks(now()) == 0


def test_the_application_cannot_rewrite_what_was_tried(app, cast, receiver):
    made(cast.admin.post(f"/notification-channels/{webhook(cast, receiver.url)['id']}/test"))
    work(app)
    for sql in ("UPDATE notification_attempts SET outcome = 'failed'", "DELETE FROM notification_attempts"):
        with pytest.raises(Exception, match="permission denied"):
            run(app, sql)


def test_what_a_thousand_sites_cost(app, cast, receiver):
    """The statements that matching and composing take are the same for one site and for many."""
    from webapp.notify.jobs import match

    def cost(count, first):
        with factories.writing(app):
            sites = [factories.site(cast.organization, name=f"{first} {number}") for number in range(count)]
            note("site.silent", cast.organization.id, [{"site": site.id} for site in sites], now())
        with app.app_context():
            return statements(app, lambda: match(1))

    rule(cast, webhook(cast, receiver.url), "site.silent")
    cost(1, "Warm")
    work(app)
    few = cost(2, "Few")
    assert few == cost(300, "Many")
    assert few < 20


@pytest.mark.parametrize(("timing", "zone", "after", "expected"), [
    (Timing.HOURLY, "UTC", "2026-11-22T06:00:00", "2026-11-22T07:00:00"), (Timing.HOURLY, "UTC", "2026-11-22T06:59:59", "2026-11-22T07:00:00"),
    (Timing.DAILY, "UTC", "2026-11-22T07:59:59", "2026-11-22T08:00:00"), (Timing.DAILY, "UTC", "2026-11-22T08:00:00", "2026-11-23T08:00:00"),
    (Timing.DAILY, "Europe/Vienna", "2026-11-22T06:30:00", "2026-11-22T07:00:00"), (Timing.DAILY, "Europe/Vienna", "2026-07-22T06:30:00", "2026-07-23T06:00:00"),
    (Timing.DAILY, "Pacific/Auckland", "2026-11-22T18:59:00", "2026-11-22T19:00:00"), (Timing.DAILY, "America/Los_Angeles", "2026-11-22T16:00:00", "2026-11-23T16:00:00"),
    (Timing.WEEKLY, "UTC", "2026-11-22T06:00:00", "2026-11-25T08:00:00"), (Timing.WEEKLY, "UTC", "2026-11-25T08:00:00", "2026-12-02T08:00:00"),
    (Timing.WEEKLY, "Europe/Vienna", "2026-10-21T07:00:00", "2026-10-28T07:00:00"),  # summer time ends between
])
def test_a_digest_comes_at_the_hour_of_its_organization(timing, zone, after, expected):
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_digest(timing, 8, 3, zone, moment).replace(tzinfo=None).isoformat() == expected


def test_digests_come_once_a_day_also_when_the_clock_is_changed():
    for start, zone in (("2026-03-28T00:00:00", "Europe/Vienna"), ("2026-10-24T00:00:00", "Europe/Vienna")):
        at = datetime.fromisoformat(start).replace(tzinfo=UTC)
        found = []
        for _ in range(4):
            at = next_digest(Timing.DAILY, 2, 1, zone, at)
            found.append(at)
        gaps = [(second - first).total_seconds() / 3600 for first, second in pairwise(found)]
        assert all(22 < gap < 26 for gap in gaps)
        assert len(set(found)) == 4


def test_the_document_is_json_that_anybody_can_read(app, cast, receiver):
    rule(cast, webhook(cast, receiver.url), "exposure.opened")
    fleet(app, cast, 1)
    publish(app, NAME)
    tell(app)
    document = json.loads(receiver.posted[0].body)
    item = document["data"]["items"][0]
    assert set(document) == {"type", "timestamp", "data"}
    assert set(document["data"]) == {"title", "summary", "reason", "url", "organization", "rule", "items_count", "items"}
    assert set(item) == {"event", "at", "text", "url", "advisory", "sites_count", "sites", "due_at"}
    assert item["sites"][0] == {"id": item["sites"][0]["id"], "name": "Site 000", "url": item["sites"][0]["url"], "environment": "production"}
    assert document["timestamp"].endswith("Z")
