"""Rules: which findings become tasks, whose, and until when; reports that show the fixed version end them."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from tests import factories
from tests.exposure.conftest import advisory, ago
from tests.exposure.test_settling import report
from tests.statements import listed
from tests.tasks.test_tasks import fields_of, today
from webapp.kit.clock import now, stamp
from webapp.kit.db import execute, rows
from webapp.kit.permissions import SYSTEM
from webapp.tasks.actions.evidence import follow_findings

NAME = "SA-CONTRIB-2026-001"


def hole(name=NAME, package="webform", fixed="6.2.9", **fields):
    return advisory(name, (package, f"<{fixed}"), published=fields.pop("published", ago(days=1)), **fields)


def a_rule(client, cast, **fields):
    answer = client.post("/task-rules", {"organization_id": str(cast.organization.id), "name": f"Rule {next(factories.count)}", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def tasks_of(cast, **query):
    return cast.viewer.get("/tasks", sort="created_at", **query).json["data"]


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization, name="Town hall", owner_id=cast.member.id)


def test_a_report_that_opens_a_finding_makes_a_task_and_the_fix_completes_it(cast, site, publish):
    rule = a_rule(cast.admin, cast)
    publish(hole(rating="high"))
    report(cast, site, {"webform": "6.2.7"}, ago(hours=5))
    task, = tasks_of(cast)
    assert (task["title"], task["status"], task["site_id"], task["advisory"], task["module"]) == (
        f"Close {NAME} on Town hall", "pending", str(site.id), NAME, "webform")
    assert (task["assignee_id"], task["rule_id"], task["organization_id"]) == (cast.member.id, rule["id"], str(cast.organization.id))
    due_at = cast.viewer.get("/exposures").json["data"][0]["due_at"]
    assert task["due_date"] == due_at[:10]
    fixed = report(cast, site, {"webform": "6.2.9"}, ago(hours=2))
    task, = tasks_of(cast)
    assert (task["status"], task["closed_by"], task["report_id"], task["completed_by"]) == ("completed", "evidence", fixed["report_id"], None)
    assert task["completed_at"] == stamp(ago(hours=2))
    verbs = [row["action"] for row in cast.admin.get("/audit-logs", resource_id=task["id"], sort="at").json["data"]]
    assert verbs == ["task.created", "task.completed"]


def test_what_comes_back_reopens_its_task(cast, site, publish):
    a_rule(cast.admin, cast)
    publish(hole(published=ago(days=9)))
    for version, hours in (("6.2.7", 30), ("6.2.9", 20), ("6.2.7", 10)):
        report(cast, site, {"webform": version}, ago(hours=hours))
    task, = tasks_of(cast)
    assert (task["status"], task["closed_by"], task["report_id"], task["completed_at"]) == ("pending", None, None, None)
    report(cast, site, {"webform": "6.2.9"}, ago(hours=1))
    task, = tasks_of(cast)
    assert (task["status"], task["closed_by"]) == ("completed", "evidence")


def test_an_advisory_makes_a_task_for_each_site_that_it_reaches(app, cast, publish):
    a_rule(cast.admin, cast)
    with factories.writing(app):
        for _ in range(3):
            factories.reported(factories.site(cast.organization), {"webform": "6.2.7"}, ago(hours=5))
        factories.reported(factories.site(cast.elsewhere), {"webform": "6.2.7"}, ago(hours=5))
    publish(hole())
    assert len(tasks_of(cast)) == 3
    assert cast.stranger.get("/tasks").json["data"] == []


def test_accepted_risk_cancels_a_task_with_its_reason_and_its_end_reopens_it(cast, site, publish):
    a_rule(cast.admin, cast)
    publish(hole())
    report(cast, site, {"webform": "6.2.7"}, ago(hours=5))
    finding = cast.member.get("/exposures").json["data"][0]["id"]
    accepted = cast.member.post(f"/exposures/{finding}/accept", {"reason": "Behind a login.", "expires_at": stamp(now() + timedelta(days=9))})
    assert accepted.status_code in (200, 201), accepted.text
    task, = tasks_of(cast)
    assert (task["status"], task["closed_by"], task["reason"]) == ("cancelled", "decision", "Behind a login.")
    decision = cast.member.get("/risk-decisions").json["data"][0]["id"]
    assert cast.member.post(f"/risk-decisions/{decision}/end").status_code == 200
    task, = tasks_of(cast)
    assert (task["status"], task["closed_by"], task["reason"]) == ("pending", None, None)


def test_code_that_no_longer_runs_and_advisories_that_change_end_tasks_too(cast, site, publish):
    a_rule(cast.admin, cast)
    publish(hole())
    report(cast, site, {"webform": {"version": "6.2.7", "enabled": True}}, ago(hours=5))
    report(cast, site, {"webform": {"version": "6.2.7", "enabled": False}}, ago(hours=4))
    task, = tasks_of(cast)
    assert (task["status"], task["closed_by"], task["reason"]) == ("cancelled", "evidence", "The code is there, and does not run.")
    report(cast, site, {"webform": {"version": "6.2.7", "enabled": True}}, ago(hours=3))
    assert tasks_of(cast)[0]["status"] == "pending"
    publish(hole(fixed="6.2.5"))
    task, = tasks_of(cast)
    assert (task["status"], task["reason"]) == ("cancelled", "It turned out that the site is not affected.")


def test_what_a_person_has_done_is_theirs_and_the_report_is_kept_beside_it(cast, site, publish):
    a_rule(cast.admin, cast)
    publish(hole())
    report(cast, site, {"webform": "6.2.7"}, ago(hours=5))
    task, = tasks_of(cast)
    cast.member.patch(f"/tasks/{task['id']}", {"status": "completed"})
    report(cast, site, {"webform": "6.2.8"}, ago(hours=4))
    assert tasks_of(cast)[0]["closed_by"] == "person"
    fixed = report(cast, site, {"webform": "6.2.9"}, ago(hours=1))
    task, = tasks_of(cast)
    assert (task["closed_by"], task["completed_by"], task["report_id"]) == ("person", cast.member.id, fixed["report_id"])


def test_tasks_made_by_hand_about_a_site_and_an_advisory_are_closed_by_evidence_and_not_doubled(cast, site, publish):
    publish(hole())
    report(cast, site, {"webform": "6.2.7"}, ago(hours=5))
    advisory_id = cast.viewer.get("/advisories").json["data"][0]["id"]
    made = cast.member.post("/tasks", {"title": "By hand", "site_id": str(site.id), "advisory_id": advisory_id, "status": "in_progress"})
    assert made.status_code == 201
    rule = a_rule(cast.admin, cast)
    told = cast.admin.post(f"/task-rules/{rule['id']}/apply", {}).json["data"]
    assert (told["findings"], told["made"], told["present"]) == (1, 0, 1)
    report(cast, site, {"webform": "6.2.9"}, ago(hours=1))
    task, = tasks_of(cast)
    assert (task["title"], task["status"], task["closed_by"]) == ("By hand", "completed", "evidence")


def test_a_rule_works_through_what_stands_open_when_it_is_told_to(cast, site, publish):
    publish(hole())
    report(cast, site, {"webform": "6.2.7"}, ago(hours=5))
    rule = a_rule(cast.admin, cast)
    assert tasks_of(cast) == []
    told = cast.admin.post(f"/task-rules/{rule['id']}/apply", {"dry_run": True}).json["data"]
    assert (told["made"], [each["title"] for each in told["tasks"]], tasks_of(cast)) == (1, [f"Close {NAME} on Town hall"], [])
    assert cast.admin.post(f"/task-rules/{rule['id']}/apply", {}).json["data"]["made"] == 1
    assert cast.admin.post(f"/task-rules/{rule['id']}/apply", {}).json["data"]["made"] == 0
    assert cast.admin.get(f"/task-rules/{rule['id']}").json["data"]["tasks_count"] == 1
    assert cast.member.post(f"/task-rules/{rule['id']}/apply", {}).status_code == 403


@pytest.mark.parametrize(("rule", "wanted"), [
    ({"severity": "high"}, {"A", "B"}), ({"severity": "critical"}, set()), ({"criticality": "high"}, {"A"}),
    ({"environments": ["staging"]}, {"B"}), ({"tags": ["shop", "other"]}, {"A"}), ({"is_enabled": False}, set()), ({}, {"A", "B"})])
def test_a_rule_asks_for_some_findings(app, cast, publish, rule, wanted):
    a_rule(cast.admin, cast, **rule)
    with factories.writing(app):
        for name, fields in {"A": {"criticality": "critical", "tags": ["shop"]}, "B": {"environment": "staging"}}.items():
            factories.reported(factories.site(cast.organization, name=name, **fields), {"webform": "6.2.7"}, ago(hours=5))
    publish(hole(rating="high"))
    assert {task["site_name"] for task in tasks_of(cast)} == wanted


@pytest.mark.parametrize(("assign", "owner", "given", "wanted"), [
    ("owner", "member", None, "member"), ("owner", None, "admin", "admin"), ("owner", "stranger", None, None), ("person", "member", "admin", "admin"),
    ("nobody", "member", None, None)])
def test_a_rule_says_who_gets_it(app, cast, publish, assign, owner, given, wanted):
    a_rule(cast.admin, cast, assign=assign, due_days=4, **({"assignee_id": getattr(cast, given).id} if given else {}))
    with factories.writing(app):
        site = factories.site(cast.organization, owner_id=getattr(cast, owner).id if owner else None)
        factories.reported(site, {"webform": "6.2.7"}, ago(hours=5))
    publish(hole())
    task, = tasks_of(cast)
    assert task["assignee_id"] == (getattr(cast, wanted).id if wanted else None)
    assert task["due_date"] == today(4)


def test_of_two_rules_the_older_one_makes_the_only_task(cast, site, publish):
    first = a_rule(cast.admin, cast)
    a_rule(cast.admin, cast, assign="nobody")
    publish(hole())
    report(cast, site, {"webform": "6.2.7"}, ago(hours=5))
    assert [task["rule_id"] for task in tasks_of(cast)] == [first["id"]]


def test_what_was_deleted_is_not_made_again(cast, site, publish):
    rule = a_rule(cast.admin, cast)
    publish(hole())
    report(cast, site, {"webform": "6.2.7"}, ago(hours=5))
    cast.member.delete(f"/tasks/{tasks_of(cast)[0]['id']}")
    report(cast, site, {"webform": "6.2.8"}, ago(hours=4))
    cast.admin.post(f"/task-rules/{rule['id']}/apply", {})
    assert tasks_of(cast) == []


def test_rules_are_made_changed_and_deleted_by_admins(cast):
    rule = a_rule(cast.admin, cast, name="Grave ones", severity="high", tags=["b", "a", "a"])
    path = f"/task-rules/{rule['id']}"
    assert (rule["tags"], rule["assign"], rule["is_enabled"], rule["due_days"]) == (["a", "b"], "owner", True, None)
    assert [person.get(path).status_code for person in (cast.member, cast.viewer, cast.stranger)] == [200, 403, 404]
    assert cast.member.patch(path, {"severity": "low"}).status_code == 403
    assert cast.admin.post("/task-rules", {"organization_id": str(cast.organization.id), "name": "grave ONES"}).status_code == 409
    place = {"organization_id": str(cast.organization.id), "name": "x"}
    for wrong, field in (({"assign": "person"}, "assignee_id"), ({"assignee_id": cast.stranger.id}, "assignee_id"), ({"due_days": -1}, "due_days"),
                         ({"team_id": rule["id"]}, "team_id"), ({"severity": "grave"}, "severity")):
        assert fields_of(cast.admin.post("/task-rules", {**place, **wrong})) == {field}
    assert cast.admin.patch(path, {"severity": None, "is_enabled": False}).json["data"]["is_enabled"] is False
    assert fields_of(cast.admin.patch(path, {"assign": "person"})) == {"assignee_id"}
    assert cast.admin.delete(path).json["data"]["is_active"] is False
    assert cast.admin.post(f"{path}/restore").json["data"]["is_active"] is True


def test_reports_and_a_rule_that_is_told_to_work_at_the_same_moment_make_one_task(app, cast, site, publish):
    publish(hole())
    report(cast, site, {"webform": "6.2.7"}, ago(hours=5))
    rule = a_rule(cast.admin, cast)
    start, codes = threading.Barrier(4), []

    def go():
        start.wait()
        codes.append(cast.admin.post(f"/task-rules/{rule['id']}/apply", {}).status_code)

    threads = [threading.Thread(target=go) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert codes == [200] * 4
    assert len(tasks_of(cast)) == 1


def test_it_takes_the_same_few_statements_however_many_sites_an_advisory_reaches(app, cast, publish):
    rule = a_rule(cast.admin, cast)
    with factories.writing(app):
        for _ in range(40):
            factories.reported(factories.site(cast.organization, owner_id=cast.member.id), {"webform": "6.2.7"}, ago(hours=5))
    publish(hole())
    assert len(tasks_of(cast)) == 40
    counts = []
    for many in (3, 40):
        with factories.writing(app):
            found = rows("SELECT site_id, organization_id, advisory_id FROM exposures LIMIT :many", many=many)
            execute("DELETE FROM tasks")
        with factories.writing(app), listed(app) as made:
            follow_findings(SYSTEM, [tuple(row) for row in found], now())
        with factories.writing(app):
            execute("UPDATE exposures SET ended_at = now()")
        with factories.writing(app), listed(app) as ended:
            follow_findings(SYSTEM, [tuple(row) for row in found], now())
        with factories.writing(app):
            execute("UPDATE exposures SET ended_at = NULL")
        counts.append((len(made), len(ended)))
        assert len(tasks_of(cast, status="completed", rule_id=rule["id"])) == many
    assert counts[0] == counts[1]
    assert max(counts[0]) < 16
