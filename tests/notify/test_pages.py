"""The pages of notifications as people use them: forms by kind, secrets once, lists with state, the log of deliveries."""

from __future__ import annotations

import re

import pytest

from tests.notify.receiver import receiving
from tests.notify.steps import deliveries, email, made, rule, webhook, work


@pytest.fixture
def admin(cast):
    return cast.admin.browser()


def text(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def where(answer):
    assert answer.status_code == 303, text(answer)[:400]
    return answer.headers["Location"]


def test_the_first_visit_says_what_comes_first(admin, cast):
    assert "Nobody is told of anything yet" in text(admin.get("/notification-rules"))
    kinds = admin.get("/notification-channels/new").get_data(as_text=True)
    assert re.findall(r'href="/notification-channels/new\?kind=(\w+)"', kinds) == ["email", "slack", "teams", "webhook"]
    assert "A channel comes first" in text(admin.get("/notification-rules/new"))
    assert "Notifications" in text(admin.get("/overview"))


def test_a_webhook_is_made_and_its_secret_shown_once(admin, cast):
    form = admin.get("/notification-channels/new?kind=webhook").get_data(as_text=True)
    assert 'name="url"' in form
    assert 'name="recipients"' not in form
    body = {"organization_id": str(cast.organization.id), "kind": "webhook", "name": "Pager", "url": "https://hooks.example.com/pager"}
    shown = text(admin.post("/notification-channels/new", body))
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", shown).group()
    channel = cast.admin.get("/notification-channels").json["data"][0]
    assert secret not in text(admin.get(f"/notification-channels/{channel['id']}"))
    again = text(admin.post(f"/notification-channels/{channel['id']}/rotate-secret", {"overlap_hours": "2"}))
    assert "Messages are signed with both secrets until" in again
    assert re.search(r"whsec_[A-Za-z0-9+/=]+", again).group() != secret
    assert "signs until" in text(admin.get(f"/notification-channels/{channel['id']}"))


def test_what_was_typed_wrong_stays_and_says_what_is_wrong(admin, cast):
    body = {"organization_id": str(cast.organization.id), "kind": "slack", "name": "Room", "url": "https://192.168.0.4/hook"}
    answer = admin.post("/notification-channels/new", body)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "own network, which is not allowed" in text(answer)
    assert 'value="Room"' in page
    letters = admin.post("/notification-channels/new", {**body, "kind": "email", "url": "", "recipients": "ada@example.com, nobody"})
    assert "Not an e-mail address." in text(letters)


def test_mail_that_this_server_cannot_send_is_said_in_the_form(admin):
    assert "This server sends no mail yet" in text(admin.get("/notification-channels/new?kind=email"))


def test_a_rule_is_made_changed_and_deleted(admin, cast):
    channel = email(cast, "ada@example.com")
    body = {"name": "Mornings", "channel_id": channel["id"], "events": ["site.silent", "exposure.overdue"], "severity": "high", "team_id": "",
            "tags": "shop, public", "environments": ["production"], "timing": "daily", "hour": "7", "weekday": "1", "is_enabled": "1"}
    page = where(admin.post("/notification-rules/new", body))
    shown = text(admin.get(page))
    for words in ("Site silent", "Every day at 07:00", "high and above; production; tagged public or shop", "Letters , E-mail"):
        assert words in shown
    made_rule = cast.admin.get("/notification-rules").json["data"][0]
    assert (made_rule["tags"], made_rule["hour"], made_rule["organization_id"]) == (["public", "shop"], 7, str(cast.organization.id))
    edit = admin.get(f"{page}/edit").get_data(as_text=True)
    assert re.search(r'value="site.silent" checked', edit)
    assert not re.search(r'value="report.done" checked', edit)
    where(admin.post(f"{page}/edit", {**body, "tags": "", "severity": "", "environments": [], "is_enabled": ""}))
    changed = cast.admin.get("/notification-rules").json["data"][0]
    assert (changed["tags"], changed["severity"], changed["environments"], changed["is_enabled"]) == ([], None, [], False)
    assert "This rule is switched off" in text(admin.get(page))
    refused = admin.post("/notification-rules/new", {**body, "name": "None", "events": []})
    assert (refused.status_code, "Say what to be told of." in text(refused)) == (422, True)
    where(admin.post(f"{page}/delete"))
    assert "Restore rule" in text(admin.get(page))
    where(admin.post(f"{page}/restore"))


def test_a_test_is_sent_and_its_delivery_shows_every_try(admin, cast, app):
    with receiving(answers=[500]) as receiver:
        channel = webhook(cast, receiver.url)
        page = where(admin.post(f"/notification-channels/{channel['id']}/test"))
        assert "Not tried yet" in text(admin.get(page))
        work(app)
        shown = text(admin.get(page))
        assert "It was given up after 1 try . The server answered with 500: ok" in shown or "It was given up after 1 try. The server" in shown
        receiver.answers = [200]
        assert where(admin.post(f"{page}/redeliver")) == page
        work(app)
    assert "Delivered" in text(admin.get(page))
    assert "As a webhook gets it" in text(admin.get(page))


def test_a_channel_that_fails_is_seen_by_admins_from_the_first_screen(admin, cast, app):
    with receiving(answers=[500]) as receiver:
        channel = webhook(cast, receiver.url)
        made(cast.admin.post(f"/notification-channels/{channel['id']}/test"))
        work(app)
    assert "A channel for notifications does not work" in text(admin.get("/overview"))
    assert "A channel for notifications" not in text(cast.member.browser().get("/overview"))
    assert "Failing" in text(admin.get("/notification-channels"))
    assert "1 tries" not in text(admin.get(f"/notification-channels/{channel['id']}"))


def test_members_look_and_do_not_touch(cast, app):
    channel = email(cast, "ada@example.com")
    own = rule(cast, channel, "report.done")
    member = cast.member.browser()
    for path in ("/notification-rules", f"/notification-rules/{own['id']}", "/notification-channels", f"/notification-channels/{channel['id']}",
                 "/notification-deliveries"):
        page = text(member.get(path))
        assert "Notifications" in page
        assert not re.findall(r"Add rule|Add channel|Send a test", page)
        assert "/edit" not in member.get(path).get_data(as_text=True)
    assert member.get("/notification-rules/new").status_code == 403


def test_the_log_is_filtered_and_exported(admin, cast, app):
    with receiving() as receiver:
        channel = webhook(cast, receiver.url)
        made(cast.admin.post(f"/notification-channels/{channel['id']}/test"))
        work(app)
    assert "Test message from Patchboard" in text(admin.get("/notification-deliveries?state=delivered&event=test"))
    assert "No delivery matches" in text(admin.get("/notification-deliveries?state=dead"))
    assert cast.admin.get("/notification-deliveries", format="csv").get_data(as_text=True).count("\n") >= 2
    assert [each["event"] for each in deliveries(cast, cursor="")] == ["test"]
    assert cast.admin.get("/notification-deliveries", state="nowhere").status_code == 422
