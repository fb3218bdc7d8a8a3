"""Counting the statements that a call costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event


def statements(app: Any, call: Callable[[], object]) -> int:
    """How many statements the application sends to the database during a call."""
    return len(listed(app, call))


def listed(app: Any, call: Callable[[], object]) -> list[str]:
    """The statements that the application sends to the database during a call, in their order."""
    from webapp.kit.db import db

    seen: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        call()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return seen
