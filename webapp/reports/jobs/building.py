"""Building a report: all its formats in one pass, from one snapshot of the database, within what its owner may see.

Files are written where nobody sees them, and put into the storage whole; then, in one transaction, the report is done.
Whatever happens before leaves no file behind.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import InterfaceError, OperationalError
from xlsxwriter.exceptions import XlsxWriterException

from webapp.kit.clock import now
from webapp.kit.db import ALL, db, enter_scope, scope_of, unit_of_work
from webapp.kit.jobs import Superseded
from webapp.kit.logs import log
from webapp.kit.storage import Storage, StorageDown
from webapp.reports import actions
from webapp.reports.formats import SINKS, HashedFile, Head, Sink
from webapp.reports.formats.pdf import NotPrintable
from webapp.reports.policy import reader_of
from webapp.reports.queries.names import facts_of
from webapp.reports.shelf import KINDS
from webapp.reports.values import Built, BuiltFile, Format, Order, clear, folder_of, remove_files

SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
EVERY = 0.5
FULL = (errno.ENOSPC, errno.EDQUOT)
ROWS_FROM, ROWS_TO = 5, 90
T = TypeVar("T")


class Tally:
    """How many rows were written; said of a build that fails."""

    def __init__(self) -> None:
        self.rows = 0


def build_report(report_id: UUID, attempt: int, storage: Storage) -> None:
    """Builds a report, unless it was cancelled or a newer builder is at it; a failure is written down as a sentence.

    A database or a storage that is away is raised: the job is done again.
    """
    order = apart(actions.begin, report_id, attempt, now())
    if order is None:
        return
    tally = Tally()
    try:
        built = write_files(order, storage, tally)
    except Superseded:
        clear(storage, folder_of(report_id, attempt))
        log().info("report_superseded", report_id=str(report_id), attempt=attempt)
    except (OperationalError, InterfaceError, StorageDown):
        clear(storage, folder_of(report_id, attempt))
        raise
    except Exception as problem:
        clear(storage, folder_of(report_id, attempt))
        log().error("report_failed", report_id=str(report_id), attempt=attempt, rows=tally.rows, exc_info=problem)
        apart(actions.fail, order, sentence_of(problem, tally.rows), now())
    else:
        hand_in(order, built, storage)


def hand_in(order: Order, built: Built, storage: Storage) -> None:
    """Makes the report done and removes what other attempts have left; or its own files when it comes too late."""
    try:
        apart(actions.finish, order, built, now())
    except Superseded:
        clear(storage, folder_of(order.report_id, order.attempt))
        log().info("report_superseded", report_id=str(order.report_id), attempt=order.attempt)
    else:
        remove_files(storage, order.report_id, keep=order.attempt)


def sentence_of(problem: Exception, rows: int) -> str:
    """Why a report failed, for people, with nothing internal in it."""
    if isinstance(problem, NotPrintable):
        return f"{problem} Ask for the other formats."
    cause = problem.args[0] if isinstance(problem, XlsxWriterException) and problem.args else problem
    if isinstance(cause, OSError) and cause.errno in FULL:
        return f"The disk for reports was full after {rows:,} rows. Nothing was kept."
    if isinstance(cause, OSError):
        return f"The files could not be written after {rows:,} rows. Nothing was kept."
    return f"Building stopped after {rows:,} rows because of an error on our side. Nothing was kept."


def apart(verb: Callable[..., T], *arguments: Any) -> T:
    """Calls a verb in a transaction of its own, beside the snapshot."""
    with current_app.app_context(), unit_of_work(ALL):
        return verb(*arguments)


@contextmanager
def snapshot(order: Order) -> Iterator[datetime]:
    """One read-only view of the database that stays as it is, walled to what the owner may see; gives its time."""
    with current_app.app_context():
        enter_scope(scope_of(order.view))
        db.session.connection(execution_options=SNAPSHOT)
        yield db.session.scalars(select(func.now())).one()
        db.session.rollback()


def write_files(order: Order, storage: Storage, tally: Tally) -> Built:
    """Writes all formats of a report in one pass over its rows."""
    with storage.making() as folder, ExitStack() as stack, snapshot(order) as at:
        files = {form: stack.enter_context(HashedFile(folder / f"{form}.part")) for form in order.formats}
        sinks = [SINKS[form](file, folder) for form, file in files.items()]
        write_rows(order, sinks, at, tally)
        for sink in sinks:
            apart(actions.note_progress, order, ROWS_TO + 2, sink.stage, tally.rows, at, now())
            sink.finish()
        finished = [settled(order, form, file, storage, at) for form, file in files.items()]
        return Built(tuple(finished), tally.rows, at)


def write_rows(order: Order, sinks: list[Sink], at: datetime, tally: Tally) -> None:
    """Sends the summary and every row to all sinks, and says how far it is, twice a second at most."""
    kind, reader = KINDS[order.kind], reader_of(order)
    asked = kind.parameters().load(order.parameters)
    head = head_of(order, at)
    total, said = kind.count(reader, asked, at), 0.0
    pause = current_app.config["REPORT_BUILD_PAUSE_MS"] / 1000
    for sink in sinks:
        sink.begin(head)
    for row in kind.rows(reader, asked, at):
        for sink in sinks:
            sink.write(row)
        tally.rows += 1
        if time.monotonic() - said >= EVERY:
            share = ROWS_FROM + (ROWS_TO - ROWS_FROM) * tally.rows // max(total, tally.rows)
            apart(actions.note_progress, order, share, "Writing rows", tally.rows, at, now())
            said = time.monotonic()
        if pause:
            time.sleep(pause)


def head_of(order: Order, at: datetime) -> Head:
    """What stands before the rows."""
    kind, reader = KINDS[order.kind], reader_of(order)
    asked = kind.parameters().load(order.parameters)
    summary = kind.summary(reader, asked, at)
    return Head(order.kind, order.title, kind.columns_of(asked), order.parameters, at, summary, facts_of(reader, order),
                kind.sections(summary), kind.printed_of(asked), order.brand)


def settled(order: Order, form: Format, file: HashedFile, storage: Storage, at: datetime) -> BuiltFile:
    """Puts a finished file into the storage, under its name."""
    file.close()
    key = f"{folder_of(order.report_id, order.attempt)}/{order.kind.replace('_', '-')}-{at:%Y-%m-%d}.{form}"
    storage.take(key, file.path)
    return BuiltFile(form, key, file.size, file.hash.hexdigest())
