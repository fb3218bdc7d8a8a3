"""Lists: one select that starts from what the actor may see, with its sorts, its pages and its cursor."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, Subquery, func, literal_column, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from webapp.kit.db import db
from webapp.kit.errors import Invalid

STREAM = 500


@dataclass(slots=True)
class Listing:
    """A list before it is cut into pages: `statement` without order, `sorts` by the names that a caller may use.

    `tie` makes every order total. `cursor` is the pair of columns (time, id) of an append-only list, newest first; only such
    a list takes `cursor=`, whose cost does not grow with depth. `shape` turns a row into what the schema dumps; `prepare`
    loads what a whole page of rows needs, in one go.
    """

    statement: Select[Any]
    sorts: Mapping[str, Any]
    default_sort: str
    tie: Any
    cursor: tuple[Any, Any] | None = None
    shape: Callable[[Any], Any] = lambda row: row[0]
    prepare: Callable[[list[Any]], list[Any]] | None = None

    def count(self) -> int:
        """How many rows there are in all."""
        return int(db.session.scalar(select(func.count()).select_from(self.only())) or 0)

    def only(self, *names: str) -> Subquery:
        """The rows without order and with these columns alone, by name; with none, rows to be counted.

        A subquery of a whole table costs more to build than to run.
        """
        every = self.statement.selected_columns
        columns = [every[name].label(name) for name in names] or [literal_column("1").label("one")]
        return self.statement.order_by(None).with_only_columns(*columns, maintain_column_froms=True).subquery()

    def ordered(self, sort: Sequence[str] = ()) -> Select[Any]:
        """The statement in the order that the keys ask for, made total by the tie."""
        columns: list[ColumnElement[Any]] = []
        for key in sort or self.default_sort.split(","):
            column = self.sorts[key.removeprefix("-")]
            columns.append(column.desc().nulls_last() if key.startswith("-") else column.asc().nulls_last())
        return self.statement.order_by(*columns, self.tie)

    def fetch(self, statement: Select[Any]) -> list[Any]:
        found = [self.shape(row) for row in db.session.execute(statement)]
        return self.prepare(found) if self.prepare else found

    def all(self, sort: Sequence[str] = ()) -> list[Any]:
        """Every row; for lists that are small by nature."""
        return self.fetch(self.ordered(sort))

    def stream(self, sort: Sequence[str] = ()) -> Iterator[Any]:
        """Every row, fetched in portions, so that memory stays the same however long the list is."""
        statement = self.ordered(sort).execution_options(yield_per=STREAM)
        for portion in db.session.execute(statement).partitions():
            found = [self.shape(row) for row in portion]
            yield from self.prepare(found) if self.prepare else found

    def page(self, asked: Mapping[str, Any]) -> Page:
        """The part of the list that `asked` (a loaded ListQuery) names."""
        if asked.get("cursor") is not None:
            return self._after(asked)
        size, first = asked["limit"], asked["skip"]
        total = self.count()
        rows = self.fetch(self.ordered(asked["sort"]).limit(size).offset(first)) if first < total else []
        page = Page(rows, total, size, first, sort=list(asked["sort"]) or self.default_sort.split(","), by_page=asked["by_page"])
        if self.cursor and not asked["sort"]:
            page.next_cursor = self._cursor_after(rows) if first + size < total else None
        page.takes_cursor = self.cursor is not None
        return page

    def _after(self, asked: Mapping[str, Any]) -> Page:
        assert self.cursor is not None
        at, key = self.cursor
        statement = self.statement.order_by(at.desc(), key.desc()).limit(asked["limit"] + 1)
        if asked["cursor"]:
            statement = statement.where(tuple_(at, key) < tuple_(*read_cursor(asked["cursor"])))
        found = self.fetch(statement)
        rows = found[: asked["limit"]]
        page = Page(rows, self.count(), asked["limit"], 0, sort=[], by_page=asked["by_page"], takes_cursor=True)
        page.next_cursor = self._cursor_after(rows) if len(found) > len(rows) else None
        page.at_cursor = True
        return page

    def _cursor_after(self, rows: list[Any]) -> str | None:
        if not rows or not self.cursor:
            return None
        last = rows[-1]
        value = [getattr(last, self.cursor[0].key).isoformat(), str(getattr(last, self.cursor[1].key))]
        return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime, UUID]:
    """The place that a cursor names; Invalid for anything that is not one."""
    try:
        at, key = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return datetime.fromisoformat(at), UUID(key)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        raise Invalid.at("cursor", "This is not a cursor of this list.") from None


@dataclass(slots=True)
class Page:
    """Some rows of a list, and where they lie in it."""

    rows: list[Any]
    total: int
    size: int
    first: int
    sort: list[str] = field(default_factory=list)
    by_page: bool = True
    next_cursor: str | None = None
    takes_cursor: bool = False
    at_cursor: bool = False

    @property
    def number(self) -> int:
        return self.first // self.size + 1

    @property
    def pages(self) -> int:
        return -(-self.total // self.size)
