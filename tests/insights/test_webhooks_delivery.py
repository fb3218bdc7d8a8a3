"""Deployments and incidents that providers tell: when they ended, where they were, and what older news does not change."""

from __future__ import annotations

import json

import pytest

from tests.catalog.published import DATA, beside
from tests.insights.facts import repository
from tests.insights.hooks import an_endpoint, github, gitlab, outcome, place

SHA = "8c1f4bb2e0d54b6f8f5ad3a4c1a2b3c4d5e6f708"


@pytest.fixture
def hook(cast):
    repository(cast, url="https://github.com/acme/web")
    return an_endpoint(cast)


def status(state="success", created="2026-03-05T10:05:00Z", environment="production", number=9, **fields):
    return {"action": "created", "deployment_status": {"id": 1, "state": state, "created_at": created, "updated_at": "2026-06-01T00:00:00Z",
                                                       "environment": environment},
            "deployment": {"id": number, "sha": SHA, "ref": "main", "environment": environment, "created_at": "2026-03-05T10:00:00Z",
                           "updated_at": "2026-06-01T00:00:00Z", **fields}, "repository": place()}


def issue(labels=("incident",), state="open", closed=None, action="labeled"):
    return {"action": action, "issue": {"id": 44, "number": 3, "title": "Forms are down", "state": state, "created_at": "2026-03-05T11:00:00Z",
                                        "closed_at": closed, "labels": [{"name": name} for name in labels]}, "repository": place()}


def listed(cast, path):
    return cast.viewer.get(path).json["data"]


def test_a_deployment_ends_with_its_status_and_not_when_it_was_touched_last(app, cast, hook):
    github(app, hook, "deployment_status", status())
    assert outcome(app, cast, hook) == ("done", "Deployment to production: success.")
    row, = listed(cast, "/deployments")
    assert (row["finished_at"], row["started_at"], row["source"], row["external_id"], row["commit_sha"], row["ref"]) == (
        "2026-03-05T10:05:00Z", "2026-03-05T10:00:00Z", "github", "github:9", SHA, "main")


@pytest.mark.parametrize(("sent", "words"), [
    (("deployment_status", status("in_progress")), "This status ends no deployment."), (("deployment_status", status("inactive")), "This status ends no deployment."),
    (("deployment_status", status(environment="github-pages")), "The environment is none of production, staging, testing and development."),
    (("deployment", {**status(), "action": "created"}), "It has begun. What became of it comes with its status.")])
def test_what_ends_no_deployment_is_ignored(app, cast, hook, sent, words):
    github(app, hook, *sent)
    assert outcome(app, cast, hook) == ("ignored", words)
    assert listed(cast, "/deployments") == []


def test_names_of_environments_are_understood(app, cast, hook):
    for number, (name, production) in enumerate([("prod-eu", False), ("Stage 2", False), ("blue", True)]):
        github(app, hook, "deployment_status", status(environment=name, number=number, production_environment=production))
        outcome(app, cast, hook)
    assert sorted(row["environment"] for row in listed(cast, "/deployments")) == ["production", "production", "staging"]


def test_older_news_changes_nothing_and_the_same_again_neither(app, cast, hook):
    github(app, hook, "deployment_status", status("failure", created="2026-03-05T10:09:00Z"))
    outcome(app, cast, hook)
    github(app, hook, "deployment_status", status("success", created="2026-03-05T10:05:00Z"))
    assert outcome(app, cast, hook) == ("ignored", "Something later is known of this deployment.")
    github(app, hook, "deployment_status", status("failure", created="2026-03-05T10:09:00Z"))
    assert outcome(app, cast, hook) == ("done", "Deployment to production: failure. Nothing new.")
    assert [(row["status"], row["failed"]) for row in listed(cast, "/deployments")] == [("failure", True)]


def test_an_issue_that_is_labelled_is_an_incident_until_it_is_closed_or_the_label_is_gone(app, cast, hook):
    github(app, hook, "deployment_status", status())
    github(app, hook, "issues", issue(labels=("bug",)))
    assert outcome(app, cast, hook) == ("ignored", "The issue is not labelled as an incident.")
    github(app, hook, "issues", issue(labels=("bug", "Incident")))
    assert outcome(app, cast, hook) == ("done", "Incident: open.")
    row, = listed(cast, "/incidents")
    assert (row["title"], row["opened_at"], row["cause_kind"]) == ("Forms are down", "2026-03-05T11:00:00Z", "inferred")
    github(app, hook, "issues", issue(state="closed", closed="2026-03-05T14:00:00Z", action="closed"))
    assert outcome(app, cast, hook) == ("done", "Incident: resolved.")
    assert listed(cast, "/incidents")[0]["resolved_at"] == "2026-03-05T14:00:00Z"
    github(app, hook, "issues", issue(action="reopened"))
    assert outcome(app, cast, hook) == ("done", "Incident: open.")
    assert listed(cast, "/incidents")[0]["state"] == "open"
    github(app, hook, "issues", issue(labels=(), action="unlabeled"))
    assert outcome(app, cast, hook) == ("done", "No incident any more: dismissed.")
    assert listed(cast, "/incidents") == []
    github(app, hook, "issues", issue())
    assert outcome(app, cast, hook) == ("done", "Incident: open.")
    assert len(listed(cast, "/incidents")) == 1


@pytest.mark.skipif(not DATA.is_dir(), reason="the real bodies are not beside this checkout")
def test_gitlabs_times_keep_their_offset(app, cast):
    told = json.loads(beside("insights/gitlab_webhooks/deployment.json").read_text())
    expected = next(each["expected"] for each in json.loads(beside("insights/gitlab_webhooks/_manifest.json").read_text())["payloads"]
                    if each["file"] == "deployment.json")
    repository(cast, url=told["project"]["web_url"])
    hook = an_endpoint(cast, "gitlab")
    gitlab(app, hook, "Deployment Hook", told)
    assert outcome(app, cast, hook) == ("done", "Deployment to staging: success.")
    row, = listed(cast, "/deployments")
    assert (row["finished_at"], row["commit_sha"], row["environment"]) == (expected["finished_at_utc"], expected["sha"], expected["environment"])


def test_gitlabs_incidents_are_issues_of_that_type_or_label(app, cast):
    repository(cast, url="https://gitlab.example/acme/web")
    hook = an_endpoint(cast, "gitlab")
    project = {"id": 5, "web_url": "https://gitlab.example/acme/web", "path_with_namespace": "acme/web"}
    said = {"id": 301, "iid": 23, "title": "Forms are down", "state": "opened", "created_at": "2026-03-05 12:00:00 +0100", "type": "Incident"}
    gitlab(app, hook, "Issue Hook", {"project": project, "object_attributes": said, "labels": []})
    assert outcome(app, cast, hook) == ("done", "Incident: open.")
    closed = {**said, "state": "closed", "closed_at": "2026-03-05 12:30:00 UTC", "type": "Issue"}
    gitlab(app, hook, "Issue Hook", {"project": project, "object_attributes": closed, "labels": [{"title": "incident"}]})
    assert outcome(app, cast, hook) == ("done", "Incident: resolved.")
    row, = listed(cast, "/incidents")
    assert (row["opened_at"], row["resolved_at"]) == ("2026-03-05T11:00:00Z", "2026-03-05T12:30:00Z")
