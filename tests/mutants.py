"""`python -m tests.mutants [NAME…]`: mutmut over what guards the product, on servers of its own, and a table of what it found.

NAME is a mutant's name or a pattern of such (`webapp.kit.permissions*`); without one it is all of `[tool.mutmut]`. Each mutant's
tests get a copy of one migrated database (TEST_DATABASE_TEMPLATE), and one mutant is tried at a time: they share a Redis.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from tests.databases import drop_database
from webapp.kit.local import state, testing

MUTMUT = [sys.executable, "-m", "mutmut"]


def main(names: list[str]) -> int:
    """Runs mutmut, and answers with its exit status; survivors are for people to read (docs/mutation-testing.md)."""
    shutil.rmtree(state.ROOT / "mutants", ignore_errors=True)
    (state.ROOT / "instance").mkdir(exist_ok=True)
    with ExitStack() as started:
        place = Path(started.enter_context(tempfile.TemporaryDirectory(prefix=testing.PREFIX, dir=state.ROOT / "instance")))
        (place / "owner").write_text(str(os.getpid()), "utf-8")
        place.chmod(0o711)
        env = testing.environment(place, started)
        env["TEST_DATABASE_TEMPLATE"] = started.enter_context(migrated(env))
        status = subprocess.run([*MUTMUT, "run", "--max-children", "1", *names], cwd=state.ROOT, env=env, check=False).returncode
    told = subprocess.run([*MUTMUT, "results", "--all", "true"], cwd=state.ROOT, capture_output=True, text=True, check=True).stdout
    print(table(told))
    return status


@contextmanager
def migrated(env: dict[str, str]) -> Iterator[str]:
    """The name of a new database as `init-db` makes it, dropped afterwards."""
    owner, name = make_url(env["MIGRATION_DATABASE_URL"]), f"patchboard_template_{secrets.token_hex(4)}"
    server = create_engine(owner, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        own = {key: make_url(env[key]).set(database=name).render_as_string(hide_password=False)
               for key in ("DATABASE_URL", "MIGRATION_DATABASE_URL")}
        subprocess.run([sys.executable, "-m", "flask", "--app", "wsgi", "init-db"], cwd=state.ROOT, env={**env, **own}, check=True)
        yield name
    finally:
        with server.connect() as connection:
            drop_database(connection, name)


def table(told: str) -> str:
    """The verdicts of `mutmut results`, counted for each module; what was not asked for is left out."""
    counts: dict[str, Counter[str]] = {}
    for line in told.splitlines():
        mutant, _, verdict = line.strip().rpartition(": ")
        if mutant and verdict != "not checked":
            counts.setdefault(mutant.partition(".x")[0], Counter())[verdict] += 1
    lines = [f"{module:40} " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(found.items())) for module, found in sorted(counts.items())]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
