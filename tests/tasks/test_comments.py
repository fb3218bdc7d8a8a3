"""Comments on tasks: seen by whoever sees the task, changed and taken back only by who wrote them."""

from __future__ import annotations

import pytest

from tests import factories
from tests.tasks.test_tasks import a_task
from webapp.kit.db import ALL, enter_scope, rows


@pytest.fixture
def task(app, cast):
    with factories.writing(app):
        site = factories.site(cast.organization)
    return a_task(cast.member, site_id=str(site.id))


def said(client, task, text="On it"):
    answer = client.post(f"/tasks/{task['id']}/comments", {"text": text})
    assert answer.status_code == 201, answer.text
    return answer


def test_comments_are_read_by_whoever_sees_the_task(cast, task):
    answer = said(cast.member, task)
    comment = answer.json["data"]
    assert answer.headers["Location"] == f"/api/v1/tasks/{task['id']}/comments/{comment['id']}"
    said(cast.admin, task, "Thanks")
    for person in (cast.viewer, cast.root):
        found = person.get(f"/tasks/{task['id']}/comments").json["data"]
        assert [row["text"] for row in found] == ["On it", "Thanks"]
        assert found[0]["author_name"] == "member@meridian.example"
    assert cast.stranger.get(f"/tasks/{task['id']}/comments").status_code == 404
    assert cast.viewer.post(f"/tasks/{task['id']}/comments", {"text": "x"}).status_code == 403
    assert cast.viewer.get(f"/tasks/{task['id']}/comments/{comment['id']}").json["data"]["text"] == "On it"


def test_only_the_author_changes_a_comment_or_takes_it_back(cast, task):
    path = f"/tasks/{task['id']}/comments/{said(cast.member, task).json['data']['id']}"
    assert [person.patch(path, {"text": "x"}).status_code for person in (cast.admin, cast.root, cast.stranger)] == [403, 403, 404]
    assert cast.admin.delete(path).status_code == 403
    assert cast.member.patch(path, {"text": "Done"}).json["data"]["text"] == "Done"
    assert cast.member.patch(path, {"text": ""}).status_code == 422
    assert cast.member.delete(path).json["data"]["is_active"] is False
    assert cast.member.get(path).status_code == 404
    assert cast.member.get(f"/tasks/{task['id']}/comments").json["data"] == []
    verbs = [row["action"] for row in cast.admin.get("/audit-logs", resource_id=task["id"], status="success", sort="at").json["data"]]
    assert verbs == ["task.created", "task.commented", "task.comment_changed", "task.comment_deleted"]


def test_a_comment_belongs_to_its_task(cast, task):
    other = a_task(cast.member)
    comment = said(cast.member, task).json["data"]
    assert cast.member.get(f"/tasks/{other['id']}/comments/{comment['id']}").status_code == 404


def test_comments_go_with_a_task_that_becomes_an_organizations(app, cast):
    own = a_task(cast.member)
    said(cast.member, own, "Between me and me")
    with app.app_context():
        enter_scope(ALL)
        assert rows("SELECT 1 FROM task_comments") == []
    cast.member.patch(f"/tasks/{own['id']}", {"organization_id": str(cast.organization.id)})
    assert [row["text"] for row in cast.viewer.get(f"/tasks/{own['id']}/comments").json["data"]] == ["Between me and me"]
