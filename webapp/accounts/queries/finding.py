"""The one row of a statement, or NotFound."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from webapp.kit.db import db
from webapp.kit.errors import NotFound


def found_row(statement: Select[Any], lock: bool) -> Any:
    row = db.session.scalar(statement.with_for_update() if lock else statement)
    if row is None:
        raise NotFound()
    return row
