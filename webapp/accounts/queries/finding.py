"""The one row of a statement, or NotFound."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Select

from webapp.kit.db import db
from webapp.kit.errors import NotFound

Lock = bool | Literal["share"]
"""True: to change the row. "share": to put something below it, so that it cannot be deleted meanwhile."""


def found_row(statement: Select[Any], lock: Lock) -> Any:
    if lock == "share":
        statement = statement.with_for_update(read=True, key_share=True)
    elif lock:
        statement = statement.with_for_update()
    row = db.session.scalar(statement)
    if row is None:
        raise NotFound()
    return row
