"""Channels as a resource: made, shown without their secrets, changed, deleted and restored; and what each kind of them sends."""

from __future__ import annotations

import json

import pytest

from tests import factories
from tests.kit.postbox import Postbox, serving
from tests.notify.receiver import receiving
from tests.notify.steps import delivery, email, made, rule, stated, webhook, work
from webapp.kit.clock import now
from webapp.kit.db import ALL, unit_of_work
from webapp.kit.events import note
from webapp.kit.local.processes import free_port
from webapp.notify.channels import KINDS, slack, teams
from webapp.notify.channels.email import text_of
from webapp.notify.values import Message

HOOK = "https://hooks.example.com/services/T000/B000/abcdefgh?token=s3cr3t"


def message(*texts, title="2 sites are exposed", more=0):
    items = [{"text": text, "url": f"https://patchboard.example/{place}"} for place, text in enumerate(texts)]
    data = {"title": title, "url": "https://patchboard.example/all", "reason": "You get this because.", "items": items, "items_count": len(items) + more}
    return Message(factories.new_id(), now(), {"type": "exposure.opened", "data": data})


def place(cast, **more):
    return {"organization_id": str(cast.organization.id), "name": "Room", **more}


def test_where_it_delivers_to_is_encrypted_and_never_shown_again(app, cast):
    made_now = made(cast.admin.post("/notification-channels", place(cast, kind="slack", url=HOOK)))
    shown = cast.admin.get(f"/notification-channels/{made_now['id']}")
    listed = cast.admin.get("/notification-channels", format="csv")
    assert made_now["address"] == "https://hooks.example.com/…cr3t"
    assert made_now["secret"] is None
    for answer in (json.dumps(made_now), shown.text, listed.text, cast.admin.get("/audit-logs").text):
        assert "abcdefgh" not in answer
    kept = stated(app, "SELECT endpoint, secret FROM notification_channels")
    assert "abcdefgh" not in kept.endpoint
    assert kept.secret is None


def test_a_webhooks_secret_is_shown_once_and_kept_encrypted(app, cast):
    channel = webhook(cast, "https://hooks.example.com/patchboard?token=s3cr3t")
    assert channel["secret"].startswith("whsec_")
    assert channel["address"] == "https://hooks.example.com/patchboard?…"
    assert "secret" not in made(cast.admin.get(f"/notification-channels/{channel['id']}"))
    assert channel["secret"] not in stated(app, "SELECT secret FROM notification_channels").secret
    assert channel["secret"] not in cast.admin.get("/audit-logs").text


def test_an_answer_that_is_kept_for_a_repeat_holds_no_secret_that_can_be_read(app, cast):
    asked = place(cast, kind="webhook", url="https://hooks.example.com/patchboard")
    first, again = (cast.admin.post("/notification-channels", asked, headers={"Idempotency-Key": "once"}) for _ in range(2))
    secret = made(first)["secret"]
    assert made(again)["secret"] == secret
    assert again.headers["Idempotent-Replayed"] == "true"
    assert secret.encode() not in bytes(stated(app, "SELECT body FROM idempotency_keys").body)


@pytest.mark.parametrize(("body", "field"), [
    ({"kind": "slack"}, "url"), ({"kind": "email"}, "recipients"), ({"kind": "email", "recipients": []}, "recipients"),
    ({"kind": "email", "recipients": ["ada@example.com"], "url": HOOK}, "url"), ({"kind": "teams", "url": HOOK, "recipients": ["a@example.com"]}, "recipients"),
    ({"kind": "email", "recipients": ["nobody"]}, "recipients.0"), ({"kind": "pigeon", "url": HOOK}, "kind"), ({"url": HOOK}, "kind"),
    ({"kind": "webhook", "url": "ftp://example.com/"}, "url"), ({"kind": "webhook", "url": "https://me:pw@example.com/"}, "url"),
    ({"kind": "webhook", "url": "https://10.0.0.8/hook"}, "url"), ({"kind": "webhook", "url": "https://[::ffff:169.254.169.254]/"}, "url"),
    ({"kind": "webhook", "url": "https://example.com:99999/"}, "url"), ({"kind": "webhook", "url": HOOK, "secret": "mine"}, "secret"),
])
def test_what_cannot_be_meant_is_refused_at_its_field(cast, body, field):
    answer = cast.admin.post("/notification-channels", place(cast, **body))
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json["details"]] == [field]


