"""Every try and what follows it: later again with patience, given up at last, never again where nobody wants it, sent again when asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.notify.receiver import receiving
from tests.notify.steps import deliveries, delivery, made, pass_time, rule, stated, webhook, work
from webapp.kit import outgoing
from webapp.kit.clock import now
from webapp.kit.db import ALL, enter_scope, execute, rows, unit_of_work
from webapp.kit.events import note
from webapp.notify.jobs import hand_over
from webapp.notify.values import WAITS, backoff

CLOSED = "The server could not be reached."


def try_out(app, cast, channel):
    """A test that was sent, and tried."""
    sent = made(cast.admin.post(f"/notification-channels/{channel['id']}/test"))
    work(app)
    return delivery(cast, sent["id"])


def silent(app, cast, count=1):
    """Something to tell of, which needs no fleet: reports that were built."""
    with app.app_context(), unit_of_work(ALL):
        for _ in range(count):
            note("report.done", cast.organization.id, [{"label": "Patch runs in November"}], now())
    work(app)


def channel_of(cast, channel):
    return made(cast.admin.get(f"/notification-channels/{channel['id']}"))


def wait_of(app):
    """The seconds from the last try to the next."""
    return float(stated(app, "SELECT extract(epoch FROM d.due_at - c.last_tried_at) AS seconds FROM notification_deliveries d"
                             " JOIN notification_channels c ON c.id = d.channel_id").seconds)


def test_what_fails_is_tried_again_later_and_says_so(app, cast):
    with receiving(answers=[503, 502, 200]) as receiver:
        channel = webhook(cast, receiver.url)
        rule(cast, channel, "report.done")
        silent(app, cast)
        pass_time(app, minutes=1)
        first = deliveries(cast)[0]
        assert (first["state"], first["tries"], first["last_code"], first["last_error"]) == ("waiting", 1, 503, "The server answered with 503: ok")
        assert 8 <= wait_of(app) <= 12
        pass_time(app, seconds=15)
        pass_time(app, seconds=80)
        found = delivery(cast, first["id"])
    assert [(each["number"], each["outcome"], each["code"]) for each in found["attempts"]] == [(1, "failed", 503), (2, "failed", 502), (3, "delivered", 200)]
    assert all(each["milliseconds"] >= 0 for each in found["attempts"])
    assert (found["state"], found["due_at"]) == ("delivered", None)
    assert len({request.headers["webhook-id"] for request in receiver.posted}) == 1
    assert len({request.body for request in receiver.posted}) == 1
    assert (channel_of(cast, channel)["state"], channel_of(cast, channel)["failures"]) == ("working", 0)


def test_whoever_asks_to_be_left_alone_is(app, cast):
    with receiving(answers=[429], headers={"Retry-After": "900"}) as receiver:
        rule(cast, webhook(cast, receiver.url), "report.done")
        silent(app, cast)
        pass_time(app, minutes=1)
    assert wait_of(app) == 900


def test_after_the_last_try_it_is_dead_and_can_be_sent_again(app, cast):
    with receiving(answers=[500]) as receiver:
        channel = webhook(cast, receiver.url)
        rule(cast, channel, "report.done")
        silent(app, cast)
        for _ in range(len(WAITS) + 1):
            pass_time(app, days=1)
        dead = deliveries(cast)[0]
        assert (dead["state"], dead["tries"]) == ("dead", len(WAITS) + 1)
        assert channel_of(cast, channel)["state"] == "failing"
        assert [row.action for row in rows_of(app, "SELECT action FROM audit_log WHERE action = 'notification_channel.failing'")] == [
            "notification_channel.failing"]
        receiver.answers = [500, 200]
        again = made(cast.admin.post(f"/notification-deliveries/{dead['id']}/redeliver"))
        assert again["state"] == "sending"
        assert cast.admin.post(f"/notification-deliveries/{dead['id']}/redeliver").status_code == 409
        work(app)
        assert deliveries(cast)[0]["state"] == "waiting"  # it has as many tries as at first
        pass_time(app, minutes=1)
    found = delivery(cast, dead["id"])
    assert (found["state"], found["tries"]) == ("delivered", len(WAITS) + 3)
    assert len({request.headers["webhook-id"] for request in receiver.posted}) == 1


def rows_of(app, sql):
    with app.app_context():
        enter_scope(ALL)
        return rows(sql)


def test_a_receiver_that_is_gone_is_not_asked_again(app, cast):
    with receiving(answers=[410]) as receiver:
        channel = webhook(cast, receiver.url)
        rule(cast, channel, "report.done")
        silent(app, cast)
        pass_time(app, minutes=1)
        found = channel_of(cast, channel)
        assert (found["is_enabled"], found["state"], found["disabled_reason"]) == (False, "off", "The receiver wants no more messages (410).")
        assert deliveries(cast)[0]["state"] == "dead"
        silent(app, cast)
        pass_time(app, minutes=10)
        assert len(receiver.posted) == 1
        receiver.answers = [200]
        assert made(cast.admin.patch(f"/notification-channels/{channel['id']}", {"is_enabled": True}))["disabled_reason"] is None
        silent(app, cast)
        pass_time(app, minutes=10)
    assert len(receiver.posted) == 2


def test_a_test_is_tried_once_and_also_where_the_channel_is_off(app, cast):
    with receiving(answers=[500, 204]) as receiver:
        channel = webhook(cast, receiver.url)
        found = try_out(app, cast, channel)
        assert (found["state"], found["tries"], found["event"], found["due_at"]) == ("dead", 1, "test", None)
        made(cast.admin.patch(f"/notification-channels/{channel['id']}", {"is_enabled": False}))
        assert try_out(app, cast, channel)["state"] == "delivered"
    assert len(receiver.posted) == 2


@pytest.mark.parametrize(("answers", "options", "error"), [
    ([302], {"headers": {"Location": "http://127.0.0.1:1/elsewhere"}}, "The server redirects (302), which is not followed."),
    ([403], {"text": b"no\nsuch\x00 room"}, "The server answered with 403: no such room"),
    ([500], {"text": b"<html>a page of the proxy</html>"}, "The server answered with 500"),
])
def test_other_answers_are_failures_and_say_why(app, cast, answers, options, error):
    with receiving(answers=answers, **options) as receiver:
        assert try_out(app, cast, webhook(cast, receiver.url))["last_error"] == error


def test_an_answer_that_drips_is_cut_off(app, cast, monkeypatch):
    monkeypatch.setitem(app.config, "OUTGOING_TIMEOUT_SECONDS", 1)
    with receiving(delay=0.3, text=b"x" * 300) as receiver:
        found = try_out(app, cast, webhook(cast, receiver.url))
        assert receiver.ended.wait(120)
    assert (found["state"], found["last_error"]) == ("dead", "The server did not answer in time.")
    assert receiver.written < 300


def test_nobody_there_is_said(app, cast):
    with receiving() as receiver:
        url = receiver.url
    assert try_out(app, cast, webhook(cast, url))["last_error"] == CLOSED


def test_a_network_of_our_own_is_refused_after_the_name_is_resolved(app, cast, monkeypatch):
    with receiving() as receiver:
        channel = webhook(cast, receiver.url.replace("127.0.0.1", "localhost"))
        monkeypatch.setitem(app.config, "OUTGOING_NETWORKS", outgoing.networks(["10.0.0.0/8"]))
        found = try_out(app, cast, channel)
    assert receiver.posted == []
    assert found["last_error"] == outgoing.OWN_NETWORK


def test_while_a_secret_changes_both_sign(app, cast):
    from standardwebhooks import Webhook

    with receiving() as receiver:
        channel = webhook(cast, receiver.url)
        fresh = made(cast.admin.post(f"/notification-channels/{channel['id']}/rotate-secret", {"overlap_hours": 1}))
        assert fresh["secret"].startswith("whsec_")
        assert fresh["secret"] != channel["secret"]
        try_out(app, cast, channel)
        assert len(receiver.posted[0].headers["webhook-signature"].split()) == 2
        for secret in (channel["secret"], fresh["secret"]):
            assert Webhook(secret).verify(receiver.posted[0].body, receiver.posted[0].headers)["type"] == "test"
        with app.app_context(), unit_of_work(ALL):
            execute("UPDATE notification_channels SET former_secret_until = now() - interval '1 second'")
        try_out(app, cast, channel)
    assert len(receiver.posted[1].headers["webhook-signature"].split()) == 1
    assert Webhook(fresh["secret"]).verify(receiver.posted[1].body, receiver.posted[1].headers)


def test_a_worker_that_died_is_followed_by_another(app, cast):
    """What was handed over is a job, and jobs that are lost are found by the sweeper; one that never ends makes the message dead."""
    from webapp.kit import jobs

    with receiving() as receiver:
        channel = webhook(cast, receiver.url)
        sent = made(cast.admin.post(f"/notification-channels/{channel['id']}/test"))
        with app.app_context(), unit_of_work(ALL):
            execute("UPDATE job_outbox SET state = 'running', attempt = 5, heartbeat_at = now() - interval '1 minute'")
        with app.app_context():
            enter_scope(ALL)
            assert jobs.sweep() == 1
    found = delivery(cast, sent["id"])
    assert (found["state"], found["last_error"]) == ("dead", "It was begun 5 times and never finished.")


def test_what_was_forgotten_is_found(app, cast):
    with receiving() as receiver:
        rule(cast, webhook(cast, receiver.url), "report.done")
        silent(app, cast)
        with app.app_context(), unit_of_work(ALL):
            execute("DELETE FROM job_outbox")
            execute("DELETE FROM notification_matches")
            execute("DELETE FROM notification_deliveries")
            execute("UPDATE notification_facts SET matched_at = NULL, created_at = now() - interval '1 minute'")
        with app.app_context():
            hand_over()
        work(app)
        pass_time(app, minutes=1)
    assert len(receiver.posted) == 1


def test_waits_grow_with_some_chance_and_end():
    assert [backoff(tries, None, 0.0) for tries in range(1, len(WAITS) + 2)] == [*WAITS, None]
    assert backoff(1, None, 0.2) == timedelta(seconds=12)
    assert backoff(1, 3600.0, 0.0) == timedelta(hours=1)
    assert backoff(1, 10**7, 0.0) == timedelta(days=1)
    assert {backoff(3, None) for _ in range(20)} != {backoff(3, None, 0.0)}
    assert all(timedelta(seconds=240) <= backoff(3, None) <= timedelta(seconds=360) for _ in range(50))


def test_the_operator_sees_what_waits_and_what_came_of_it(app, cast, client):
    with receiving(answers=[500]) as receiver:
        rule(cast, webhook(cast, receiver.url), "report.done")
        silent(app, cast)
        with app.app_context(), unit_of_work(ALL):
            execute("UPDATE notification_deliveries SET due_at = now() - interval '90 seconds'")
        waiting = client.get("/metrics").text
        pass_time(app, minutes=1)
    assert 'patchboard_notifications_waiting{state="gathering"} 1.0' in waiting
    overdue = next(line for line in waiting.splitlines() if line.startswith('patchboard_notifications_overdue_seconds{state="gathering"}'))
    assert 89 < float(overdue.split()[1]) < 120
    assert 'patchboard_notifications_waiting{state="unmatched"} 0.0' in waiting
    after = client.get("/metrics").text
    assert 'patchboard_notifications_waiting{state="waiting"} 1.0' in after
    assert 'patchboard_notifications_total{kind="webhook",outcome="failed"}' in after
