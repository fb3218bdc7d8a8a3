"""The operator's doors: figures, jobs and who asks for what, for superusers alone."""

from __future__ import annotations

import re

import pytest

from tests import factories
from tests.clocks import within_one_day
from webapp.kit import usage
from webapp.kit.clock import now
from webapp.kit.db import execute, rows
from webapp.kit.ids import new_id
from webapp.kit.usage import BUCKETS, SUMS, percentile

LISTS = ("/admin/stats", "/admin/jobs", "/admin/api-usage")
PAGES = ("/admin", "/admin/jobs", "/admin/api-usage")


@pytest.fixture
def job(app):
    """Makes a job in a state."""

    def make(state="failed", name="mail.send", **more):
        job_id = new_id()
        values = {"id": job_id, "name": name, "state": state, "at": factories.ago(minutes=5), "error": None, **more}
        with factories.writing(app):
            execute("INSERT INTO job_outbox (id, name, arguments, state, attempt, created_at, error)"
                    " VALUES (:id, :name, '{\"secret\": \"lantern\"}', :state, 5, :at, :error)", **values)
        return str(job_id)

    return make


@pytest.mark.parametrize("path", LISTS)
def test_they_are_for_superusers(client, cast, path):
    assert [each.get(path).status_code for each in (client, cast.viewer, cast.admin, cast.key("admin"), cast.root)] == [
        401, 403, 403, 403, 200]


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_for_superusers(cast, path):
    assert cast.admin.browser().get(path).status_code == 403
    answer = cast.root.browser().get(path)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    for other in PAGES:
        assert f'href="{other}"' in text
    current = re.findall(r'<a[^>]+href="(/admin[^"?]*)"[^>]*aria-current="page"', text)
    assert current[0] == path
    assert 'href="/admin"' not in cast.admin.browser().get("/overview").get_data(as_text=True)


def test_stats_count_what_there_is(app, cast):
    within_one_day()
    with factories.writing(app):
        factories.reported(factories.site(cast.organization), {"webform": "6.2.7"})
    data = cast.root.get("/admin/stats").json["data"]
    assert (data["organizations"], data["sites"], data["users"]) == (2, 1, 5)
    assert len(data["reports_by_day"]) == 7
    assert data["reports_by_day"][-1]["day"] == now().date().isoformat()
    assert data["reports_by_day"][-1]["accepted"] == 1
    assert data["database"]["bytes"] > 1_000_000
    parts = {each["name"]: each["partitions"] for each in data["database"]["tables"]}
    assert parts["audit_log"] >= 13
    assert parts["sites"] == 0
    assert set(data["versions"]) == {"patchboard", "python", "postgresql"}
    assert data["audit"]["unsealed"] >= 0


def test_jobs_are_listed_filtered_and_tell_no_arguments(cast, job):
    failed, _ = job(error="ValueError in x.py, line 7."), job("done", "reports.build")
    found = cast.root.get("/admin/jobs").json
    assert found["meta"]["total"] == 2
    assert "lantern" not in str(found)
    for filters, number in (({"state": "failed"}, 1), ({"state": "failed,done"}, 2), ({"queue": "reports"}, 0), ({"name": "mail.send"}, 1),
                            ({"q": "valueerror"}, 1)):
        assert cast.root.get("/admin/jobs", **filters).json["meta"]["total"] == number, filters
    assert cast.root.get("/admin/jobs", state="broken").status_code == 422
    assert cast.root.get(f"/admin/jobs/{failed}").json["data"]["error"] == "ValueError in x.py, line 7."
    assert "mail.send" in cast.root.get("/admin/jobs", format="csv").get_data(as_text=True)


def test_failed_work_is_asked_for_again_and_that_is_recorded(app, cast, job):
    failed = job()
    assert cast.admin.post(f"/admin/jobs/{failed}/retry").status_code == 403
    answer = cast.root.post(f"/admin/jobs/{failed}/retry")
    assert (answer.status_code, answer.json["data"]["state"]) == (200, "waiting")
    assert cast.root.get(f"/admin/jobs/{failed}").json["data"]["state"] == "queued"
    assert cast.root.post(f"/admin/jobs/{failed}/retry").status_code == 409
    row = cast.root.get("/audit-logs", action="job.retried").json["data"][0]
    assert (row["resource_id"], row["changes"]["state"]) == (failed, ["failed", "waiting"])
    answer = cast.root.post(f"/admin/jobs/{failed}/cancel")
    assert (answer.status_code, answer.json["data"]["state"]) == (200, "cancelled")
    assert cast.root.post(f"/admin/jobs/{failed}/cancel").status_code == 409