def test_a_name_is_taken_once_and_a_channel_stays_what_it_is(cast):
    channel = email(cast, "ada@example.com", name="Letters")
    assert cast.admin.post("/notification-channels", place(cast, kind="email", recipients=["b@example.com"], name="LETTERS")).status_code == 409
    path = f"/notification-channels/{channel['id']}"
    for body, field in (({"kind": "slack"}, "kind"), ({"organization_id": str(cast.elsewhere.id)}, "organization_id"), ({"url": HOOK}, "url")):
        answer = cast.admin.patch(path, body)
        assert (answer.status_code, answer.json["details"][0]["field"]) == (422, field)
    changed = made(cast.admin.patch(path, {"recipients": ["grace@example.com", "grace@example.com"], "kind": "email"}))
    assert (changed["recipients"], changed["name"]) == (["grace@example.com"], "Letters")
    assert cast.admin.post(f"{path}/rotate-secret", {}).status_code == 409


def test_a_channel_that_rules_use_is_not_deleted(cast):
    channel = email(cast, "ada@example.com")
    used = rule(cast, channel, "report.done")
    answer = cast.admin.delete(f"/notification-channels/{channel['id']}")
    assert (answer.status_code, answer.json["message"]) == (409, "1 rule uses this channel. Change or delete it first.")
    made(cast.admin.delete(f"/notification-rules/{used['id']}"))
    assert made(cast.admin.delete(f"/notification-channels/{channel['id']}"))["is_active"] is False
    assert cast.admin.get(f"/notification-channels/{channel['id']}").status_code == 404
    answer = cast.admin.post(f"/notification-rules/{used['id']}/restore")
    assert (answer.status_code, answer.json["message"]) == (409, "Its channel is deleted. Restore that first.")
    made(cast.admin.post(f"/notification-channels/{channel['id']}/restore"))
    assert made(cast.admin.post(f"/notification-rules/{used['id']}/restore"))["is_active"] is True


def test_channels_and_rules_go_and_come_back_with_their_organization(cast):
    channel = email(cast, "ada@example.com")
    own = rule(cast, channel, "report.done")
    made(cast.root.delete(f"/organizations/{cast.organization.id}"))
    assert cast.root.get(f"/notification-rules/{own['id']}").status_code == 404
    made(cast.root.post(f"/organizations/{cast.organization.id}/restore"))
    assert made(cast.root.get(f"/notification-rules/{own['id']}"))["channel_name"] == "Letters"
    assert made(cast.root.get(f"/notification-channels/{channel['id']}"))["rules_count"] == 1


def test_each_kind_has_a_file_and_a_name():
    assert sorted(KINDS) == ["email", "slack", "teams", "webhook"]
    assert {kind.takes for kind in KINDS.values()} == {"recipients", "endpoint"}


def test_mail_goes_to_all_recipients_with_the_id_of_the_delivery(app, cast, monkeypatch):
    port, box = free_port(), Postbox()
    monkeypatch.setitem(app.config, "MAIL_URL", f"smtp://127.0.0.1:{port}")
    monkeypatch.setitem(app.config, "MAIL_FROM", "Patchboard <patchboard@example.com>")
    channel = email(cast, "ada@example.com", "grace@example.com")
    with serving(box, port):
        sent = made(cast.admin.post(f"/notification-channels/{channel['id']}/test"))
        work(app)
        found = delivery(cast, sent["id"])
        assert (found["state"], found["last_code"]) == ("delivered", 250)
        box.answer = "554 no"
        sent_again = made(cast.admin.post(f"/notification-channels/{channel['id']}/test"))
        work(app)
    letter = box.letters[0]
    assert box.envelopes[0].rcpt_tos == ["ada@example.com", "grace@example.com"]
    assert letter["Message-ID"] == f"<{sent['id']}@example.com>"
    assert letter["Subject"] == "Test message from Patchboard for Meridian"
    assert "You get this because somebody who manages Meridian asked for a test." in letter.get_content()
    refused = delivery(cast, sent_again["id"])
    assert (refused["state"], refused["last_code"], refused["last_error"]) == ("dead", 554, "The mail server answered with 554.")


