"""What the application sends to the database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from sqlalchemy import event

from webapp.accounts import identity


@contextmanager
def listed(app: Any) -> Iterator[list[str]]:
    """The statements that this thread sends while this lasts, in their order.

    How many they are must not depend on how long a test takes: that somebody was seen, which is noted once a minute, is not noted here.
    """
    from webapp.kit.db import db

    found, here = [], threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() == here:
            found.append(" ".join(statement.split()))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        with patch.object(identity, "SEEN_EVERY", timedelta(days=1)):
            yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def statements(app: Any, call: Callable[[], object]) -> int:
    """How many statements the application sends during a call."""
    with listed(app) as found:
        call()
    return len(found)