def test_a_report_that_failed_is_built_again_by_a_new_job(app, cast):
    body = {"kind": "patch_run", "parameters": {"organization_id": str(cast.organization.id)}, "formats": ["csv"]}
    report = cast.admin.post("/reports", body).json["data"]["id"]
    with factories.writing(app):
        execute("UPDATE reports SET status = 'failed'")
        execute("UPDATE job_outbox SET state = 'failed', attempt = 5")
    first = cast.root.get("/admin/jobs").json["data"][0]["id"]
    second = cast.root.post(f"/admin/jobs/{first}/retry").json["data"]
    assert second["id"] != first
    assert cast.admin.get(f"/reports/{report}").json["data"]["status"] == "queued"


def test_the_page_of_jobs_asks_again_with_its_filters_kept(cast, job):
    failed = job()
    browser = cast.root.browser()
    assert "Try again" in browser.get("/admin/jobs").get_data(as_text=True)
    answer = browser.post(f"/admin/jobs/{failed}/retry", {"query": "name=mail.send"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/jobs?name=mail.send")
    assert "mail.send is asked for again" in browser.get("/admin/jobs").get_data(as_text=True)
    assert cast.admin.browser().post(f"/admin/jobs/{failed}/retry").status_code == 403


def flush(app):
    return app.extensions["patchboard_usage"].flush()


def test_requests_are_counted_by_caller_route_and_day(app, cast):
    within_one_day()
    flush(app)
    with factories.writing(app):
        execute("DELETE FROM api_usage")
    key = cast.key("read")
    for _ in range(3):
        key.get("/sites")
    cast.viewer.get("/sites")
    assert cast.viewer.post("/sites", {}).status_code == 403
    flush(app)
    key.get("/sites")
    flush(app)
    by_row = cast.root.get("/admin/api-usage", route="/api/v1/sites").json["data"]
    assert {
        (row["caller_kind"], row["method"], row["requests"], row["errors"]) for row in by_row} == {
        ("api_key", "GET", 4, 0), ("user", "GET", 1, 0), ("user", "POST", 1, 1)}
    assert by_row[0]["caller_name"].startswith("a key (")
    assert by_row[0]["day"] == now().date().isoformat()
    assert by_row[0]["p95_ms"] >= by_row[0]["mean_ms"] * 0.1 > 0
    key_id = by_row[0]["caller_id"]
    assert cast.root.get("/admin/api-usage", api_key_id=key_id).json["meta"]["total"] == 1
    by_route = cast.root.get("/admin/api-usage", group_by="route", route="/api/v1/sites", method="GET").json["data"]
    assert [(row["requests"], row["caller_id"], row["day"]) for row in by_route] == [(5, None, None)]
    assert cast.root.get("/admin/api-usage", to="2020-01-01").json["meta"]["total"] == 0
    assert cast.root.get("/admin/api-usage", group_by="caller", sort="day").status_code == 422
    assert "By caller" in cast.root.browser().get("/admin/api-usage").get_data(as_text=True)


def test_counting_is_kept_while_the_database_is_away_and_written_once(app):
    from sqlalchemy import create_engine

    counter = usage.Counter(create_engine("postgresql+psycopg2://u:p@127.0.0.1:9/d"), by_itself=False)
    key = usage.Key(now().date(), "anonymous", None, "/api/v1/test", "GET")
    for seconds in (0.001, 0.2, 7.0):
        counter.note(key, 500, seconds)
    assert counter.flush() == 0
    assert counter.counted[key]["requests"] == 3
    with app.app_context():
        counter.engine = app.extensions["patchboard_usage"].engine
        assert (counter.flush(), counter.flush()) == (1, 0)
        row = rows("SELECT * FROM api_usage WHERE route = '/api/v1/test'")[0]
    assert (row.caller, row.requests, row.errors, row.under_10ms, row.under_250ms, row.longer) == ("anonymous", 3, 3, 1, 1, 1)
    assert row.seconds == pytest.approx(7.201)


def test_a_child_begins_with_empty_counters(app):
    import os

    counter = usage.Counter(app.extensions["patchboard_usage"].engine, by_itself=False)
    counter.note(usage.Key(now().date(), "anonymous", None, "/x", "GET"), 200, 0.1)
    child = os.fork()
    if child == 0:
        os._exit(len(counter.counted))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(counter.counted) == 1


def test_percentiles_are_read_from_buckets():
    def of(**counts):
        return percentile({**dict.fromkeys(BUCKETS, 0), **counts}, 0.95)

    assert of() is None
    assert of(under_10ms=100) == pytest.approx(0.0095)
    assert of(under_10ms=50, under_1s=50) == pytest.approx(0.95)
    assert of(longer=1) == 5.0
    assert {"requests", "errors", "seconds"} <= set(SUMS)
