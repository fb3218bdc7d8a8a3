"""Lists: one select that starts from what the actor may see, with its sorts, its pages and its cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Subquery, func, literal_column, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from webapp.kit.db import db
from webapp.kit.errors import Invalid

STREAM = 500


class Place(NamedTuple):
    """A row's place in an append-only list: its time, and its id among those of the same time."""

    at: datetime
    key: UUID

    @classmethod
    def read(cls, said: list[str]) -> Place:
        """The place as it was written down in ISO 8601 and hexadecimal."""
        return cls(datetime.fromisoformat(said[0]), UUID(said[1]))


@dataclass(slots=True)
class Listing:
    """A list before it is cut into pages: `statement` without order, `sorts` by the names that a caller may use.

    `tie` makes every order total. `cursor` is the pair of columns (time, id) of an append-only list; only such a list takes
    `cursor=`, whose cost does not grow with depth, newest or oldest first. `shape` turns a row into what the schema dumps;
    `prepare` loads what a whole page of rows needs, in one go.
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

    def order(self, sort: Sequence[str] = ()) -> list[str]:
        """The keys that the list is sorted by: those asked for, or its own."""
        return list(sort) or self.default_sort.split(",")

    def ordered(self, sort: Sequence[str] = ()) -> Select[Any]:
        """The statement in the order that the keys ask for, made total by the tie."""
        keys = self.order(sort)
        falling = self._is_cursors(keys)
        if falling is not None:
            return self._by_place(falling)
        columns: list[ColumnElement[Any]] = []
        for key in keys:
            column = self.sorts[key.removeprefix("-")]
            columns.append(column.desc().nulls_last() if key.startswith("-") else column.asc().nulls_last())
        return self.statement.order_by(*columns, self.tie)

    def _is_cursors(self, keys: Sequence[str]) -> bool | None:
        """Whether these keys are the cursor's own order, falling (True) or rising (False); None for any other order."""
        if self.cursor is None or len(keys) != 1 or self.sorts.get(keys[0].removeprefix("-")) is not self.cursor[0]:
            return None
        return keys[0].startswith("-")

    def _by_place(self, falling: bool) -> Select[Any]:
        """In the cursor's order, which an index has: time and id in one direction, and no word about nulls."""
        assert self.cursor is not None
        return self.statement.order_by(*(column.desc() if falling else column.asc() for column in self.cursor))

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
        keys = self.order(asked["sort"])
        page = Page(rows, total, size, first, sort=keys, by_page=asked["by_page"])
        if self._is_cursors(keys) is not None:
            page.next_place = self._place_of(rows) if first + size < total else None
        page.takes_cursor = self.cursor is not None
        return page

    def _after(self, asked: Mapping[str, Any]) -> Page:
        """The rows after a place. That place may be gone meanwhile; what comes after it is the same."""
        assert self.cursor is not None
        keys = self.order(asked["sort"])
        falling = self._is_cursors(keys)
        if falling is None:
            names = [name for name, column in self.sorts.items() if column is self.cursor[0]]
            own = ", ".join(f"-{name}, {name}" for name in names)
            raise Invalid.at("sort", f"A cursor goes in one order. Allowed with cursor: {own}.")
        statement = self._by_place(falling).limit(asked["limit"] + 1)
        if asked["cursor"]:
            here, there = tuple_(*self.cursor), tuple_(*asked["cursor"])
            statement = statement.where(here < there if falling else here > there)
        found = self.fetch(statement)
        rows = found[: asked["limit"]]
        page = Page(rows, self.count(), asked["limit"], 0, sort=keys, by_page=asked["by_page"], takes_cursor=True)
        page.next_place = self._place_of(rows) if len(found) > len(rows) else None
        page.at_cursor = True
        return page

    def _place_of(self, rows: list[Any]) -> Place | None:
        if not rows or not self.cursor:
            return None
        return Place(*(getattr(rows[-1], column.key) for column in self.cursor))


@dataclass(slots=True)
class Page:
    """Some rows of a list, and where they lie in it."""

    rows: list[Any]
    total: int
    size: int
    first: int
    sort: list[str] = field(default_factory=list)
    by_page: bool = True
    next_place: Place | None = None
    takes_cursor: bool = False
    at_cursor: bool = False

    @property
    def number(self) -> int:
        return self.first // self.size + 1

    @property
    def pages(self) -> int:
        return -(-self.total // self.size)
