"""How many SQL statements each list costs, checked in (`query_counts.json`) and the same at 10 and at 500 rows.

After a wanted change: `UPDATE_QUERY_COUNTS=1 make test ARGS="-k query_counts"` writes the file anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from tests import factories
from tests.cast import gather
from tests.insights.facts import a_commit, a_pull_request, a_review, ago, repository
from tests.insights.hooks import an_endpoint, github
from tests.statements import listed
from webapp.files.models import Upload
from webapp.kit.db import ALL, db, enter_scope
from webapp.notify.models import NotificationChannel, NotificationDelivery, NotificationRule
from webapp.tasks.models import Task, TaskRule

FILE = Path(__file__).with_name("query_counts.json")
LISTS = ("/sites", "/sites?status=vulnerable&sort=-updates_count", "/sites?module=webform&module_version=<6.3", "/modules", "/users",
         "/organizations", "/api-keys", "/audit-logs", "/patch-runs", "/reports", "/reports/module-updates", "/reports/patch-run", "/exposures/statistics",
         "/sites/{site}/modules", "/sites/{site}/history", "/sites/{site}/inventory-reports", "/sites/{site}/patch-run",
         "/modules/{module}/sites", "/modules/{module}/versions", "/organizations/{organization}/users",
         "/notification-channels", "/notification-rules", "/notification-deliveries", "/tasks", "/tasks/search?q=task&overdue=true", "/task-rules", "/uploads",
         "/repositories", "/repositories/{repository}/commits", "/repositories/{repository}/pull-requests",
         "/developers", "/webhook-endpoints", "/webhook-endpoints/{hook}/deliveries",
         "/deployments", "/incidents", "/incidents?state=open", "/sprints", "/quality-measurements",
         *(f"/analytics/{name}?start_date=2026-01-01&end_date=2026-12-31" for name in ("dora-metrics", "cycle-time", "code-quality")))
PAGES = ("/overview", "/sites", "/modules", "/patch-runs", "/reports", "/audit-log", "/members", "/api-keys", "/sites/{site}",
         "/sites/{site}/history", "/sites/{site}/patch-runs", "/sites/{site}/received", "/exposures/time-to-fix",
         "/insights", "/deployments", "/incidents", "/sprints",
         "/notification-channels", "/notification-rules", "/notification-deliveries", "/tasks", "/task-rules", "/sites/{site}/tasks",
         "/uploads", "/sites/{site}/uploads")


def fill(app, cast, number):
    """An organization with `number` sites, runs, people and keys, and a site with as many modules."""
    with factories.writing(app):
        sites = [factories.site(cast.organization) for _ in range(number)]
        for site in sites:
            factories.reported(site, {"webform": factories.module("webform", "6.2.7", latest="6.2.9", security=True)}, at=factories.ago(days=2))
        names = {f"module_{place}": "1.0.0" for place in range(number)}
        factories.reported(sites[0], names, at=factories.ago(hours=30))
        factories.reported(sites[0], dict.fromkeys(names, "1.0.1") | {"webform": "6.2.8"}, at=factories.ago(hours=2))
        for _ in range(min(number, 60)):
            factories.user(place=cast.organization)
        site_id = str(sites[0].id)
        fill_notifications(cast, number)
        fill_uploads(cast, sites[0], number)
        fill_tasks(cast, sites)
        module_id = str(db.session.scalar(text("SELECT public_id FROM modules WHERE name = 'webform'")))
    return {"site": site_id, "module": module_id, "organization": str(cast.organization.id), "repository": fill_repositories(cast, number), "hook": fill_webhooks(app, cast, number)}


def fill_notifications(cast, number):
    """So many channels, each with a rule and a message."""
    for place in range(number):
        channel = NotificationChannel(organization_id=cast.organization.id, name=f"Channel {place}", kind="email", recipients=["ada@example.com"])
        db.session.add(channel)
        db.session.flush()
        rule = NotificationRule(organization_id=cast.organization.id, name=f"Rule {place}", channel_id=channel.id, events=["site.silent"])
        db.session.add(rule)
        db.session.flush()
        db.session.add(NotificationDelivery(organization_id=cast.organization.id, channel_id=channel.id, rule_id=rule.id, event="site.silent",
                                            state="delivered", created_at=factories.ago(minutes=place)))


def fill_tasks(cast, sites):
    """A task of each site, due and given to somebody, as many rules, and a task that is the admin's alone."""
    for place, site in enumerate(sites):
        db.session.add(Task(organization_id=cast.organization.id, site_id=site.id, title=f"Task {place}", due_date=factories.ago(days=place).date(),
                            assignee_id=UUID(cast.member.id)))
        db.session.add(TaskRule(organization_id=cast.organization.id, name=f"Rule {place}", assignee_id=UUID(cast.member.id)))
    enter_scope(ALL, cast.admin.id)
    db.session.add(Task(owner_id=UUID(cast.admin.id), title="A task of one's own"))
    db.session.flush()


def fill_uploads(cast, site, number):
    """So many uploads of the site."""
    for place in range(number):
        db.session.add(Upload(organization_id=cast.organization.id, site_id=site.id, name=f"{place}.csv", media_type="text/csv", bytes=1, sha256="0" * 64,
                              storage_key=f"uploads/{place}", scan="clean", text_state="none", created_by=UUID(cast.admin.id)))


def fill_repositories(cast, number):
    """So many repositories, and one with as many commits of as many people, and pull requests."""
    for _ in range(number):
        ours = repository(cast)
    commits = [a_commit(author_email=f"person{place}@example.com") for place in range(number)]
    requests = [a_pull_request(place, reviews=[a_review()]) for place in range(1, number + 1)]
    for what, items in (("commits", commits), ("pull-requests", requests)):
        assert cast.admin.post(f"/repositories/{ours['id']}/{what}", {"items": items}).status_code == 200
    fill_deliveries(cast, ours["id"], number)
    return ours["id"]


def fill_webhooks(app, cast, number):
    """So many webhook endpoints, and one with as many deliveries."""
    for _ in range(number):
        hook = an_endpoint(cast)
    for _ in range(number):
        assert github(app, hook, "star", {}).status_code == 202
    return hook["id"]


def fill_deliveries(cast, repository_id, number):
    """So many deployments, each with an incident."""
    place = {"repository_id": repository_id}
    deployments = [{**place, "environment": "production", "status": "success", "finished_at": ago(hours=each)} for each in range(1, number + 1)]
    incidents = [{**place, "title": "Down", "opened_at": ago(hours=each)} for each in range(1, number + 1)]
    for path, items in (("/deployments", deployments), ("/incidents", incidents)):
        assert cast.admin.post(path, {"items": items}).status_code == 201


def counted(app, send):
    with listed(app) as statements:
        answer = send()
        answer.get_data()
    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
    return len(statements)


def measure(app, number):
    cast = gather(app)
    ids = fill(app, cast, number)
    browser = cast.admin.browser()
    browser.get("/overview")
    counts = {path: counted(app, lambda path=path: cast.admin.get(path.format(**ids))) for path in LISTS}
    return counts | {f"page {path}": counted(app, lambda path=path: browser.get(path.format(**ids))) for path in PAGES}


@pytest.mark.slow
def test_lists_cost_the_same_at_10_and_at_500_rows_and_as_many_statements_as_written_down(app):
    from tests.conftest import empty

    few = measure(app, 10)
    empty(app)
    many = measure(app, 500)
    assert few == many
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        FILE.write_text(json.dumps(many, indent=2) + "\n")
    assert many == json.loads(FILE.read_text())
