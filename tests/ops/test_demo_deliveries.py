"""What the demo's teams delivered: bodies that the API takes, and figures to look at."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from webapp.accounts.models import Team
from webapp.insights.measures import measure
from webapp.insights.models import Repository
from webapp.insights.schemas.delivery import DeploymentInput, IncidentInput
from webapp.insights.schemas.planning import MeasurementInput, SprintInput
from webapp.insights.schemas.repositories import CommitInput, PullRequestInput
from webapp.kit.clock import stamp
from webapp.kit.db import ALL, db, enter_scope, unit_of_work
from webapp.kit.permissions import SYSTEM
from webapp.ops.demo import deliveries, fleet
from webapp.ops.demo.places import PLACES

TODAY = datetime(2026, 11, 20, 10, tzinfo=UTC)
ID = "0199a0e4-0000-7000-8000-000000000001"
TIMES = ("opened_at", "merged_at", "closed_at", "resolved_at", "started_at", "finished_at", "authored_at", "committed_at", "measured_at")


@pytest.fixture(scope="module", params=PLACES, ids=lambda place: place.custom)
def delivered(request):
    return deliveries.Team(request.param, TODAY, 1).work()


def posted(body, **more):
    """The body as somebody would post it."""
    names = {"opened_at": "created_at"} if "number" in body else {}
    said = {names.get(name, name): value for name, value in body.items() if name != "over"} | more
    return json.loads(json.dumps(said, default=lambda value: stamp(value) if isinstance(value, datetime) else value.isoformat()))


def test_the_api_would_take_all_of_it(delivered):
    for kind, bodies, more in (
            (CommitInput, delivered.commits, {}), (PullRequestInput, delivered.pull_requests, {}),
            (DeploymentInput, delivered.deployments, {"repository_id": ID}), (IncidentInput, delivered.incidents, {"repository_id": ID}),
            (SprintInput, delivered.sprints, {"team_id": ID}), (MeasurementInput, delivered.measurements, {"repository_id": ID})):
        assert bodies
        for body in bodies:
            kind().load(posted(body, **more))


def test_nothing_lies_in_the_future_and_things_happen_in_their_order(delivered):
    every = [*delivered.commits, *delivered.pull_requests, *delivered.deployments, *delivered.incidents, *delivered.measurements]
    assert all(body[name] <= TODAY for body in every for name in TIMES if name in body)
    known = {}
    for commit in delivered.commits:
        assert all(known[parent] <= commit["committed_at"] for parent in commit["parents"] if commit["branch"] == "main" and parent in known)
        known[commit["sha"]] = commit["committed_at"]
    assert all(parent in known for commit in delivered.commits for parent in commit["parents"])
    for request in delivered.pull_requests:
        assert request["first_commit_at"] <= request["opened_at"] <= request.get("merged_at", TODAY)
        assert all(request["opened_at"] <= review["submitted_at"] for review in request["reviews"])
    assert [sprint["over"] for sprint in delivered.sprints][-2:] == [True, False]


def test_the_same_seed_draws_the_same_and_another_day_moves_it(delivered):
    place = PLACES[0]
    assert deliveries.Team(place, TODAY, 1).work() == deliveries.Team(place, TODAY, 1).work()
    assert deliveries.Team(place, TODAY, 1).work() != deliveries.Team(place, TODAY, 2).work()
    later = deliveries.Team(place, TODAY + timedelta(days=1), 1).work()
    assert max(commit["committed_at"] for commit in later.commits) <= TODAY + timedelta(days=1)


def test_every_number_of_insights_has_something_to_say(app):
    with app.app_context():
        with unit_of_work(ALL):
            fleet.make_accounts("key", TODAY)
        for _ in range(2):
            fleet.make_deliveries(1, TODAY)
        enter_scope(ALL)
        days = {"start_date": (TODAY - timedelta(days=90)).date(), "end_date": TODAY.date()}
        dora = measure("dora-metrics", SYSTEM, days)
        assert dora["deployment_frequency"]["value"] > 1
        assert 0 < dora["change_failure_rate"]["percentage"] < 30
        assert dora["lead_time_for_changes"]["median_hours"] > 0
        assert dora["time_to_restore"]["median_hours"] > 0
        assert all(hours > 0 for hours in measure("cycle-time", SYSTEM, days)["breakdown"].values() if hours is not None)
        assert 40 < measure("code-quality", SYSTEM, days)["test_coverage"] < 95
        team = db.session.query(Team).filter_by(name=PLACES[0].teams[0]).one()
        velocity = measure("velocity", SYSTEM, {"team_id": team.id, "sprint_count": 6})
        assert len(velocity["sprints"]) == 6
        assert velocity["average_velocity"] > 10
        told = [deliveries.Team(place, TODAY, 1).work().commits for place in PLACES]
        assert sorted(each.commit_count for each in db.session.query(Repository)) == sorted(len(commits) for commits in told)
