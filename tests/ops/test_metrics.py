"""Metrics: the contract's names, for the operator only, and nothing that grows without end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import factories
from webapp.kit.db import execute
from webapp.kit.ids import new_id
from webapp.ops.policy import is_near, may_scrape

NAMES = (
    "api_requests_total",
    "api_requests_duration_seconds",
    "api_requests_failed_total",
    "api_active_connections",
    "api_database_queries_total",
    "api_database_query_duration_seconds",
    "api_cache_hits_total",
    "api_cache_misses_total",
    "patchboard_jobs",
    "patchboard_jobs_oldest_seconds",
    "patchboard_queue_length",
    "patchboard_ingest_lag_seconds",
    "patchboard_dependency_up",
)
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


def value(text: str, sample: str) -> float:
    return float(re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)[1])


def test_all_names_are_there_as_text(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    typed = set(re.findall(r"^# TYPE (\S+) ", answer.get_data(as_text=True), re.MULTILINE))
    assert set(NAMES) <= typed


def test_requests_are_counted_by_route_and_never_by_id(client, cast):
    cast.admin.get(f"/organizations/{cast.organization.id}")
    client.get("/organizations/0190a3b0-0000-7000-8000-000000000000")
    text = client.get("/metrics").get_data(as_text=True)
    route = "/api/v1/organizations/<uuid:organization_id>"
    assert value(text, f'api_requests_total{{method="GET",route="{route}",status="200"}}') >= 1
    assert value(text, f'api_requests_failed_total{{method="GET",route="{route}",status="401"}}') >= 1
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-", text)


def test_invented_methods_make_no_series(client):
    for number in range(3):
        assert client.send(f"INVENTED{number}", "/api/v1/sites").status_code == 405
    text = client.get("/metrics").get_data(as_text=True)
    assert "INVENTED" not in text
    assert 'method="other"' in text


def test_waiting_work_and_the_lag_of_reports_are_measured(app, client, cast, worker):
    with factories.writing(app):
        execute(
            "INSERT INTO job_outbox (id, name, arguments, created_at) VALUES (:id, 'x', '{}', :at)",
            id=new_id(),
            at=factories.ago(minutes=5),
        )
        factories.site(cast.organization, last_report_at=factories.ago(hours=2))
        factories.site(cast.elsewhere, last_report_at=factories.ago(hours=1))
    worker.sadd("rq:queues", "rq:queue:reports")
    worker.rpush("rq:queue:reports", "one", "two")
    text = client.get("/metrics").get_data(as_text=True)
    assert value(text, 'patchboard_jobs{queue="default",state="waiting"}') == 1
    assert 300 <= value(text, 'patchboard_jobs_oldest_seconds{queue="default",state="waiting"}') < 400
    assert value(text, 'patchboard_queue_length{queue="reports"}') == 2
    assert 3600 <= value(text, "patchboard_ingest_lag_seconds") < 3700
    assert value(text, 'patchboard_dependency_up{dependency="worker"}') == 0.5


def test_without_database_and_redis_the_rest_still_comes(client, new_checks):
    new_checks(database="postgresql+psycopg2://u:p@127.0.0.1:9/d", redis="redis://127.0.0.1:9/0")
    text = client.get("/metrics").get_data(as_text=True)
    assert value(text, 'patchboard_dependency_up{dependency="database"}') == 0
    assert "api_requests_total" in text
    assert "patchboard_jobs{" not in text


def scrape(app, headers=None, **environ):
    return app.test_client().get("/metrics", headers=headers or {}, environ_overrides=environ)


def test_from_elsewhere_it_is_refused(app):
    answer = scrape(app, **ELSEWHERE)
    assert (answer.status_code, answer.json["error"]) == (403, "permission_denied")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_proxy_that_we_were_not_told_of_opens_nothing(app, header):
    assert scrape(app, {header: "10.0.0.1"}).status_code == 403


def test_a_superuser_may_from_anywhere_and_others_may_not(app, cast):
    assert scrape(app, cast.root.headers, **ELSEWHERE).status_code == 200
    assert scrape(app, cast.admin.headers, **ELSEWHERE).status_code == 403
    assert scrape(app, {"Authorization": "Bearer wrong"}, **ELSEWHERE).status_code == 401


def test_with_a_token_only_the_token_opens(app, monkeypatch):
    monkeypatch.setitem(app.config, "METRICS_TOKEN", "the operator's token")
    assert scrape(app).status_code == 403
    assert scrape(app, {"Authorization": "Bearer the operator's token"}, **ELSEWHERE).status_code == 200
    assert scrape(app, {"Authorization": "Bearer the wrong one"}, **ELSEWHERE).status_code == 401


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("10.1.2.3", True),
        ("192.168.0.7", True),
        ("::ffff:10.0.0.1", True),
        ("fd00::1", True),
        ("8.8.8.8", False),
        ("203.0.113.9", False),
        ("172.32.0.1", False),
        ("2606:4700::1", False),
        ("::ffff:8.8.8.8", False),
        ("nonsense", False),
        (None, False),
    ],
)
def test_what_is_near(address, near):
    assert is_near(address) is near
    assert may_scrape("", "", address, forwarded=False) is near
    assert may_scrape("", "", address, forwarded=True) is False
    assert may_scrape("token", "token", address, forwarded=True) is True
    assert may_scrape("token", "", address, forwarded=False) is False


def test_with_several_processes_no_name_is_missing(tmp_path):
    program = "from webapp.kit import metrics; metrics.QUERIES.inc(); print(metrics.exposition().decode())"
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    typed = re.findall(r"^# TYPE (\S+) ", done.stdout, re.MULTILINE)
    assert {name for name in NAMES if name.startswith("api_")} <= set(typed)
    assert len(typed) == len(set(typed))
    assert value(done.stdout, "api_database_queries_total") == 1


def test_reports_from_sites_are_counted_by_outcome(app, client, cast):
    def counted():
        text = client.get("/metrics").get_data(as_text=True)
        found = re.findall(r'^patchboard_inventory_reports_total{outcome="(\w+)"} (\S+)$', text, re.MULTILINE)
        return {outcome: float(number) for outcome, number in found}

    before = counted()
    with factories.writing(app):
        agent = cast.key(site=factories.site(cast.organization))
    body = {"modules": [{"name": "webform", "version": "6.2.7"}]}
    assert [agent.post("/ingest", each).status_code for each in (body, body, {"modules": 7})] == [200, 200, 422]
    more = {outcome: number - before.get(outcome, 0) for outcome, number in counted().items()}
    assert more == {"accepted": 1, "unchanged": 1, "refused": 1}
