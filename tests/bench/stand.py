"""What is measured: a PostgreSQL and a Redis of their own, and the web server just as the Procfile starts it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import psutil
import psycopg2.extensions

from webapp.kit.local import processes, run
from webapp.kit.local.cluster import APP, DATABASE, OWNER
from webapp.kit.local.errors import CannotStart
from webapp.kit.local.postgres import Postgres
from webapp.kit.local.redis import Redis
from webapp.kit.local.state import INSTANCE, ROOT
from webapp.kit.local.supervisor import procfile

PREFIX = "bench-"
ENOUGH = "100000000/minute;1000000000/hour"
LIMITS = ("LIMIT_ANONYMOUS", "LIMIT_PERSON", "LIMIT_API_KEY", "LIMIT_SITE_REPORTS", "LIMIT_LOGIN")
READY_SECONDS = 60


class Stand:
    """Everything that runs for the measurement, in one directory; a context that ends and removes it all.

    With `keep`, a directory that is used again: its data stays.
    """

    def __init__(self, keep: Path | None = None) -> None:
        self.keep = keep
        self.started = ExitStack()
        self.web: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Stand:
        try:
            self.place = self._place()
            self.postgres, self.redis = Postgres(self.place / "postgres"), Redis(self.place / "redis")
            for server in (self.postgres, self.redis):
                self.started.callback(server.stop)
                server.start()
            self.env = self._environment()
            run_command(self.env, "init-db")
        except BaseException:
            self.started.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self.started.close()

    @property
    def log(self) -> Path:
        """What the web server says, a line for each request among it."""
        return self.place / "web.log"

    @property
    def secret_key(self) -> str:
        return self.env["SECRET_KEY"]

    def _place(self) -> Path:
        if self.keep:
            self.keep.mkdir(parents=True, exist_ok=True)
            return self.keep
        INSTANCE.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=INSTANCE))
        self.started.callback(shutil.rmtree, place, ignore_errors=True)
        return place

    def _environment(self) -> dict[str, str]:
        """What `make run` gives its processes, with limits that never strike."""
        key = self.place / "secret_key"
        if not key.exists():
            processes.write_private(key, secrets.token_urlsafe(48))
        metrics = self.place / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir()
        return os.environ | {
            "DATABASE_URL": self.postgres.url(APP),
            "MIGRATION_DATABASE_URL": self.postgres.url(OWNER),
            "REDIS_URL": self.redis.url(),
            "SECRET_KEY": key.read_text("utf-8"),
            "HOST": processes.LOOPBACK,
            "PORT": str(processes.free_port()),
            "STORAGE_DIR": str(self.place / "storage"),
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "PYTHONUNBUFFERED": "1",
            "ENVIRONMENT": "production",
            "LOG_LEVEL": "INFO",
            "LIMITS_ENABLED": "yes",
            **dict.fromkeys(LIMITS, ENOUGH),
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        }

    def start_web(self) -> None:
        """Starts the web server by the Procfile's line, and returns when it answers."""
        command = procfile(ROOT / "Procfile")["web"]
        self.web = processes.spawn(
            ["/bin/sh", "-c", f"exec {command}"],
            self.log,
            before_exec=lambda: os.chdir(ROOT),
            env=self.env,
            die_with_parent=signal.SIGTERM,
        )
        self.started.callback(processes.stop, self.web, signal.SIGTERM)
        if not processes.wait_until(lambda: self._answers(self.web), READY_SECONDS):
            raise CannotStart(f"The web server did not become ready: {run.ready(self.env)}\n{processes.tail(self.log)}")

    def _answers(self, web: subprocess.Popen[bytes]) -> bool:
        if web.poll() is not None:
            raise CannotStart(f"The web server ended at once:\n{processes.tail(self.log)}")
        return not run.ready(self.env)

    def address(self) -> tuple[str, int]:
        return self.env["HOST"], int(self.env["PORT"])

    def as_superuser(self) -> psycopg2.extensions.connection:
        """For the seed, which writes beyond all walls."""
        return self.postgres.connect(DATABASE)

    def as_application(self) -> psycopg2.extensions.connection:
        """As the application connects, walls and all."""
        known = self.postgres.remembered()
        return psycopg2.connect(host=processes.LOOPBACK, port=known["port"], user=APP, password=known[APP], dbname=DATABASE)

    def families(self) -> dict[str, list[psutil.Process]]:
        """The processes that are running, by what they belong to."""
        roots = {"web server": self.web, "PostgreSQL": self.postgres.process, "Redis": self.redis.process}
        found = {name: psutil.Process(process.pid) for name, process in roots.items() if process}
        return {name: [root, *root.children(recursive=True)] for name, root in found.items()}


def run_command(env: dict[str, str], command: str) -> None:
    """Runs one of the application's commands; raises CannotStart with what it said when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", command],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotStart(f"flask {command} failed:\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
