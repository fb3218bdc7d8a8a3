"""Health: what is down is said, nothing vital means 503, and no probe waits for long."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from tests import factories
from webapp.kit.clock import now
from webapp.kit.db import execute
from webapp.kit.ids import new_id
from webapp.kit.probes import Probe, ask_all
from webapp.kit.storage import disk
from webapp.ops.queries import health as queries
from webapp.ops.values import Condition, Dependency, Health, health_of

PATIENCE = queries.PATIENCE
NOBODY = "postgresql+psycopg2://secretuser:secretpassword@127.0.0.1:9/nothing"


@pytest.fixture
def silent_server():
    """A port that takes connections and says nothing, as a machine does that has hung."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield listening.getsockname()[1]


def test_all_is_well_with_a_worker(client, worker):
    answer = client.get("/health")
    assert answer.status_code == 200
    told = answer.json
    assert (told["status"], set(told["dependencies"])) == ("healthy", {"database", "redis", "worker", "storage"})
    assert {each["status"] for each in told["dependencies"].values()} == {"up"}
    assert told["timestamp"].endswith("Z")
    assert told["version"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_a_worker_it_is_degraded_and_still_200(client):
    answer = client.get("/health")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert answer.json["dependencies"]["worker"]["status"] == "down"


def test_a_worker_that_redis_has_forgotten_is_none(client, worker):
    worker.delete("rq:worker:one")
    assert client.get("/health").json["dependencies"]["worker"]["reason"] == "no worker"


def test_work_that_waits_for_long_is_a_degraded_worker(app, client, worker):
    with factories.writing(app):
        execute(
            "INSERT INTO job_outbox (id, name, arguments, created_at) VALUES (:id, 'x', '{}', :at)",
            id=new_id(),
            at=factories.ago(minutes=2),
        )
    assert client.get("/health").json["dependencies"]["worker"] | {"latency_ms": 0} == {
        "status": "degraded",
        "reason": "work waits",
        "latency_ms": 0,
    }


def test_without_redis_it_is_degraded_and_still_200(client, new_checks):
    new_checks(redis="redis://127.0.0.1:9/0")
    answer = client.get("/health")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert answer.json["dependencies"]["redis"]["status"] == "down"
    assert answer.json["dependencies"]["database"]["status"] == "up"


def test_without_the_database_it_is_unhealthy_and_tells_no_secret(client, new_checks):
    new_checks(database=NOBODY)
    answer = client.get("/health")
    assert (answer.status_code, answer.json["status"]) == (503, "unhealthy")
    assert answer.json["dependencies"]["database"] == {"status": "down", "reason": "not reachable"}
    assert answer.headers["Retry-After"] == "5"
    for secret in ("secretuser", "secretpassword", "127.0.0.1", "psycopg2", "nothing"):
        assert secret not in answer.get_data(as_text=True)


def test_a_storage_that_cannot_be_written_is_unhealthy(client, new_checks, tmp_path):
    (tmp_path / "file").write_text("not a directory")
    new_checks(storage=tmp_path / "file" / "storage")
    answer = client.get("/health")
    assert (answer.status_code, answer.json["dependencies"]["storage"]["reason"]) == (503, "not writable")


def test_a_storage_that_is_nearly_full_is_degraded(client, worker, monkeypatch):
    monkeypatch.setattr(disk, "LEAST_SPACE", 2**63)
    answer = client.get("/health")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")


def test_what_hangs_does_not_hang_the_answer(client, new_checks, silent_server, monkeypatch):
    new_checks(
        database=f"postgresql+psycopg2://u:p@127.0.0.1:{silent_server}/d", redis=f"redis://127.0.0.1:{silent_server}/0"
    )
    assert PATIENCE <= 1.5
    monkeypatch.setattr(queries, "PATIENCE", 0.2)  # long before a connection is given up, which takes two seconds
    for path in ("/health", "/health/ready"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert answer.json["dependencies"]["database"] == {"status": "down", "reason": "no answer in time"}


def test_live_asks_nothing_and_ready_asks_the_database(client, new_checks):
    new_checks(database=NOBODY, redis="redis://127.0.0.1:9/0")
    assert (client.get("/health/live").status_code, client.get("/health/live").json["status"]) == (200, "live")
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json["status"]) == (503, "not ready")


def test_ready_with_the_tables_of_this_version_or_a_newer_one(client, new_checks, monkeypatch):
    assert client.get("/health/ready").json["status"] == "ready"
    (applied,) = queries.revisions(queries.Path(client.app.extensions["migrate"].directory))[1]
    new_checks()
    monkeypatch.setattr(queries, "revisions", lambda _: (frozenset({applied, "next"}), frozenset({"next"})))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json["dependencies"]["database"]["reason"]) == (503, "not migrated")
    assert client.get("/health").status_code == 200
    new_checks()
    monkeypatch.setattr(queries, "revisions", lambda _: (frozenset({"old"}), frozenset({"old"})))
    assert client.get("/health/ready").status_code == 200


def test_nobody_is_asked_who_they_are(client, new_checks):
    new_checks(database=NOBODY)
    for headers in ({"Authorization": "Bearer wrong"}, {"X-API-Key": "pb_wrong"}, {"Cookie": "patchboard=wrong"}):
        assert client.get("/health/live", headers).status_code == 200
        assert client.get("/openapi.json", headers).status_code == 200


def test_head_is_answered_too(client):
    assert client.send("HEAD", "/health/live").status_code == 200


def test_what_is_vital_decides():
    up, down = Dependency(Condition.UP), Dependency(Condition.DOWN)
    well = {"database": up, "redis": up, "worker": up, "storage": up}
    assert health_of(well) is Health.HEALTHY
    assert [health_of({**well, name: down}) for name in well] == [
        Health.UNHEALTHY,
        Health.DEGRADED,
        Health.DEGRADED,
        Health.UNHEALTHY,
    ]
    assert health_of({**well, "database": Dependency(Condition.DEGRADED)}) is Health.DEGRADED


def test_a_flood_of_questions_is_one_question():
    asked, go_on = [], threading.Event()

    def check():
        asked.append(now())
        go_on.wait(60)
        return 1

    probe = Probe(check, keep=600)
    assert isinstance(ask_all({"one": probe}, 0.05)["one"], TimeoutError)
    assert isinstance(ask_all({"one": probe}, 0.05)["one"], TimeoutError)
    go_on.set()
    assert ask_all({"one": probe}, 60) == {"one": 1}
    assert ask_all({"one": probe}, 60) == {"one": 1}
    assert len(asked) == 1


def test_an_answer_is_asked_for_anew_when_it_is_old_and_errors_are_answers():
    answers = iter([ValueError("broken"), 2])

    def check():
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    probe = Probe(check, keep=0)
    assert isinstance(ask_all({"one": probe}, 60)["one"], ValueError)
    time.sleep(0.01)
    assert ask_all({"one": probe}, 60) == {"one": 2}
