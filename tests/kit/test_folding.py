"""Metrics of processes that have ended: counted once, for ever, in one file."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from webapp.kit import folding

ROOT = Path(__file__).resolve().parents[2]
COUNT = """
import os, signal
from webapp.kit import metrics
metrics.QUERIES.inc(3); metrics.QUERY_SECONDS.observe(0.02); metrics.ACTIVE.inc(); metrics.REQUESTS.labels("GET", "/x", "200").inc()
"""
SHOW = "from webapp.kit import metrics; print(metrics.exposition().decode())"


def run(folder, program):
    return subprocess.run([sys.executable, "-c", program], env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}, cwd=ROOT,
                          capture_output=True, text=True, check=False)


def value(text, sample):
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else None


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return tmp_path


def test_what_ended_processes_counted_stays_and_their_files_go(folder):
    for _ in range(2):
        assert run(folder, COUNT).returncode == 0
    killed = run(folder, COUNT + "os.kill(os.getpid(), signal.SIGKILL)")
    assert killed.returncode == -signal.SIGKILL
    before = run(folder, SHOW).stdout
    assert folding.fold() >= 9
    assert sorted(path.name for path in folder.glob("*.db")) == ["counter_ended.db", "histogram_ended.db"]
    after = run(folder, SHOW).stdout
    for sample in ("api_database_queries_total", "api_database_query_duration_seconds_count",
                   'api_database_query_duration_seconds_bucket{le="0.025"}', 'api_requests_total{method="GET",route="/x",status="200"}'):
        assert value(after, sample) == value(before, sample) in (3, 9)
    assert value(after, "api_active_connections") in (None, 0)
    assert run(folder, COUNT).returncode == 0
    assert value(run(folder, SHOW).stdout, "api_database_queries_total") == 12


def test_the_living_are_left_alone(folder):
    (folder / f"counter_{os.getpid()}.db").write_bytes(b"")
    assert folding.fold() == 0
    assert folding.fold(1) == 0


def test_without_a_folder_there_is_nothing_to_do(monkeypatch):
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    assert folding.fold() == 0
