"""Patch runs as deployments: which count, which failed, and that both agree with the runs whatever becomes of those."""

from __future__ import annotations

import pytest

from tests import factories
from tests.insights.delivered import at, incident, listed, report, run, shown

UP = ("6.2.2", "6.2.3")


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization)


def deployed(cast, **asked):
    return [(row["source"], row["environment"], row["status"], row["finished_at"]) for row in listed(cast, "/deployments", sort="finished_at", **asked)]


def incidents(cast):
    return [(row["external_id"].rpartition(":")[2], row["opened_at"], row["resolved_at"]) for row in listed(cast, "/incidents", sort="opened_at")]


def test_runs_are_deployments_each_once(app, cast, site):
    with factories.writing(app):
        staging = factories.site(cast.organization, environment="staging")
    done = run(cast, site, "5 10", webform=UP)
    run(cast, site, "6 10", "partial", token=("1.0", "1.1"))
    run(cast, staging, "4 10", webform=UP)
    run(cast, site, "7 10", "failed")
    run(cast, site, "8 10", webform=("6.2.3", "6.2.3"))
    assert deployed(cast) == [("patch_run", "staging", "success", at("4 10")), ("patch_run", "production", "success", at("5 10")),
                              ("patch_run", "production", "success", at("6 10"))]
    row, = listed(cast, "/deployments", patch_run_id=done["id"])
    assert (row["site_id"], row["started_at"]) == (str(site.id), at("5 10"))
    assert cast.admin.delete(f"/deployments/{row['id']}").status_code == 409


def test_a_failed_run_is_an_incident_until_its_modules_are_there(cast, site):
    run(cast, site, "5 10", "rolled_back", webform=UP, token=("1.0", "1.1"))
    assert incidents(cast) == [("failed", at("5 10"), None)]
    run(cast, site, "5 12", webform=UP)
    assert incidents(cast) == [("failed", at("5 10"), None)]
    fix = run(cast, site, "5 16", token=("1.0", "1.1"))
    assert incidents(cast) == [("failed", at("5 10"), at("5 16"))]
    bad, = listed(cast, "/deployments", failed="true")
    assert (bad["status"], bad["restored_at"]) == ("failure", at("5 16"))
    assert [row["patch_run_id"] for row in listed(cast, "/deployments", rework="true")] == [fix["id"]]


def test_a_report_that_shows_the_old_version_is_an_incident_of_the_run(cast, site):
    report(cast, site, "4 6", webform="6.2.2")
    bad = run(cast, site, "5 10", webform=UP)
    report(cast, site, "5 13", webform="6.2.2")
    assert incidents(cast) == [("not_arrived", at("5 13"), None)]
    assert [(row["status"], row["failed"], row["patch_run_id"]) for row in listed(cast, "/deployments")] == [("success", True, bad["id"])]
    run(cast, site, "5 22", webform=UP)
    assert incidents(cast) == [("not_arrived", at("5 13"), at("5 22"))]


def test_one_that_arrived_after_all_never_failed(cast, site):
    report(cast, site, "4 6", webform="6.2.2")
    run(cast, site, "5 10", webform=UP)
    report(cast, site, "5 13", webform="6.2.2")
    report(cast, site, "5 18", webform="6.2.3")
    assert incidents(cast) == []
    assert [row["failed"] for row in listed(cast, "/deployments")] == [False]


def test_a_version_that_falls_later_is_a_rollback(cast, site):
    report(cast, site, "4 6", webform="6.2.2")
    report(cast, site, "5 13", webform="6.2.3")
    assert deployed(cast) == [("report_inferred", "production", "success", at("5 13"))]
    assert listed(cast, "/deployments")[0]["started_at"] == at("4 6")
    report(cast, site, "6 13", webform="6.2.2")
    assert incidents(cast) == [("fell_back", at("6 13"), None)]
    report(cast, site, "7 13", webform="6.2.3")
    assert incidents(cast) == [("fell_back", at("6 13"), at("7 13"))]


def test_an_inferred_deployment_gives_way_to_the_run_that_is_posted_later(cast, site):
    report(cast, site, "4 6", webform="6.2.2")
    report(cast, site, "5 13", webform="6.2.3")
    run(cast, site, "5 10", webform=UP)
    assert deployed(cast) == [("patch_run", "production", "success", at("5 10"))]


def test_a_report_that_comes_late_moves_what_was_inferred(cast, site):
    report(cast, site, "4 6", webform="6.2.2")
    report(cast, site, "8 13", webform="6.2.3")
    report(cast, site, "6 13", webform="6.2.3")
    assert deployed(cast) == [("report_inferred", "production", "success", at("6 13"))]


def test_where_a_deployment_was_it_stays_when_the_site_becomes_another(cast, site):
    run(cast, site, "5 10", webform=UP)
    cast.admin.patch(f"/sites/{site.id}", {"environment": "staging"})
    run(cast, site, "6 10", token=("1.0", "1.1"))
    assert deployed(cast) == [("patch_run", "production", "success", at("5 10")), ("patch_run", "staging", "success", at("6 10"))]


def test_an_incident_that_is_dismissed_stays_so_and_one_that_is_told_counts_beside(cast, site):
    run(cast, site, "5 10", "failed", webform=UP)
    own, = listed(cast, "/incidents")
    assert cast.member.delete(f"/incidents/{own['id']}").status_code == 200
    run(cast, site, "6 10", webform=UP)
    assert incidents(cast) == []
    told = incident(cast, None, "6 11", site_id=str(site.id))
    assert shown(cast, told, "incidents")["cause_kind"] == "inferred"


def test_runs_that_were_there_before_are_followed_by_a_worker(app, cast, site):
    from webapp.insights.jobs import follow_patch_runs
    from webapp.kit.db import execute

    run(cast, site, "5 10", "failed", webform=UP)
    run(cast, site, "6 10", webform=UP)
    before = listed(cast, "/deployments"), incidents(cast)
    with factories.writing(app):
        execute("DELETE FROM incidents")
        execute("DELETE FROM deployments")
    for _ in range(2):
        with app.app_context():
            follow_patch_runs(1)
        kept = ("source", "status", "finished_at", "patch_run_id", "failed", "rework", "restored_at")
        assert [{name: row[name] for name in kept} for row in listed(cast, "/deployments")] == [{name: row[name] for name in kept} for row in before[0]]
        assert incidents(cast) == before[1]
