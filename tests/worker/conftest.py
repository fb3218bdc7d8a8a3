"""Real processes of a worker and a scheduler, on the test database and a Redis of their own that may be killed and emptied."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from webapp.kit.local.redis import Redis

ROOT = Path(__file__).resolve().parents[2]
SOON, START = 60.0, 120.0
"""Seconds; a process takes long to start where many tests run at once."""


class House:
    """The application beside its worker processes. Everything started here is killed at the end of the test."""

    def __init__(self, app: Any, server: Redis, environment: dict[str, str], folder: Path) -> None:
        self.app, self.server, self.environment, self.folder = app, server, environment, folder
        self.processes: list[subprocess.Popen[bytes]] = []

    @property
    def redis(self) -> Any:
        return redis.Redis.from_url(self.server.url())

    def start(self, module: str, pause_ms: int = 0) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{module}-{len(self.processes)}.log").open("wb")
        process = subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT,
                                   env={**self.environment, "REPORT_BUILD_PAUSE_MS": str(pause_ms)})
        log.close()
        self.processes.append(process)
        return process

    def wait_for_staff(self, workers: int = 1) -> None:
        """Waits until so many workers look for work and the scheduler has made its turn."""
        self.wait("worker and scheduler to be at work", lambda: self._idle() >= workers and self.redis.get("patchboard:scheduler"), START)

    def _idle(self) -> int:
        names = [name.decode() for name in self.redis.smembers("rq:workers")]
        return sum(self.redis.hget(name, "state") in (b"idle", b"busy") for name in names)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kills a process and its children at once, as a machine that loses power."""
        if process.poll() is None:
            family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            for each in family:
                each.send_signal(signal.SIGKILL)
            process.wait()

    def logs(self) -> str:
        return "\n".join(f"--- {each.name}\n{each.read_text(errors='replace')[-4000:]}" for each in sorted(self.folder.glob("*.log")))

    def wait(self, what: str, found: Callable[[], Any], seconds: float = SOON) -> Any:
        """The first true answer; fails with the logs of all processes after so many seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = found()
            if answer:
                return answer
            time.sleep(0.2)
        pytest.fail(f"{what} did not happen within {seconds} seconds\n{self.logs()}")


@pytest.fixture
def house(app: Any, tmp_path: Path) -> Iterator[House]:
    from webapp import create_app

    server = Redis(tmp_path / "redis")
    server.start()
    environment = {**os.environ, "REDIS_URL": server.url(), "STORAGE_DIR": str(tmp_path / "storage"), "ENVIRONMENT": "test",
                   "DATABASE_URL": os.environ["DATABASE_URL"], "LOG_LEVEL": "INFO"}
    application = create_app({"REDIS_URL": server.url(), "STORAGE_DIR": str(tmp_path / "storage"), "LIMITS_ENABLED": False})
    made = House(application, server, environment, tmp_path)
    try:
        yield made
    finally:
        for process in made.processes:
            made.kill(process)
        server.stop()
        with application.app_context():
            from webapp.kit.db import db

            db.engine.dispose()
