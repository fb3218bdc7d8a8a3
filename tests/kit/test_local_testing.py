"""`make test` and `make check`: the servers are the tests' own, the exit status is honest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from webapp.kit.local import check, testing

ROOT = Path(__file__).parents[2]
TESTS = """
import os, psycopg2, redis
def test_servers():
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL"):
        psycopg2.connect(os.environ[name].replace("+psycopg2", "")).close()
    assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
    assert os.environ["ENVIRONMENT"] == "test"
def test_wrong():
    assert 1 == 2
"""


def run_tests(place, *arguments):
    command = (
        "import sys; from pathlib import Path; from webapp.kit.local.testing import run_tests; "
        "sys.exit(run_tests(sys.argv[2:], Path(sys.argv[1])))"
    )
    env = {name: value for name, value in os.environ.items() if not name.endswith("_URL") and "PYTEST" not in name}
    return subprocess.run(
        [sys.executable, "-c", command, place, "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=env | {"PYTHONPATH": str(ROOT)},
    )


def test_exit_status_is_that_of_pytest_and_nothing_stays(tmp_path):
    (tmp_path / "test_one.py").write_text(TESTS)
    done = run_tests(tmp_path)
    assert "1 failed, 1 passed" in done.stdout, done.stderr
    assert done.returncode == 1
    assert run_tests(tmp_path, "-k", "servers").returncode == 0
    assert list((tmp_path / "instance").iterdir()) == []


def test_leavings_of_killed_tests_are_removed_and_running_ones_are_not(tmp_path):
    for name, owner in (("test-old", 2**22 + 1), ("test-now", os.getpid())):
        (tmp_path / name).mkdir()
        (tmp_path / name / "owner").write_text(str(owner))
    testing.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["test-now"]


def step(text, status, asks_network=True):
    return check.Step(
        "audit", lambda: [sys.executable, "-c", f"print({text!r}); raise SystemExit({status})"], asks_network
    )


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (step("npm error audit endpoint returned an error", 1), 0),
        (step("requests.exceptions.ConnectionError: Max retries exceeded", 1), 0),
        (step("Found 2 known vulnerabilities in 1 package", 1), 1),
        (step("Found 1 known vulnerability; HTTPError for another", 1), 1),
        (step("something else went wrong", 1), 1),
        (step("timed out", 1, asks_network=False), 1),
        (step("fine", 0), 0),
        (step("click  Dependency not found and could not be audited: click", 0), 0),
    ],
)
def test_audit_that_cannot_be_asked_is_no_failure_and_one_that_found_something_is(monkeypatch, one, status):
    monkeypatch.setattr(check, "steps", lambda _: [one])
    assert check.check(ROOT) == status
