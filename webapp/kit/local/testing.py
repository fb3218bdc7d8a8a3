"""`make test`: the tests with a PostgreSQL and a Redis of their own, which are gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psutil

from webapp.kit.local import processes, state
from webapp.kit.local.cluster import APP, OWNER
from webapp.kit.local.postgres import Postgres
from webapp.kit.local.redis import Redis
from webapp.kit.local.signals import Signals, Stopped

PREFIX = "test-"
INTERRUPTED = 130
MOST_PROCESSES = 8
"""Each has up to 16 connections to PostgreSQL, which takes 120, and a database of Redis, which has 16."""
TEST_KEY = "a key for tests only, at least thirty-two characters"


def run_tests(arguments: list[str], root: Path = state.ROOT) -> int:
    """Runs pytest and answers with its exit status.

    The servers are throwaway ones, or those of TEST_DATABASE_URL (with TEST_MIGRATION_DATABASE_URL) and TEST_REDIS_URL.
    """
    signals = Signals().heed()
    instance = root / "instance"
    instance.mkdir(parents=True, exist_ok=True)
    sweep(instance)
    with ExitStack() as started:
        try:
            place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=instance))
            started.callback(shutil.rmtree, place, ignore_errors=True)
            (place / "owner").write_text(str(os.getpid()), "utf-8")
            # Another account may have to pass through to its data.
            place.chmod(0o711)
            env = environment(place, started)
            return run_pytest(arguments, root, env)
        except Stopped:
            return INTERRUPTED
        finally:
            signals.end()


def environment(place: Path, started: ExitStack) -> dict[str, str]:
    """What the tests get: servers of their own, and a storage of their own."""
    env = dict(os.environ)
    if "TEST_DATABASE_URL" not in env:
        postgres = Postgres(place / "postgres", throwaway=True)
        started.callback(postgres.stop)
        postgres.start()
        env |= {"TEST_DATABASE_URL": postgres.url(APP), "TEST_MIGRATION_DATABASE_URL": postgres.url(OWNER)}
    if "TEST_REDIS_URL" not in env:
        redis = Redis(place / "redis")
        started.callback(redis.stop)
        redis.start()
        env["TEST_REDIS_URL"] = redis.url()
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    return env | {
        "DATABASE_URL": env["TEST_DATABASE_URL"],
        "MIGRATION_DATABASE_URL": env.get("TEST_MIGRATION_DATABASE_URL", env["TEST_DATABASE_URL"]),
        "REDIS_URL": env["TEST_REDIS_URL"],
        "ENVIRONMENT": "test",
        "SECRET_KEY": TEST_KEY,
        "STORAGE_DIR": str(place / "storage"),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), env.get("PATH", os.defpath))),
    }


def run_pytest(arguments: list[str], root: Path, env: dict[str, str]) -> int:
    """Runs pytest in the foreground, so that its debugger works and Ctrl-C reaches it."""
    # The whole suite goes through as many processes as there are cores, each with a database of its own; a part of it does not.
    spread = [] if arguments else ["-n", str(min(os.cpu_count() or 1, MOST_PROCESSES)), "--dist", "loadfile", "--no-loadscope-reorder"]
    process = subprocess.Popen([sys.executable, "-m", "pytest", *spread, *arguments], cwd=root, env=env)
    try:
        return process.wait()
    except Stopped:
        processes.stop(process, signal.SIGINT, signal.SIGTERM)
        raise


def sweep(instance: Path) -> None:
    """Removes what earlier tests left that were killed outright: their servers have ended with them."""
    for place in instance.glob(f"{PREFIX}*"):
        owner = place / "owner"
        said = owner.read_text("utf-8").strip() if owner.exists() else ""
        if said.isdigit() and not psutil.pid_exists(int(said)):
            shutil.rmtree(place, ignore_errors=True)
