"""Who is told of tasks by the rules of notifications: that one was given to somebody, and that one is late."""

from __future__ import annotations

import pytest

from tests import factories
from tests.notify.receiver import receiving
from tests.notify.steps import look_at_clocks, pass_time, rule, webhook, work
from tests.notify.test_happenings import older_rules
from tests.notify.test_telling import posted
from tests.tasks.test_tasks import a_task, today
from webapp.kit.outgoing import networks


@pytest.fixture
def receiver(app, monkeypatch):
    monkeypatch.setitem(app.config, "OUTGOING_NETWORKS", networks(["127.0.0.0/8"]))
    with receiving() as served:
        yield served


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization, name="Town hall")


def told(receiver):
    return [posted(receiver, place)["data"]["items"] for place in range(len(receiver.posted))]


def test_that_a_task_was_given_to_somebody_is_told(app, cast, site, receiver):
    rule(cast, webhook(cast, receiver.url), "task.assigned")
    task = a_task(cast.admin, title="Renew", site_id=str(site.id), assignee_id=cast.member.id)
    a_task(cast.admin, title="Taken by oneself", site_id=str(site.id), assignee_id=cast.admin.id)
    a_task(cast.member, title="Own")
    work(app)
    pass_time(app, minutes=1)
    items, = told(receiver)
    assert [(item["text"], item["task_id"]) for item in items] == [("Town hall has a new task: Renew, for member@meridian.example", task["id"])]


def test_that_tasks_are_late_is_told_once(app, cast, site, receiver):
    rule(cast, webhook(cast, receiver.url), "task.late")
    older_rules(app)
    a_task(cast.admin, title="Renew", organization_id=str(cast.organization.id), due_date=today(-1), assignee_id=cast.member.id)
    a_task(cast.admin, title="Today", site_id=str(site.id), due_date=today())
    a_task(cast.admin, title="Done", site_id=str(site.id), due_date=today(-1), status="completed")
    a_task(cast.member, title="Own", due_date=today(-1))
    for _ in range(2):
        look_at_clocks(app)
        pass_time(app, minutes=1)
    items, = told(receiver)
    assert [item["text"] for item in items] == ["Your organization has a task that is late: Renew, with member@meridian.example"]
