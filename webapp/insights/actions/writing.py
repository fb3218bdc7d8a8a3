"""Facts written many at once: rows as arrays of columns, one statement however many, and what of them was new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from webapp.kit.db import rows


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of facts that were told: how many came, and how many were new, changed something, or were known already."""

    received: int = 0
    added: int = 0
    changed: int = 0

    @property
    def unchanged(self) -> int:
        return self.received - self.added - self.changed

    @property
    def is_news(self) -> bool:
        return bool(self.added or self.changed)


def upsert(table: str, columns: Mapping[str, str], key: Sequence[str], updates: Mapping[str, str],
           told: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Inserts rows, or where `key` is taken sets `updates` (`{column: expression}` of `old` and `new`) if that changes anything.

    `columns` are names with their types. Gives back (id, is_new) and the key of each row that was written; the others were known.
    """
    names = ", ".join(columns)
    shape = ", ".join(f"{name} {'jsonb' if kind.endswith('[]') else kind}" for name, kind in columns.items())
    taken = ", ".join(_out(name, kind) for name, kind in columns.items())
    sets = {name: said.replace("old.", f"{table}.").replace("new.", "excluded.") for name, said in updates.items()}
    differs = f"({', '.join(f'{table}.{name}' for name in sets)}) IS DISTINCT FROM ({', '.join(sets.values())})"
    stamps = ", updated_at = excluded.updated_at" if "updated_at" in columns else ""
    taking = f"INSERT INTO {table} ({names}) SELECT {taken} FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS told ({shape})"  # noqa: S608
    setting = f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(f'{name} = {said}' for name, said in sets.items())}{stamps}"
    statement = f"{taking}{setting} WHERE {differs} RETURNING id, {', '.join(key)}, xmax = 0 AS is_new"
    return rows(statement, told=orjson.dumps(list(told), default=str).decode())


def _out(name: str, kind: str) -> str:
    return f"ARRAY(SELECT jsonb_array_elements_text(told.{name}))" if kind.endswith("[]") else f"told.{name}"
