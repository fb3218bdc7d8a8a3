"""Tasks of an advisory: one for each site that stands open, or for each of those who look after them."""

from __future__ import annotations

import pytest

from tests import factories
from tests.exposure.conftest import advisory, ago
from tests.tasks.test_tasks import fields_of, today

NAME = "SA-CONTRIB-2026-001"


@pytest.fixture
def advisory_id(app, cast, publish):
    """Three sites stand open, two of them the member's; one is another organization's."""
    with factories.writing(app):
        for name, owner in (("A", cast.member.id), ("B", cast.member.id), ("C", None)):
            factories.reported(factories.site(cast.organization, name=name, owner_id=owner), {"webform": "6.2.7"}, ago(hours=5))
        factories.reported(factories.site(cast.elsewhere, name="Theirs"), {"webform": "6.2.7"}, ago(hours=5))
        factories.reported(factories.site(cast.organization, name="Fixed"), {"webform": "6.2.9"}, ago(hours=5))
    publish(advisory(NAME, ("webform", "<6.2.9"), published=ago(days=1), rating="critical"))
    return cast.viewer.get("/advisories").json["data"][0]["id"]


def make(client, advisory_id, **more):
    return client.post("/tasks/from-advisory", {"advisory_id": advisory_id, **more})


def test_each_open_site_gets_a_task_and_only_once(cast, advisory_id):
    told = make(cast.member, advisory_id, dry_run=True).json["data"]
    assert (told["sites"], told["made"], told["present"]) == (3, 3, 0)
    assert cast.member.get("/tasks").json["data"] == []
    assert make(cast.member, advisory_id).json["data"]["made"] == 3
    found = cast.viewer.get("/tasks", sort="site").json["data"]
    assert [(row["title"], row["assignee_id"], row["priority"]) for row in found] == [
        (f"Close {NAME} on A", cast.member.id, "critical"), (f"Close {NAME} on B", cast.member.id, "critical"), (f"Close {NAME} on C", None, "critical")]
    due_at = cast.viewer.get("/exposures").json["data"][0]["due_at"]
    assert {row["due_date"] for row in found} == {due_at[:10]}
    again = make(cast.member, advisory_id).json["data"]
    assert (again["made"], again["present"]) == (0, 3)


def test_an_owner_gets_one_with_all_of_theirs(cast, advisory_id):
    assert make(cast.member, advisory_id, per="owner").json["data"]["made"] == 2
    found = cast.viewer.get("/tasks", sort="title").json["data"]
    assert [(row["title"], row["assignee_id"], row["site_id"]) for row in found] == [
        (f"Close {NAME} on sites of member@meridian.example", cast.member.id, None), (f"Close {NAME} on sites of no owner", None, None)]
    assert "A: webform 6.2.7\nB: webform 6.2.7" in found[0]["description"]
    assert make(cast.member, advisory_id, per="owner").json["data"]["made"] == 0


def test_whom_they_are_given_to_and_until_when_can_be_said(cast, advisory_id):
    make(cast.member, advisory_id, assignee_id=cast.admin.id, due_date=today(3))
    assert {(row["assignee_id"], row["due_date"]) for row in cast.viewer.get("/tasks").json["data"]} == {(cast.admin.id, today(3))}
    assert fields_of(make(cast.member, advisory_id, assignee_id=cast.stranger.id)) == {"assignee_id"}


def test_only_sites_where_one_may_make_tasks_are_counted(cast, advisory_id):
    assert make(cast.viewer, advisory_id).status_code == 403
    told = make(cast.stranger, advisory_id).json["data"]
    assert (told["sites"], [each["title"] for each in told["tasks"]]) == (1, [f"Close {NAME} on Theirs"])
    assert make(cast.root, advisory_id, organization_id=str(cast.organization.id)).json["data"]["made"] == 3


def test_the_page_says_first_what_it_would_make(cast, advisory_id):
    browser, path = cast.member.browser(), f"/tasks/from-advisory/{advisory_id}"
    assert path in browser.get(f"/advisories/{advisory_id}").get_data(as_text=True)
    assert "3 tasks would be made" in browser.get(path).get_data(as_text=True)
    assert "2 tasks would be made" in browser.post(path, {"per": "owner", "dry_run": "1", "assignee_id": "", "due_date": ""}).get_data(as_text=True)
    assert browser.post(path, {"per": "site", "assignee_id": "", "due_date": ""}).status_code == 303
    assert len(cast.viewer.get("/tasks").json["data"]) == 3
