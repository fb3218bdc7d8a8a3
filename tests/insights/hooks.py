"""Webhooks of tests: endpoints, deliveries that are signed as providers sign them, and a worker that reads them."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json

from tests import outbox
from tests.cast import Caller

count = itertools.count(1)


def an_endpoint(cast, provider="github", **fields):
    value = {"organization_id": str(cast.organization.id), "provider": provider, "name": "City", **fields}
    answer = cast.admin.post("/webhook-endpoints", value)
    assert answer.status_code == 201, answer.json
    return answer.json["data"]


def signed(secret, body):
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def github(app, hook, event, payload, *, delivery=None, signature=None, body=None, **headers):
    """Sends a delivery as GitHub does."""
    raw = json.dumps(payload).encode() if body is None else body
    sent = {"Content-Type": "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": delivery or f"delivery-{next(count)}",
            "X-Hub-Signature-256": signed(hook["secret"], raw) if signature is None else signature, **headers}
    return Caller(app).post(f"/webhooks/github/{hook['id']}", headers={name: value for name, value in sent.items() if value}, data=raw)


def gitlab(app, hook, event, payload, *, token=None, **headers):
    """Sends a delivery as GitLab does."""
    sent = {"Content-Type": "application/json", "X-Gitlab-Event": event, "X-Gitlab-Token": hook["secret"] if token is None else token, **headers}
    return Caller(app).post(f"/webhooks/gitlab/{hook['id']}", headers=sent, data=json.dumps(payload).encode())


def work(app):
    """Does what a worker would do about deliveries, the first one first."""
    outbox.work(app, "insights.read_delivery")


def deliveries(cast, hook, **asked):
    return cast.admin.get(f"/webhook-endpoints/{hook['id']}/deliveries", **asked).json["data"]


def outcome(app, cast, hook):
    """The state and the words of the newest delivery, once it is read."""
    work(app)
    newest = deliveries(cast, hook)[0]
    return newest["state"], newest["outcome"]


def account(number, login, kind="User"):
    return {"id": number, "login": login, "type": kind}


def place(url="https://github.com/acme/web", number=77, **fields):
    return {"id": number, "name": url.rpartition("/")[2], "full_name": url.partition("//")[2].partition("/")[2], "html_url": url,
            "default_branch": "main", **fields}


def push(*commits, ref="refs/heads/main", **fields):
    return {"ref": ref, "before": "0" * 40, "after": commits[-1]["id"] if commits else "0" * 40, "repository": place(), "commits": list(commits), **fields}


def pushed(sha, at="2026-03-05T10:00:00+01:00", email="dana@example.com", **fields):
    return {"id": sha, "message": "Work", "timestamp": at, "author": {"name": "Dana", "email": email}, **fields}


def pull_request(action="opened", number=5, **fields):
    """GitHub's event about a pull request of `dana`; `fields` are the pull request's own."""
    told = {"id": 900 + number, "number": number, "state": "open", "title": "Raise webform", "user": account(1, "dana"), "draft": False,
            "created_at": "2026-03-05T10:00:00Z", "updated_at": "2026-03-05T10:00:00Z", "closed_at": None, "merged_at": None,
            "merge_commit_sha": "a" * 40, "head": {"sha": "b" * 40, "ref": "raise"}, "base": {"ref": "main"},
            "html_url": "https://github.com/acme/web/pull/5", "additions": 12, "deletions": 4, **fields}
    return {"action": action, "number": number, "pull_request": told, "repository": place()}
