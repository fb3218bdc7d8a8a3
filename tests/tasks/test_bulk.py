"""Many tasks at once: all or nothing, and a dry run that says what would change."""

from __future__ import annotations

import pytest

from tests import factories
from tests.tasks.test_tasks import a_task, fields_of, titles, today
from webapp.kit.events import newest_id, read_after
from webapp.kit.redis import redis


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization)


@pytest.fixture
def tasks(cast, site):
    return [a_task(cast.member, title=f"Task {n}", site_id=str(site.id), tags=["old"]) for n in range(3)]


def bulk(client, tasks, operation, **values):
    return client.post("/tasks/bulk", {"operation": operation, "ids": [task["id"] for task in tasks], **values})


def test_each_operation_does_what_it_says(cast, tasks):
    own = a_task(cast.member, title="own")
    for operation, value, query in (("set_status", {"status": "completed"}, {"status": "completed"}), ("set_priority", {"priority": "low"}, {"priority": "low"}),
                                    ("set_due_date", {"due_date": today(4)}, {"due_date": today(4)}), ("tag", {"tags": ["new"]}, {"tags": "old,new"}),
                                    ("untag", {"tags": ["old"]}, {"tags": "new"}), ("assign", {"assignee_id": cast.member.id}, {"assignee_id": cast.member.id})):
        told = bulk(cast.member, [*tasks, own] if operation == "assign" else tasks, operation, **value).json["data"]
        assert (told["matched"], told["changed"]) == ((4, 4) if operation == "assign" else (3, 3)), operation
        assert len(titles(cast.member, **query)) == told["changed"], operation
    assert cast.member.get(f"/tasks/{tasks[0]['id']}").json["data"]["completed_by"] == cast.member.id
    assert bulk(cast.member, tasks, "delete").json["data"]["changed"] == 3
    assert titles(cast.member) == ["own"]
    assert bulk(cast.member, tasks, "restore").json["data"]["changed"] == 3
    verbs = [row["action"] for row in cast.admin.get("/audit-logs", resource_id=tasks[1]["id"], sort="at").json["data"]]
    assert verbs == ["task.created", "task.completed", *["task.changed"] * 5, "task.deleted", "task.restored"]


def test_a_dry_run_says_what_would_change_and_changes_nothing(cast, tasks):
    cast.member.patch(f"/tasks/{tasks[0]['id']}", {"priority": "high"})
    told = bulk(cast.member, tasks, "set_priority", priority="high", dry_run=True).json["data"]
    assert (told["matched"], told["changed"], told["tasks"][0]["changes"]) == (3, 2, {"priority": ["medium", "high"]})
    assert len(titles(cast.member, priority="high")) == 1


def test_a_filter_names_them_too(cast, tasks):
    a_task(cast.member, title="own")
    told = cast.member.post("/tasks/bulk", {"operation": "tag", "filter": {"tag": "old"}, "tags": ["x"]}).json["data"]
    assert (told["matched"], told["changed"]) == (3, 3)
    assert fields_of(cast.member.post("/tasks/bulk", {"operation": "tag", "filter": {"colour": "red"}, "tags": ["x"]})) == {"colour"}
    assert fields_of(cast.member.post("/tasks/bulk", {"operation": "restore", "filter": {}})) == {"filter"}


def test_all_of_them_or_none(cast, tasks):
    theirs = a_task(cast.stranger, organization_id=str(cast.elsewhere.id))
    assert bulk(cast.member, [*tasks, theirs], "set_priority", priority="low").status_code == 404
    assert titles(cast.member, priority="low") == []
    assert bulk(cast.viewer, tasks, "set_priority", priority="low").status_code == 403
    assert fields_of(bulk(cast.member, tasks, "assign", assignee_id=cast.stranger.id)) == {"assignee_id"}
    assert fields_of(bulk(cast.member, tasks, "set_priority")) == {"priority"}
    own = a_task(cast.member)
    assert fields_of(bulk(cast.member, [own], "assign", assignee_id=cast.admin.id)) == {"assignee_id"}


def test_what_is_ones_own_is_not_told_to_the_log(cast):
    own = a_task(cast.member, title="Secret")
    bulk(cast.member, [own], "tag", tags=["therapy"])
    found = cast.root.get("/audit-logs", resource_id=own["id"], sort="-at").json["data"]
    assert found[0]["changes"] == {"fields": [None, ["tags"]]}


def test_listeners_hear_of_tasks_of_their_organization_and_never_of_ones_own(app, cast, site, tasks):
    with app.app_context():
        place = newest_id(redis())
    cast.member.patch(f"/tasks/{tasks[0]['id']}", {"status": "completed"})
    bulk(cast.member, tasks, "set_priority", priority="low")
    own = a_task(cast.member)
    bulk(cast.member, [own], "set_priority", priority="high")
    with app.app_context():
        heard = read_after(redis(), place, 50)
    ours = f"org:{cast.organization.id}"
    assert [(event.type, set(event.topics), event.data.get("task_id"), event.data.get("tasks")) for event in heard] == [
        ("task.completed", {f"site:{site.id}", ours, "fleet"}, tasks[0]["id"], None), ("task.changed", {ours, "fleet"}, None, 3)]
