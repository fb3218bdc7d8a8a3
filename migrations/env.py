"""Alembic's environment: migrations run as the owner of the tables (MIGRATION_DATABASE_URL), never as the application's role."""

from __future__ import annotations

import re
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from webapp.kit.db import Base

PARTITION = re.compile(r"_(y\d{4}m\d{2}|default)$")


def include(thing: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    """Partitions belong to their table; they are not models."""
    table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", None)
    return not (reflected and table and PARTITION.search(table))


def run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        return migrate(connection)
    engine = create_engine(current_app.config["MIGRATION_DATABASE_URL"], poolclass=NullPool)
    with engine.connect() as connection:
        migrate(connection)
    return None


def migrate(connection: Any) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, include_object=include, compare_server_default=False)
    with context.begin_transaction():
        context.run_migrations()


run()
