"""Tasks by their doors: whose they are, what they go through, and what lists of them can be asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from webapp.kit.clock import now


def today(days=0):
    return (now().date() + timedelta(days=days)).isoformat()


def a_task(client, **fields):
    answer = client.post("/tasks", {"title": "Update Webform", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def fields_of(answer):
    assert answer.status_code == 422, answer.text
    return {each["field"] for each in answer.json["details"]}


def titles(client, **query):
    answer = client.get("/tasks", **query)
    assert answer.status_code == 200, answer.text
    return [row["title"] for row in answer.json["data"]]


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization, name="Town hall")


@pytest.fixture
def elsewhere(app, cast):
    with factories.writing(app):
        return factories.site(cast.elsewhere, name="Their site")


def test_a_task_lives_through_its_states(cast, site):
    task = a_task(cast.member, site_id=str(site.id), due_date=today(3), tags=["blue"])
    assert (task["status"], task["priority"], task["organization_id"], task["owner_id"]) == ("pending", "medium", str(cast.organization.id), None)
    path = f"/tasks/{task['id']}"
    assert cast.member.patch(path, {"status": "in_progress"}).json["data"]["completed_at"] is None
    done = cast.admin.patch(path, {"status": "completed"}).json["data"]
    assert (done["status"], done["completed_by"], done["closed_by"]) == ("completed", cast.admin.id, "person")
    assert done["completed_at"]
    again = cast.member.patch(path, {"status": "pending"}).json["data"]
    assert (again["completed_at"], again["completed_by"], again["closed_by"]) == (None, None, None)
    cancelled = cast.member.patch(path, {"status": "cancelled"}).json["data"]
    assert (cancelled["completed_at"], cancelled["closed_by"]) == (None, "person")
    verbs = [row["action"] for row in cast.admin.get("/audit-logs", resource_id=task["id"], sort="at").json["data"]]
    assert verbs == ["task.created", "task.changed", "task.completed", "task.reopened", "task.cancelled"]


def test_a_task_can_be_made_done(cast):
    task = a_task(cast.member, status="completed")
    assert (task["completed_by"], task["closed_by"]) == (cast.member.id, "person")


def test_a_change_of_nothing_but_words_leaves_who_completed_it(cast, site):
    task = a_task(cast.member, site_id=str(site.id), status="completed")
    changed = cast.admin.patch(f"/tasks/{task['id']}", {"title": "Updated", "status": "completed"}).json["data"]
    assert (changed["completed_by"], changed["completed_at"]) == (cast.member.id, task["completed_at"])


def test_a_task_of_ones_own_is_nobody_elses_not_even_a_superusers(cast):
    task = a_task(cast.member)
    assert (task["organization_id"], task["owner_id"]) == (None, cast.member.id)
    path = f"/tasks/{task['id']}"
    for other in (cast.admin, cast.viewer, cast.stranger, cast.root):
        for answer in (other.get(path), other.patch(path, {"title": "x"}), other.delete(path), other.post(f"{path}/restore")):
            assert answer.status_code == 404
        assert titles(other) == []
        assert other.get("/tasks/search", q="Webform").json["data"] == []
        assert titles(other, include_deleted="true") == [] if other in (cast.admin, cast.root) else True
    assert titles(cast.member) == ["Update Webform"]


def test_the_audit_log_does_not_say_what_is_in_a_task_of_ones_own(cast, site):
    task = a_task(cast.member, title="Ask for a raise")
    cast.member.patch(f"/tasks/{task['id']}", {"description": "On Monday", "due_date": today(2)})
    cast.member.patch(f"/tasks/{task['id']}", {"title": "Ask for a server", "site_id": str(site.id)})
    rows = cast.root.get("/audit-logs", resource_id=task["id"], sort="at").json["data"]
    assert [row["action"] for row in rows] == ["task.created", "task.changed", "task.changed"]
    assert rows[1]["changes"] == {"fields": [None, ["description", "due_date"]]}
    assert not any(words in str(rows) for words in ("raise", "Monday"))
    ours = cast.admin.get("/audit-logs", resource_id=task["id"]).json["data"]
    assert [set(row["changes"]["fields"][1]) for row in ours] == [{"title", "organization_id", "owner_id", "site_id"}]


def test_superusers_and_viewers_have_tasks_of_their_own(cast):
    for person in (cast.root, cast.viewer):
        task = a_task(person, title="Mine")
        path = f"/tasks/{task['id']}"
        assert person.patch(path, {"status": "completed"}).status_code == 200
        assert person.delete(path).json["data"]["is_active"] is False
        assert person.get(path).status_code == 404
        assert person.post(f"{path}/restore").status_code == 200
        assert titles(person) == ["Mine"]


def test_a_task_of_a_site_is_its_organizations(cast, site):
    task = a_task(cast.member, site_id=str(site.id))
    path = f"/tasks/{task['id']}"
    for person in (cast.admin, cast.viewer, cast.root):
        assert person.get(path).json["data"]["site_name"] == "Town hall"
    assert cast.stranger.get(path).status_code == 404
    assert cast.viewer.patch(path, {"title": "x"}).status_code == 403
    assert cast.viewer.post("/tasks", {"title": "x", "site_id": str(site.id)}).status_code == 403


def test_a_task_can_be_an_organizations_without_a_site(cast):
    place = str(cast.organization.id)
    task = a_task(cast.member, organization_id=place)
    assert (task["organization_id"], task["site_id"], task["owner_id"]) == (place, None, None)
    assert cast.viewer.get(f"/tasks/{task['id']}").status_code == 200
    assert fields_of(cast.member.post("/tasks", {"title": "x", "organization_id": str(cast.elsewhere.id)})) == {"organization_id"}


def test_references_are_only_to_what_is_seen(cast, site, elsewhere):
    assert fields_of(cast.member.post("/tasks", {"title": "x", "site_id": str(elsewhere.id)})) == {"site_id"}
    for mine in (a_task(cast.member), a_task(cast.member, site_id=str(site.id))):
        assert fields_of(cast.member.patch(f"/tasks/{mine['id']}", {"site_id": str(elsewhere.id)})) == {"site_id"}
        for field in ("advisory_id", "module_id"):
            assert fields_of(cast.member.patch(f"/tasks/{mine['id']}", {field: str(elsewhere.id)})) == {field}


def test_an_assignee_belongs_to_the_organization(cast, site):
    value = {"title": "x", "site_id": str(site.id)}
    assert fields_of(cast.admin.post("/tasks", {**value, "assignee_id": cast.stranger.id})) == {"assignee_id"}
    task = a_task(cast.admin, site_id=str(site.id), assignee_id=cast.member.id)
    assert task["assignee_id"] == cast.member.id
    assert fields_of(cast.admin.patch(f"/tasks/{task['id']}", {"assignee_id": cast.stranger.id})) == {"assignee_id"}
    assert fields_of(cast.admin.post("/tasks", {"title": "x", "assignee_id": cast.member.id})) == {"assignee_id"}
    assert cast.admin.patch(f"/tasks/{task['id']}", {"assignee_id": None}).json["data"]["assignee_id"] is None


def test_ones_own_becomes_an_organizations_and_stays_it(cast, site, elsewhere):
    task = a_task(cast.member)
    path = f"/tasks/{task['id']}"
    moved = cast.member.patch(path, {"site_id": str(site.id)}).json["data"]
    assert (moved["organization_id"], moved["owner_id"]) == (str(cast.organization.id), None)
    assert cast.viewer.get(path).status_code == 200
    assert fields_of(cast.member.patch(path, {"organization_id": None})) == {"organization_id"}
    without = cast.member.patch(path, {"site_id": None}).json["data"]
    assert (without["site_id"], without["organization_id"]) == (None, str(cast.organization.id))
    assert fields_of(cast.root.patch(path, {"site_id": str(elsewhere.id)})) == {"site_id"}


def test_ones_own_that_is_for_oneself_is_not_given_to_an_organization_one_is_not_in(cast, site):
    task = a_task(cast.root, assignee_id=cast.root.id)
    assert fields_of(cast.root.patch(f"/tasks/{task['id']}", {"site_id": str(site.id)})) == {"assignee_id"}


def test_keys_have_the_tasks_of_their_organization_and_none_of_their_own(cast, site, app):
    key, reader = cast.key("write"), cast.key("read")
    assert fields_of(key.post("/tasks", {"title": "x"})) == {"organization_id"}
    assert a_task(key, site_id=str(site.id))["created_by"]
    assert len(titles(reader)) == 1
    assert reader.post("/tasks", {"title": "x", "site_id": str(site.id)}).status_code == 403
    with factories.writing(app):
        other = factories.site(cast.organization)
    assert titles(cast.key("read", site=other)) == []
    assert len(titles(cast.key("read", site=site))) == 1


def test_bad_tasks_are_422(cast):
    for name, value in {"status": "lost", "priority": "mega", "due_date": "soon", "colour": "red", "title": "", "tags": ["a,b"]}.items():
        assert fields_of(cast.member.post("/tasks", {"title": "x", name: value})) == {name if name != "tags" else "tags.0"}
    assert fields_of(cast.member.post("/tasks", {"title": "x", "due_date": "2026-02-30"})) == {"due_date"}
    assert fields_of(cast.member.post("/tasks", {})) == {"title"}


def test_the_list_says_what_to_do_first(cast):
    for title, fields in {"later": {"due_date": today(9)}, "done": {"due_date": today(-9), "status": "completed"}, "undated": {},
                          "late": {"due_date": today(-1)}, "today": {"due_date": today()}, "today, grave": {"due_date": today(), "priority": "critical"}}.items():
        a_task(cast.member, title=title, **fields)
    assert titles(cast.member) == ["late", "today, grave", "today", "later", "undated", "done"]


def test_priorities_and_states_sort_by_weight(cast):
    for priority, status in (("low", "completed"), ("critical", "pending"), ("medium", "cancelled"), ("high", "in_progress")):
        a_task(cast.member, title=f"{priority} {status}", priority=priority, status=status)
    assert [title.split()[0] for title in titles(cast.member, sort="priority")] == ["low", "medium", "high", "critical"]
    assert [title.split()[1] for title in titles(cast.member, sort="status")] == ["pending", "in_progress", "completed", "cancelled"]


def test_tasks_are_filtered(cast, site):
    place = str(site.id)
    a_task(cast.member, title="own")
    a_task(cast.member, title="late", site_id=place, due_date=today(-1), priority="high", tags=["a", "b"])
    a_task(cast.admin, title="given", site_id=place, due_date=today(5), assignee_id=cast.member.id, tags=["b"])
    a_task(cast.admin, title="done", organization_id=str(cast.organization.id), status="completed", due_date=today(-2))
    for query, wanted in (({"mine": "true"}, {"own", "given"}), ({"mine": "false"}, {"late", "done"}), ({"overdue": "true"}, {"late"}),
                          ({"open": "false"}, {"done"}), ({"priority": "high,low"}, {"late"}), ({"tag": "b"}, {"late", "given"}),
                          ({"tags": "a,b"}, {"late"}), ({"personal": "true"}, {"own"}), ({"assigned": "true"}, {"given"}),
                          ({"site_id": place}, {"late", "given"}), ({"from": today(-1), "to": today(5)}, {"late", "given"}),
                          ({"to": today(-1)}, {"late", "done"}), ({"due_date": today(5)}, {"given"}), ({"dated": "false"}, {"own"}),
                          ({"status": "completed"}, {"done"}), ({"closed_by": "person"}, {"done"}), ({"q": "town late"}, {"late"}),
                          ({"completed_from": today()}, {"done"}), ({"created_by": cast.admin.id}, {"given", "done"}),
                          ({"organization_id": str(cast.organization.id)}, {"late", "given", "done"}), ({"q": "100%"}, set())):
        assert set(titles(cast.member, **query)) == wanted, query
    assert fields_of(cast.member.get("/tasks", priority="mega")) == {"priority"}
    assert fields_of(cast.member.get("/tasks", colour="red")) == {"colour"}


def test_tasks_of_deleted_sites_are_hidden_until_they_are_back(cast, site):
    task = a_task(cast.member, site_id=str(site.id))
    assert cast.admin.delete(f"/sites/{site.id}").status_code == 200
    assert (titles(cast.admin), cast.member.get(f"/tasks/{task['id']}").status_code) == ([], 404)
    assert titles(cast.admin, include_deleted="true") == ["Update Webform"]
    assert cast.admin.post(f"/sites/{site.id}/restore").status_code == 200
    assert titles(cast.member) == ["Update Webform"]


def test_tasks_of_a_closed_organization_are_hidden(cast, site):
    task = a_task(cast.member, site_id=str(site.id))
    assert cast.root.delete(f"/organizations/{cast.organization.id}").status_code == 200
    assert [person.get(f"/tasks/{task['id']}").status_code for person in (cast.member, cast.root)] == [404, 404]


def test_deleted_tasks_are_brought_back_by_those_who_work_there(cast, site):
    task = a_task(cast.member, site_id=str(site.id))
    path = f"/tasks/{task['id']}"
    assert cast.viewer.delete(path).status_code == 403
    assert cast.member.delete(path).json["data"]["deleted_at"]
    assert [person.post(f"{path}/restore").status_code for person in (cast.stranger, cast.viewer)] == [404, 404]
    assert cast.member.get("/tasks", include_deleted="true").status_code == 403
    assert titles(cast.admin, include_deleted="true") == ["Update Webform"]
    assert cast.admin.get(path + "?include_deleted=true").json["data"]["is_active"] is False
    assert cast.member.post(f"{path}/restore").json["data"]["is_active"] is True


def test_a_stale_change_is_refused(cast):
    task = a_task(cast.member)
    path = f"/tasks/{task['id']}"
    tag = cast.member.get(path).headers["ETag"]
    assert cast.member.patch(path, {"title": "One"}, headers={"If-Match": tag}).status_code == 200
    assert cast.member.patch(path, {"title": "Two"}, headers={"If-Match": tag}).status_code == 412
    assert cast.member.get(path).json["data"]["title"] == "One"


def test_the_list_is_exported_with_ones_own(cast, site):
    a_task(cast.member, title="=1+1")
    a_task(cast.member, title="Update", site_id=str(site.id))
    lines = cast.member.get("/tasks", format="csv").get_data(as_text=True).splitlines()
    assert len(lines) == 3
    assert "'=1+1" in lines[1] + lines[2]
    assert cast.member.get("/tasks", format="xlsx").get_data()[:2] == b"PK"
    assert len(cast.admin.get("/tasks", format="csv").get_data(as_text=True).splitlines()) == 2
