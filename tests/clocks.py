"""Days that last as long as a test."""

from __future__ import annotations

import time
from datetime import timedelta

from webapp.kit.clock import now


def within_one_day(seconds: float = 30) -> None:
    """Waits for the next day (UTC) where this one ends within so many seconds: for what is counted by day."""
    left = (now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0) - now()
    if left < timedelta(seconds=seconds):
        time.sleep(left.total_seconds() + 0.1)
