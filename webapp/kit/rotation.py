"""`flask --app wsgi rotate-secrets`: every secret at rest under the first of ENCRYPTION_KEYS.

Batch by batch, each a transaction of its own: it may be stopped and begun again, and a second run finds nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass

import click
from flask.cli import with_appcontext
from sqlalchemy import Column, Table, Text, select, tuple_, type_coerce, update

from webapp.kit.db import ALL, Base, db, unit_of_work
from webapp.kit.secrets import EncryptedText, SecretUnreadable, keyring

BATCH = 500


@dataclass(slots=True)
class Rotated:
    """What became of the secrets of one column: under the first key now, there before, and readable with no key."""

    changed: int = 0
    kept: int = 0
    unreadable: int = 0


def encrypted_columns() -> list[Column[str]]:
    """Every column that is kept encrypted, in every table."""
    return [column for table in Base.metadata.sorted_tables for column in table.columns if isinstance(column.type, EncryptedText)]


def rotate(column: Column[str], batch: int = BATCH) -> Rotated:
    """Puts the secrets of one column under the first key, `batch` rows a transaction, in the order of the primary key."""
    done, after = Rotated(), None
    while True:
        with unit_of_work(ALL):
            after = _rotate_batch(column, after, batch, done)
        if after is None:
            return done


def _rotate_batch(column: Column[str], after: tuple[object, ...] | None, batch: int, done: Rotated) -> tuple[object, ...] | None:
    """The primary key of the last row of the batch; None when there is no further one."""
    table = column.table
    assert isinstance(table, Table)
    keys = list(table.primary_key.columns)
    raw = type_coerce(column, Text)
    statement = select(*keys, raw.label("token")).where(column.is_not(None)).order_by(*keys).limit(batch).with_for_update()
    if after is not None:
        statement = statement.where(tuple_(*keys) > tuple_(*after))
    found = db.session.execute(statement).all()
    for row in found:
        token = _renewed(row.token, done)
        if token is not None:
            here = [key == value for key, value in zip(keys, row, strict=False)]
            db.session.execute(update(table).where(*here).values({column: type_coerce(token, Text)}))
    return tuple(found[-1][: len(keys)]) if len(found) == batch else None


def _renewed(token: str, done: Rotated) -> str | None:
    try:
        renewed = keyring().renewed(token)
    except SecretUnreadable:
        done.unreadable += 1
        return None
    if renewed is None:
        done.kept += 1
    else:
        done.changed += 1
    return renewed


@click.command("rotate-secrets")
@with_appcontext
def rotate_secrets() -> None:
    """Encrypts every secret at rest anew with the first of ENCRYPTION_KEYS; safe to repeat and to interrupt."""
    unreadable = 0
    for column in encrypted_columns():
        done = rotate(column)
        unreadable += done.unreadable
        said = f", {done.unreadable} readable with no key" if done.unreadable else ""
        click.echo(f"{column.table.name}.{column.name}: {done.changed} encrypted anew, {done.kept} already were{said}.")
    if unreadable:
        raise click.ClickException("Some secrets are under a key that is not among ENCRYPTION_KEYS. They were left as they are.")
