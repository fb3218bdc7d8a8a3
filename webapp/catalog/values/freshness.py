"""How long what the world publishes may be believed: when it is asked for anew, and when it is too old to call anything OK."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

INTERVAL, STALE_AFTER = timedelta(hours=6), timedelta(hours=24)
IMPORTED = "import"
"""The source of advisories that came from files, beside the servers."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a feed is good for: asked for anew after `interval`, and past `stale_after` no reason to call a site OK.

    None is for what does not age: the demo's own feeds, whose world stands still.
    """

    interval: timedelta = INTERVAL
    stale_after: timedelta | None = STALE_AFTER

    def stale_at(self, at: datetime) -> datetime | None:
        """When what is had at this moment is stale."""
        return None if self.stale_after is None else at + self.stale_after


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh release feeds or advisories are, all in all.

    `as_of` is when the stalest was had (None: not all, or never), `since` from when on something is stale, `stale` how many are
    (of advisories 1 stands for all sources together), `limit` the age that is stale, `is_invented` whether they are the demo's.
    """

    as_of: datetime | None = None
    since: datetime | None = None
    stale: int = 0
    limit: timedelta | None = None
    is_invented: bool = False

    @property
    def is_stale(self) -> bool:
        return self.stale > 0
