"""Pages of tasks: what is mine today, one click, many at once, and the tasks of an advisory; each as its JSON door has it."""

from __future__ import annotations

import re

import pytest

from tests import factories
from tests.tasks.test_tasks import a_task, titles, today


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization, name="Town hall")


def ids_on(text):
    return re.findall(r'id="task-([0-9a-f-]{36})"', text)


def test_a_page_and_its_json_show_the_same_tasks_in_the_same_order(cast, site):
    for days, more in ((5, {}), (-1, {"site_id": str(site.id)}), (0, {"priority": "high"}), (0, {"assignee_id": cast.member.id, "site_id": str(site.id)})):
        a_task(cast.member, due_date=today(days), **more)
    a_task(cast.admin, title="not theirs")
    browser = cast.member.browser()
    for query in ({"mine": "true", "open": "true"}, {"open": "true"}, {"overdue": "true"}, {"sort": "-due_date"}, {"status": "completed"}, {"q": "hall"}):
        rows = [row["id"] for row in cast.member.get("/tasks", **query).json["data"]]
        assert ids_on(browser.get("/tasks", **query).get_data(as_text=True)) == rows, query


def test_the_list_is_in_parts_by_day(cast):
    for days in (-1, 0, 40):
        a_task(cast.member, title=f"in {days}", due_date=today(days))
    a_task(cast.member, title="some day")
    text = cast.member.browser().get("/tasks", mine="true").get_data(as_text=True)
    assert re.findall(r'scope="rowgroup"[^>]*>([^<]+)<', text) == ["Late", "Today", "Later", "Without a day"]
    assert "1 d late" in text


def test_the_navigation_counts_what_is_mine_and_open(cast, site):
    a_task(cast.member)
    a_task(cast.admin, site_id=str(site.id), assignee_id=cast.member.id)
    a_task(cast.member, status="completed")
    text = cast.member.browser().get("/overview").get_data(as_text=True)
    line = text[text.index('href="/tasks?mine=true&amp;open=true"'):]
    assert re.search(r">\s*2\s*<", line[:400])


def test_one_click_completes_and_reopens_with_and_without_script(cast, site):
    task = a_task(cast.member, site_id=str(site.id))
    browser, path = cast.member.browser(), f"/tasks/{task['id']}"
    row = browser.post(f"{path}/complete", htmx=True)
    assert (row.status_code, row.get_data(as_text=True).count("<tr ")) == (200, 1)
    assert "Reopen" in row.get_data(as_text=True)
    assert "toast" in row.headers["HX-Trigger"]
    assert cast.member.get(path).json["data"]["status"] == "completed"
    back = browser.post(f"{path}/reopen", {"next": "/tasks?open=true"})
    assert (back.status_code, back.headers["Location"]) == (303, "/tasks?open=true")
    assert cast.member.get(path).json["data"]["status"] == "pending"
    assert browser.post(f"{path}/complete", {"next": "https://evil.example/"}).headers["Location"] == "/overview"
    assert cast.viewer.browser().post(f"{path}/reopen").status_code == 403
    assert cast.stranger.browser().post(f"{path}/reopen").status_code == 404
    assert browser.post(f"{path}/explode").status_code == 404


def test_a_form_makes_and_changes_what_json_would(cast, site):
    browser = cast.member.browser()
    assert browser.get("/tasks/new", site_id=str(site.id)).status_code == 200
    values = {"title": "Renew", "due_date": today(3), "site_id": str(site.id), "priority": "high", "tags": "a, b", "assignee_id": cast.member.id,
              "status": "pending", "description": "", "organization_id": ""}
    made = browser.post("/tasks/new", values)
    assert made.status_code == 303
    path = made.headers["Location"]
    task = cast.member.get(path).json["data"]
    assert (task["title"], task["due_date"], task["tags"], task["site_name"], task["assignee_id"]) == (
        "Renew", today(3), ["a", "b"], "Town hall", cast.member.id)
    assert 'name="organization_id"' not in browser.get(f"{path}/edit").get_data(as_text=True)
    del values["organization_id"]
    assert browser.post(f"{path}/edit", {**values, "due_date": "", "assignee_id": ""}).status_code == 303
    changed = cast.member.get(path).json["data"]
    assert (changed["due_date"], changed["assignee_id"], changed["organization_id"]) == (None, None, str(cast.organization.id))
    refused = browser.post(f"{path}/edit", {**values, "title": "", "assignee_id": cast.stranger.id})
    assert refused.status_code == 422
    assert "Must not be empty" in refused.get_data(as_text=True)


