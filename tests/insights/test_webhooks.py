"""Webhook endpoints: their secrets, who is let in, deliveries kept once, read by a worker, read again, and forgotten."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine

from tests import factories
from tests.insights.facts import repository, sha
from tests.insights.hooks import an_endpoint, deliveries, github, gitlab, outcome, place, push, pushed, signed, work
from webapp.kit.clock import now
from webapp.kit.db import execute, rows

NOBODY = "0190a3b0-0000-7000-8000-000000000000"
PING = {"zen": "Keep it logically awesome."}


@pytest.fixture
def hook(cast):
    return an_endpoint(cast)


def test_the_secret_is_shown_once_and_kept_encrypted(app, cast, hook):
    path = f"/webhook-endpoints/{hook['id']}"
    assert hook["path"] == f"/api/v1/webhooks/github/{hook['id']}"
    assert "secret" not in cast.admin.get(path).json["data"]
    assert hook["secret"] not in cast.admin.get("/audit-logs", resource_id=hook["id"]).text
    with factories.writing(app):
        kept = rows("SELECT signing_secret FROM webhook_endpoints")[0].signing_secret
    assert hook["secret"] not in kept
    assert cast.admin.patch(path, {"name": "New"}).json["data"]["name"] == "New"
    for field, value in (("provider", "gitlab"), ("organization_id", str(cast.elsewhere.id))):
        assert cast.root.patch(path, {field: value}).status_code == 422


@pytest.mark.parametrize(("person", "status"), [("admin", 200), ("member", 403), ("viewer", 403), ("stranger", 404), ("root", 200)])
def test_who_may_manage_endpoints(cast, hook, person, status):
    who, path = getattr(cast, person), f"/webhook-endpoints/{hook['id']}"
    assert who.get(path).status_code == who.get(f"{path}/deliveries").status_code == status
    assert who.patch(path, {"name": "x"}).status_code == status
    assert who.post(f"{path}/rotate", {}).status_code == status
    assert who.delete(path).status_code == status
    if status == 403:
        assert who.get("/webhook-endpoints").status_code == 403
    elif status == 404:
        assert who.get("/webhook-endpoints").json["data"] == []


def test_a_deleted_endpoint_takes_nothing_until_it_is_back(app, cast, hook):
    path = f"/webhook-endpoints/{hook['id']}"
    cast.admin.delete(path)
    assert github(app, hook, "ping", PING).status_code == 401
    assert cast.admin.post(f"{path}/restore").status_code == 200
    assert github(app, hook, "ping", PING).status_code == 202
    cast.root.delete(f"/organizations/{cast.organization.id}")
    assert github(app, hook, "ping", PING).status_code == 401
    cast.root.post(f"/organizations/{cast.organization.id}/restore")
    assert github(app, hook, "ping", PING).status_code == 202


def test_while_it_is_rotated_two_secrets_are_good_and_then_one(app, cast, hook):
    fresh = cast.admin.post(f"/webhook-endpoints/{hook['id']}/rotate", {"overlap_hours": 2}).json["data"]
    assert fresh["secret"] != hook["secret"]
    assert [github(app, each, "ping", PING).status_code for each in (hook, fresh)] == [202, 202]
    with time_machine.travel(now() + timedelta(hours=2, seconds=1), tick=False):
        assert [github(app, each, "ping", PING).status_code for each in (hook, fresh)] == [401, 202]
    at_once = cast.admin.post(f"/webhook-endpoints/{hook['id']}/rotate", {"overlap_hours": 0}).json["data"]
    assert [github(app, each, "ping", PING).status_code for each in (hook, fresh, at_once)] == [401, 401, 202]


def test_only_the_right_signature_of_the_very_bytes_is_let_in(app, cast, hook):
    body = json.dumps(PING).encode()
    good = signed(hook["secret"], body)
    assert github(app, hook, "ping", PING, body=body, signature=good).status_code == 202
    for signature in ("sha256=7571", "sha1=" + "0" * 40, "sha256=\u00e9", good[:-2] + "zz", good.upper(), good.removeprefix("sha256="), ""):
        answer = github(app, hook, "ping", PING, body=body, signature=signature)
        assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (401, True), signature
    assert github(app, hook, "ping", PING, body=body + b" ", signature=good).status_code == 401
    assert github(app, {**hook, "secret": "nope"}, "ping", PING).status_code == 401
    assert github(app, {**hook, "id": NOBODY}, "ping", PING).status_code == 401  # nobody is told which there are
    assert gitlab(app, hook, "Push Hook", PING).status_code == 401
    assert len(deliveries(cast, hook)) == 1


def test_a_token_of_gitlab_is_let_in_if_it_is_the_endpoints(app, cast):
    hook = an_endpoint(cast, "gitlab")
    body = {"object_kind": "push", "ref": "refs/tags/1", "project": {"path_with_namespace": "acme/web"}}
    assert [gitlab(app, hook, "Push Hook", body, token=token).status_code for token in (None, "wrong", "\u00e9", "")] == [202, 401, 401, 401]
    assert [(row["event"], row["repository"]) for row in deliveries(cast, hook)] == [("push", "acme/web")]


def test_a_delivery_is_kept_once_whatever_comes_how_often(app, cast, hook):
    answers = [github(app, hook, "ping", PING, delivery="the-one") for _ in range(3)]
    assert {answer.json["data"]["id"] for answer in answers} == {answers[0].json["data"]["id"]}
    assert answers[0].headers["Location"] == f"/api/v1/webhook-endpoints/{hook['id']}/deliveries/{answers[0].json['data']['id']}"
    with factories.writing(app):
        assert rows("SELECT count(*) AS n FROM job_outbox WHERE name = 'insights.read_delivery'")[0].n == 1
    other = an_endpoint(cast)
    assert github(app, other, "ping", PING, delivery="the-one").json["data"]["id"] != answers[0].json["data"]["id"]


def test_without_an_id_the_body_says_which_delivery_it_is(app, cast, hook):
    for body in (b'{"a": 1}', b'{"a": 1}', b'{"a": 2}'):
        assert github(app, hook, "ping", None, body=body, **{"X-GitHub-Delivery": ""}).status_code == 202
    assert len(deliveries(cast, hook)) == 2
    gitlabs = an_endpoint(cast, "gitlab")
    for key in ("one", "one", "two"):
        gitlab(app, gitlabs, "Push Hook", {"project": {}}, **{"Idempotency-Key": key})
    for number in (1, 1, 2):  # events that follow from one another share this id
        gitlab(app, gitlabs, "Push Hook", {"project": {}, "number": number}, **{"X-Gitlab-Event-UUID": "shared"})
    assert len(deliveries(cast, gitlabs)) == 4


def test_what_nobody_reads_is_kept_as_ignored(app, cast, hook):
    assert github(app, hook, "sponsorship", {}).status_code == 202
    assert outcome(app, cast, hook) == ("ignored", "Nothing here reads this event.")
    row = deliveries(cast, hook)[0]
    assert cast.admin.post(f"/webhook-endpoints/{hook['id']}/deliveries/{row['id']}/replay").status_code == 409


def test_bodies_that_are_none_are_refused(app, cast, hook):
    for body in (b"", b"[]", b"{", b"\xff", b'"x"'):
        assert github(app, hook, "ping", None, body=body).status_code == 400, body
    assert github(app, hook, "", PING).status_code == 422
    assert github(app, hook, "ping", PING, delivery="x" * 201).status_code == 400
    assert deliveries(cast, hook) == []


def test_githubs_form_is_read_as_its_payload(app, cast, hook):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"payload": json.dumps({**PING, "action": "created"})}).encode()
    assert github(app, hook, "ping", None, body=body, **form).status_code == 202
    assert deliveries(cast, hook)[0]["action"] == "created"
    assert github(app, hook, "ping", None, body=b"other=1", **form).status_code == 400


def test_a_push_is_read_by_a_worker_and_again_when_asked(app, cast, hook):
    github(app, hook, "push", push(pushed(sha("one"))))
    state, words = outcome(app, cast, hook)
    assert (state, "registered" in words) == ("ignored", True)
    ours = repository(cast, url="https://github.com/Acme/Web")
    row = deliveries(cast, hook)[0]
    path = f"/webhook-endpoints/{hook['id']}/deliveries/{row['id']}"
    again = cast.admin.post(f"{path}/replay")
    assert (again.status_code, again.json["data"]["state"], again.headers["Location"]) == (202, "waiting", f"/api/v1{path}")
    assert cast.admin.post(f"{path}/replay").status_code == 409
    assert outcome(app, cast, hook) == ("done", "1 of 1 commits are new.")
    assert cast.admin.get(path).json["data"]["payload"]["ref"] == "refs/heads/main"
    assert cast.admin.get(path).json["data"]["replays"] == 1
    assert [each["sha"] for each in cast.viewer.get(f"/repositories/{ours['id']}/commits").json["data"]] == [sha("one")]
    cast.admin.post(f"{path}/replay")
    assert outcome(app, cast, hook) == ("done", "0 of 1 commits are new.")
    assert cast.admin.get("/audit-logs", action="webhook_delivery.replayed").json["meta"]["total"] == 2


def test_what_cannot_be_read_says_why_and_leaves_nothing(app, cast, hook):
    ours = repository(cast, url="https://github.com/acme/web")
    for payload, words in ((push(pushed(sha("one")), pushed("xyz")), "commits.1.id is not the name of an object of git."),
                           (push(pushed(sha("one"), at="soon")), "commits.0.timestamp is not a time."),
                           ({"ref": "refs/heads/main"}, "repository is not an object."), ({"ref": 7}, "ref is not text.")):
        github(app, hook, "push", payload)
        assert outcome(app, cast, hook) == ("failed", words)
    assert cast.viewer.get(f"/repositories/{ours['id']}/commits").json["data"] == []


def test_a_webhook_reaches_repositories_of_its_own_organization_only(app, cast, hook):
    theirs = repository(cast, organization=cast.elsewhere, url="https://github.com/acme/web")
    github(app, hook, "push", push(pushed(sha("one"))))
    assert outcome(app, cast, hook)[0] == "ignored"
    assert cast.stranger.get(f"/repositories/{theirs['id']}/commits").json["data"] == []


def test_deliveries_are_filtered_and_read_by_cursor(app, cast, hook):
    for number in range(5):
        github(app, hook, "ping" if number else "star", {"repository": place()})
    path = f"/webhook-endpoints/{hook['id']}/deliveries"
    assert cast.admin.get(path, event="star").json["meta"]["total"] == cast.admin.get(path, state="ignored").json["meta"]["total"] == 1
    assert cast.admin.get(path, repository="acme/web").json["meta"]["total"] == 5
    part = cast.admin.get(path, cursor="", limit=3).json
    rest = cast.admin.get(path, cursor=part["meta"]["next_cursor"], limit=3).json
    assert len({row["id"] for row in part["data"] + rest["data"]}) == 5


def test_bodies_are_forgotten_after_their_time_and_then_not_read_again(app, cast, hook):
    from webapp.insights.actions.deliveries import forget_bodies

    for event in ("ping", "ping", "push"):
        github(app, hook, event, PING)
    work(app)
    github(app, hook, "ping", PING)  # waits, and so is needed
    with factories.writing(app):
        execute("UPDATE webhook_deliveries SET received_at = received_at - interval '31 days' WHERE event = 'ping'")
        assert (forget_bodies(30, 1), forget_bodies(30, 100), forget_bodies(30, 100)) == (1, 1, 0)
    old = deliveries(cast, hook, state="done")[0]
    path = f"/webhook-endpoints/{hook['id']}/deliveries/{old['id']}"
    assert cast.admin.get(path).json["data"]["payload"] is None
    assert cast.admin.post(f"{path}/replay").status_code == 409


def test_wrong_signatures_are_charged_to_the_address_and_right_ones_to_the_endpoint(app, cast, hook):
    before = dict(app.config)
    app.config.update(LIMITS_ENABLED=True, LIMIT_ANONYMOUS="3/hour", LIMIT_WEBHOOKS="5/hour", LIMIT_PERSON="1000/hour")
    try:
        assert [github(app, hook, "ping", PING, signature="sha256=no").status_code for _ in range(4)] == [401, 401, 401, 429]
        assert [github(app, hook, "ping", PING).status_code for _ in range(6)] == [202] * 5 + [429]
    finally:
        app.config.update({name: before[name] for name in ("LIMITS_ENABLED", "LIMIT_ANONYMOUS", "LIMIT_WEBHOOKS", "LIMIT_PERSON")})


def test_work_that_was_begun_and_never_finished_is_shown_at_the_delivery(app, cast, hook):
    from uuid import UUID

    from webapp.insights.jobs import read_delivery_failed

    made = github(app, hook, "ping", PING).json["data"]["id"]
    with factories.writing(app):
        read_delivery_failed(error="It was begun 5 times and never finished.", delivery_id=made)
    assert [(row["id"], row["state"]) for row in deliveries(cast, hook)] == [(str(UUID(made)), "failed")]
