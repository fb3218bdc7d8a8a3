"""Databases that tests make and drop."""

from __future__ import annotations

import time

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError


def drop_database(connection: Connection, name: str, seconds: float = 60) -> None:
    """Drops a database whoever is in it.

    Its owner may end clients (FORCE), but not PostgreSQL's own vacuum; that makes way for a drop without force, which clients do not.
    """
    until, force = time.monotonic() + seconds, True
    while True:
        try:
            connection.execute(text(f"DROP DATABASE {name}" + " WITH (FORCE)" * force))
        except DBAPIError:
            if time.monotonic() > until:
                raise
            force = not force
        else:
            return
