"""Where this checkout keeps what it makes while it runs, and how other processes learn the addresses."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from webapp.kit.local import processes
from webapp.kit.local.errors import CannotStart

ROOT = Path(__file__).resolve().parents[3]
INSTANCE = ROOT / "instance"
HOW_TO_START = "start with `make run`, or set DATABASE_URL and REDIS_URL"


def secret_key(instance: Path = INSTANCE) -> str:
    """The key that signs this instance's sessions and tokens; made once, kept in `instance/secret_key` (0600)."""
    path = instance / "secret_key"
    if not path.exists():
        processes.write_private(path, secrets.token_urlsafe(48))
    return path.read_text("utf-8").strip()


def remember(addresses: dict[str, str], instance: Path = INSTANCE) -> None:
    """Keeps the addresses (they hold passwords) in `instance/local.json`, 0600."""
    processes.write_private(instance / "local.json", json.dumps(addresses, indent=1))


def addresses(instance: Path = INSTANCE) -> dict[str, str]:
    """DATABASE_URL, MIGRATION_DATABASE_URL, REDIS_URL and SECRET_KEY of the servers that run on this machine.

    Starts nothing; raises CannotStart with what to do where none is running.
    """
    path = instance / "local.json"
    if not path.exists():
        raise CannotStart(f"There is no database yet: {HOW_TO_START}.")
    known = {str(name): str(value) for name, value in json.loads(path.read_text("utf-8")).items()}
    for name in ("DATABASE_URL", "REDIS_URL"):
        place = urlsplit(known[name])
        if place.hostname == processes.LOOPBACK and not processes.answers(place.port or 0):
            raise CannotStart(f"The database is not running: {HOW_TO_START}.")
    return known