def test_a_task_is_shown_with_what_was_said_and_what_happened(cast, site):
    task = a_task(cast.member, site_id=str(site.id), description="By Friday.")
    browser, path = cast.member.browser(), f"/tasks/{task['id']}"
    assert browser.post(f"{path}/comments", {"text": "I am on it"}).status_code == 303
    assert browser.post(f"{path}/comments", {"text": ""}).status_code == 422
    text = cast.viewer.browser().get(path).get_data(as_text=True)
    assert all(words in text for words in ("By Friday.", "I am on it", "Made", "Commented", "member@meridian.example"))
    assert f'action="{path}/comments"' not in text
    assert cast.stranger.browser().get(path).status_code == 404


def test_a_deleted_task_is_shown_to_those_who_can_restore_it(cast, site):
    task = a_task(cast.member, site_id=str(site.id))
    browser, path = cast.member.browser(), f"/tasks/{task['id']}"
    assert browser.post(f"{path}/delete").status_code == 303
    assert "Restore task" in browser.get(path).get_data(as_text=True)
    assert cast.viewer.browser().get(path).status_code == 404
    assert browser.post(f"{path}/restore").status_code == 303
    assert cast.member.get(path).status_code == 200


def test_many_at_once_are_shown_before_they_are_changed(cast, site):
    ids = [a_task(cast.member, title=f"Task {n}", site_id=str(site.id))["id"] for n in range(3)]
    browser = cast.member.browser()
    asked = {"operation": "set_priority", "ids": ids, "priority": "critical"}
    assert browser.post("/tasks/bulk", {"operation": "set_priority", "ids": ids}).status_code == 200
    dry = browser.post("/tasks/bulk/apply", {**asked, "dry_run": "1"}).get_data(as_text=True)
    assert "3 will change" in dry
    assert titles(cast.member, priority="critical") == []
    assert browser.post("/tasks/bulk/apply", asked).status_code == 303
    assert len(titles(cast.member, priority="critical")) == 3
    browser.post("/tasks/bulk/apply", {"operation": "set_due_date", "ids": ids, "due_date": today(1)})
    assert len(titles(cast.member, due_date=today(1))) == 3
    browser.post("/tasks/bulk/apply", {"operation": "set_due_date", "ids": ids, "due_date": ""})
    assert titles(cast.member, dated="true") == []
    assert browser.post("/tasks/bulk", {"operation": "tag"}).status_code == 303
    assert cast.viewer.browser().post("/tasks/bulk/apply", asked).status_code == 403


def test_a_site_shows_its_tasks(cast, site):
    task = a_task(cast.member, site_id=str(site.id))
    a_task(cast.member, title="done", site_id=str(site.id), status="completed")
    a_task(cast.member, title="own")
    text = cast.viewer.browser().get(f"/sites/{site.id}/tasks").get_data(as_text=True)
    assert ids_on(text) == [task["id"]]
    assert cast.stranger.browser().get(f"/sites/{site.id}/tasks").status_code == 404


def test_under_a_chosen_organization_ones_own_tasks_stay(app, cast, site):
    with factories.writing(app):
        other = factories.organization(name="Second")
        far = factories.site(other)
    a_task(cast.root, title="own")
    a_task(cast.root, title="here", site_id=str(site.id))
    a_task(cast.root, title="there", site_id=str(far.id))
    browser = cast.root.browser()
    browser.post("/organizations/choose", {"organization_id": str(cast.organization.id)})
    with browser.client.session_transaction() as session:
        session["organization"] = str(cast.organization.id)
    text = browser.get("/tasks", open="true").get_data(as_text=True)
    assert (">own<" in text, ">here<" in text, ">there<" in text) == (True, True, False)
    link = re.search(r'href="(/api/v1/tasks\?[^"]*format=csv[^"]*)"', text)[1].replace("&amp;", "&")
    lines = browser.get(link).get_data(as_text=True).splitlines()
    assert len(lines) == 3