def test_a_mail_server_that_is_away_is_tried_again_and_one_that_is_not_there_is_said(app, cast, monkeypatch):
    monkeypatch.setitem(app.config, "MAIL_URL", f"smtp://127.0.0.1:{free_port()}")
    monkeypatch.setitem(app.config, "MAIL_FROM", "Patchboard <patchboard@example.com>")
    channel = email(cast, "ada@example.com")
    rule(cast, channel, "report.done")
    with app.app_context(), unit_of_work(ALL):
        note("report.done", cast.organization.id, [{"label": "Patch runs"}], now())
    from tests.notify.steps import deliveries, tell

    tell(app)
    assert [(each["state"], each["last_error"]) for each in deliveries(cast)] == [("waiting", "The mail server could not be reached.")]
    monkeypatch.setitem(app.config, "MAIL_URL", "")
    sent = made(cast.admin.post(f"/notification-channels/{channel['id']}/test"))
    work(app)
    assert delivery(cast, sent["id"])["last_error"] == "This server sends no mail: MAIL_URL is not set."


def test_slack_and_teams_get_their_shapes(app, cast):
    with receiving() as receiver:
        for kind in ("slack", "teams"):
            channel = made(cast.admin.post("/notification-channels", place(cast, kind=kind, name=kind, url=receiver.url)))
            made(cast.admin.post(f"/notification-channels/{channel['id']}/test"))
        work(app)
    first, second = (json.loads(request.body) for request in receiver.posted)
    assert first["blocks"][0]["type"] == "section"
    assert first["text"] == "Test message from Patchboard for Meridian"
    assert second["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert second["attachments"][0]["content"]["actions"][0]["url"] == "https://patchboard.example/notification-channels"


def test_names_mean_nothing_to_slack_teams_and_mail():
    told = message("<!channel> & co is exposed", "[click](http://evil.example) *now*", more=7)
    blocks = slack.written(told)["blocks"]
    assert "• &lt;!channel&gt; &amp; co is exposed (<https://patchboard.example/0|open>)" in blocks[1]["text"]["text"]
    assert blocks[1]["text"]["text"].endswith("and 7 more")
    body = teams.written(told)["attachments"][0]["content"]["body"]
    assert body[2]["text"] == "– \\[click\\]\\(http://evil.example\\) \\*now\\*"
    assert [block["text"] for block in body[-2:]] == ["and 7 more", "You get this because."]
    letter = text_of(told).splitlines()
    assert letter[:2] == ["2 sites are exposed", ""]
    assert letter[-4:] == ["https://patchboard.example/all", "", "-- ", "You get this because."]


def test_long_messages_fit_what_slack_and_teams_take():
    told = message(*(f"{'Site ' * 60}{number}" for number in range(90)))
    posted = slack.written(told)
    assert all(len(block["text"]["text"]) <= 3000 for block in posted["blocks"][:-1])
    assert len(posted["blocks"]) <= 50
    assert "and 70 more" in posted["blocks"][-2]["text"]["text"]
    assert len(json.dumps(teams.written(told))) < 28_000


def test_a_message_of_one_thing_says_it_once():
    told = message("Town hall has fallen silent", title="Town hall has fallen silent")
    assert text_of(told).count("Town hall") == 1
    assert json.dumps(slack.written(told)["blocks"]).count("Town hall") == 1
