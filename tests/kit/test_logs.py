"""The log: a line is a line, whatever callers send, and events of security are lines of their own without secrets."""

from __future__ import annotations

import json

import pytest

from tests import factories
from tests.cast import Browser
from webapp.kit import security
from webapp.kit.logs import _bytes, log

NASTY = "a\nb\r\x1b[31m\x9b31m\x7f\u2028\u202eend\x00"


def lines_of(capfd):
    return [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]


def test_a_line_stays_a_line_and_says_nothing_to_terminals():
    line = _bytes({"event": NASTY, NASTY: 1, "half": "\ud800"})
    assert line.count(b"\n") == 0
    assert all(0x20 <= byte < 0x7f for byte in line)
    assert json.loads(line)["event"] == NASTY
    assert _bytes({"event": "Größe"}) == '{"event":"Größe"}'.encode()


def test_every_request_has_its_line(app, cast, capfd):
    capfd.readouterr()
    cast.viewer.get("/sites", headers={"X-Request-ID": "mine"})
    line = next(each for each in lines_of(capfd) if each["event"] == "request")
    assert {"method", "route", "path", "status", "actor", "actor_kind", "actor_id", "organization_id", "ip", "milliseconds", "statements",
            "sql_milliseconds", "request_id", "correlation_id", "level", "timestamp"} <= set(line)
    assert (line["route"], line["request_id"], line["organization_id"]) == ("/api/v1/sites", "mine", str(cast.organization.id))
    assert line["statements"] > 0


def test_what_callers_send_makes_no_lines_of_its_own(app, client, capfd):
    capfd.readouterr()
    client.get("/no%0Asuch%1B[31m/page", headers={"User-Agent": "x"})
    assert [each["path"] for each in lines_of(capfd) if each["event"] == "request"] == ["/api/v1/no\nsuch\x1b[31m/page"]


def events_of(capfd):
    return [each for each in lines_of(capfd) if each["event"] == "security"]


def test_a_failed_sign_in_is_told_at_once_and_without_secrets(app, cast, capfd):
    capfd.readouterr()
    Browser(app).sign_in("member@meridian.example", "wrong-password-1")
    text = capfd.readouterr().out
    assert "wrong-password-1" not in text
    (event,) = [json.loads(line) for line in text.splitlines() if '"security"' in line]
    assert (event["name"], event["outcome"], event["level"], event["ip"]) == ("sign_in.failed", "failure", "warning", "127.0.0.1")
    assert event["request_id"]


def test_keys_and_refusals_are_told_and_counted(app, client, cast, capfd):
    capfd.readouterr()
    with factories.writing(app):
        site = factories.site(cast.organization)
    assert cast.viewer.delete(f"/sites/{site.id}").status_code == 403
    cast.key("read")
    assert [(each["name"], each["actor"]) for each in events_of(capfd)] == [
        ("permission.denied", "viewer@meridian.example"), ("api_key.created", "admin@meridian.example")]
    text = client.get("/metrics").get_data(as_text=True)
    assert 'patchboard_security_events_total{name="permission.denied",outcome="failure"}' in text


def test_a_success_that_is_rolled_back_is_not_told(app, capfd):
    from webapp.audit.actions import record
    from webapp.kit.db import ALL, unit_of_work
    from webapp.kit.permissions import SYSTEM

    capfd.readouterr()
    with app.app_context(), pytest.raises(ZeroDivisionError), unit_of_work(ALL):
        record(SYSTEM, "api_key.created", "ApiKey", changes={})
        record(SYSTEM, "sign_in.failed", "User", status="failure", changes={})
        raise ZeroDivisionError
    assert [each["name"] for each in events_of(capfd)] == ["sign_in.failed"]


@pytest.mark.parametrize(("action", "told"), [("sign_in.opened", True), ("sign_in.renewed", False), ("two_factor.enabled", True),
                                              ("user.suspended", True), ("site.changed", False), ("member.role_set", True)])
def test_what_is_an_event_of_security(action, told):
    assert security.is_event(action) is told


def test_the_log_can_be_written_to(app, capfd):
    log().info("something", more=1)
    assert lines_of(capfd)[-1]["more"] == 1
