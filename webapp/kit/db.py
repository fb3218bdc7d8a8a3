"""The database: one session a request or job, walled by organization, with one commit at the edge.

Row-level security reads `patchboard.organizations`, which is set for each transaction (SET LOCAL, so that it is safe behind
PgBouncer): `all`, or a comma list of organization ids, or nothing, which shows nothing. Beside it `patchboard.person` names who asks:
what is one person's alone is shown to nobody else, also where all organizations are open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg2.extras
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, MetaData, TextClause, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from webapp.kit.arrays import send_lists_as_literals
from webapp.kit.clock import now
from webapp.kit.ids import new_id
from webapp.kit.logs import log

psycopg2.extras.register_uuid()
send_lists_as_literals()
ALL = "all"
NOTHING = ""
CANCELLED = "57014"
DATABASE_ERROR = DBAPIError
"""What a failed statement raises; for doors, which know no SQL."""
NOBODY = ""
SET_SCOPE = "SELECT set_config('patchboard.organizations', %s, true), set_config('patchboard.person', %s, true)"
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: DateTime(timezone=True)}


db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False, "autoflush": False})


class Resource:
    """What every resource of the contract has: a UUIDv7, who made and changed it when, and a soft delete."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[UUID | None]
    updated_at: Mapped[datetime] = mapped_column(default=now)
    updated_by: Mapped[UUID | None]
    deleted_at: Mapped[datetime | None]

    @property
    def is_active(self) -> bool:
        return self.deleted_at is None


@event.listens_for(Base, "init", propagate=True)
def _name(target: Any, args: Any, values: dict[str, Any]) -> None:
    """A resource has its id from the start, so that the audit row of its creation can name it."""
    if isinstance(target, Resource):
        values.setdefault("id", new_id())


@event.listens_for(Session, "after_begin")
def _wall(session: Session, transaction: Any, connection: Any) -> None:
    connection.exec_driver_sql(SET_SCOPE, (session.info.get("scope", NOTHING), session.info.get("person", NOBODY)))


def scope_of(organizations: Iterable[UUID] | None) -> str:
    """The value of the wall for these organizations; None for all."""
    return ALL if organizations is None else ",".join(sorted(str(each) for each in organizations))


def enter_scope(scope: str, person: str = NOBODY) -> None:
    """Walls this session's transactions, the running one included, to `scope` and to what is this person's (an id) alone."""
    session = db.session()
    if present_scope() == (scope, person):
        return
    session.info["scope"], session.info["person"] = scope, person
    if session.in_transaction():
        session.connection().exec_driver_sql(SET_SCOPE, (scope, person))


def present_scope() -> tuple[str, str]:
    """What this session is walled to: organizations, and a person or nobody."""
    info = db.session().info
    return info.get("scope", NOTHING), info.get("person", NOBODY)


@contextmanager
def beyond_walls() -> Iterator[None]:
    """Sees all organizations for a moment: for rules about a whole person, whose other memberships the actor may not see."""
    scope, person = present_scope()
    enter_scope(ALL, person)
    try:
        yield
    finally:
        enter_scope(scope, person)


def before_commit(effect: Callable[[], object]) -> None:
    """Runs `effect` when everything is written and the commit is next; never when there is none."""
    db.session().info.setdefault("before", []).append(effect)


def after_commit(effect: Callable[[], None]) -> None:
    """Runs `effect` once the transaction is committed; never when it is not."""
    db.session().info.setdefault("effects", []).append(effect)


def after_rollback(effect: Callable[[], None]) -> None:
    """Runs `effect` should this transaction be rolled back: undoes what was done outside of the database for it."""
    db.session().info.setdefault("undo", []).append(effect)


def regardless(write: Callable[[], None]) -> None:
    """Writes something small in this transaction, and again in one of its own should this one be rolled back."""
    write()
    db.session().info.setdefault("regardless", []).append(write)


def commit() -> None:
    """Commits, then runs the effects that waited for it."""
    session = db.session()
    session.flush()
    for effect in session.info.pop("before", []):
        effect()
    session.commit()
    session.info.pop("regardless", None)
    session.info.pop("undo", None)
    for effect in session.info.pop("effects", []):
        effect()


def rollback() -> None:
    """Rolls back and forgets the effects that waited for the commit; what is to be written regardless is written."""
    session = db.session()
    session.rollback()
    session.info.pop("effects", None)
    session.info.pop("before", None)
    for undo in session.info.pop("undo", []):
        undo()
    writes = session.info.pop("regardless", [])
    if not writes:
        return
    try:
        for write in writes:
            write()
        session.commit()
    except SQLAlchemyError as problem:  # the database may be why there is a rollback at all
        log().warning("not_written", kind=type(problem).__name__)
        session.rollback()


@contextmanager
def unit_of_work(scope: str | None = None) -> Iterator[Session]:
    """One transaction: committed at the end, rolled back when anything is raised. For jobs and commands; doors have their own."""
    if scope is not None:
        enter_scope(scope)
    try:
        yield db.session()
        commit()
    except BaseException:
        rollback()
        raise


def limit_statements(seconds: float) -> None:
    """Lets no statement of this transaction take longer than that (QueryCanceled, 57014)."""
    execute(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")


def was_cancelled(problem: BaseException) -> bool:
    """Whether a statement was stopped because it took too long."""
    return getattr(getattr(problem, "orig", None), "pgcode", None) == CANCELLED


def rows(statement: str, **values: Any) -> list[Any]:
    """The rows of a textual statement, each with named columns."""
    return list(db.session.connection().execute(parsed(statement), values).all())


def execute(statement: str, **values: Any) -> int:
    """Runs a textual statement and tells how many rows it touched."""
    return int(db.session.connection().execute(parsed(statement), values).rowcount)


@lru_cache(maxsize=1024)
def parsed(statement: str) -> TextClause:
    """A textual statement, its parameters found once: there are few statements, and each is sent often."""
    return text(statement)
