"""Whether release feeds and advisories are fresh enough to call a site OK, as parts of other statements. Only the clock is asked.

What was never had is not stale: no verdict rests on it, and what it would have judged is unknown already.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, func, select

from webapp.catalog.models import AdvisoryFeed, ProjectFeed
from webapp.catalog.values.freshness import IMPORTED, Freshness
from webapp.catalog.values.releases import CORE, AdvisoryOrigin, FeedState, Line

A, F = AdvisoryFeed, ProjectFeed
OF_SERVERS = A.source != IMPORTED
INVENTED = "demo"


def _whole(worst: ColumnElement[Any], imported: ColumnElement[Any]) -> ColumnElement[Any]:
    """One of all servers' times where each was read to its end, or that of the last import: whichever is later."""
    all_read = func.count(A.fetched_at).filter(OF_SERVERS) == len(AdvisoryOrigin)
    return func.greatest(case((all_read, worst)), imported)


AS_OF = _whole(func.min(A.fetched_at).filter(OF_SERVERS), func.max(A.fetched_at).filter(~OF_SERVERS))
STALE_AT = _whole(func.min(A.stale_at).filter(OF_SERVERS), func.max(A.stale_at).filter(~OF_SERVERS))
ANY_READ = func.count(A.fetched_at) > 0
SINCE = func.coalesce(STALE_AT, func.min(A.fetched_at))


def advisories_as_of() -> ScalarSelect[Any]:
    """When the stalest source of advisories was had: null until every server was, or files were imported."""
    return select(AS_OF).scalar_subquery()


def advisories_are_stale(at: datetime) -> ScalarSelect[bool]:
    """Whether the sources as a whole are older than their limit; also where only some of them were ever read to their end."""
    return select(and_(ANY_READ, func.coalesce(at > STALE_AT, True))).scalar_subquery()


def advisories_stale_since(at: datetime) -> ScalarSelect[datetime]:
    """Since when they are; null while they are not."""
    return select(case((and_(ANY_READ, func.coalesce(at > STALE_AT, True)), SINCE))).scalar_subquery()


def is_stale_feed(at: datetime) -> ColumnElement[bool]:
    """Whether a release feed is too old to call anything OK by it."""
    return F.stale_at < at


def core_stale_since(at: datetime) -> ScalarSelect[datetime | None]:
    """Since when the feed of Drupal 8 and later is stale, which nearly every site rests on; null while it is not."""
    return select(F.stale_at).where(F.project == CORE, F.line == Line.CURRENT, is_stale_feed(at)).scalar_subquery()


def freshness_columns(at: datetime) -> list[Any]:
    """What `read_freshness` reads, to be selected beside something else: a few scalars of two small tables."""
    has_releases = and_(F.content_hash.is_not(None), F.state != FeedState.UNKNOWN)

    def of_feeds(what: ColumnElement[Any]) -> ScalarSelect[Any]:
        return select(what).where(has_releases).scalar_subquery()

    stale = F.stale_at < at
    limit: Select[Any] = select(func.max(A.stale_at - A.fetched_at))
    return [
        advisories_as_of().label("advisories_as_of"), advisories_stale_since(at).label("advisories_since"),
        advisories_are_stale(at).label("advisories_stale"), limit.scalar_subquery().label("advisories_limit"),
        of_feeds(func.min(F.fetched_at)).label("releases_as_of"), of_feeds(func.min(F.stale_at).filter(stale)).label("releases_since"),
        of_feeds(func.count().filter(stale)).label("releases_stale"),
        of_feeds(func.max(F.stale_at - F.fetched_at)).label("releases_limit"),
        of_feeds(func.bool_and(F.source == INVENTED)).label("releases_invented")]


def read_freshness(row: Any) -> tuple[Freshness, Freshness]:
    """How fresh advisories and release feeds are, of a row with `freshness_columns`."""
    def limit(found: timedelta | None) -> timedelta | None:
        return found if found is None else timedelta(seconds=round(found.total_seconds()))

    is_invented = bool(row.releases_invented)
    advisories = Freshness(row.advisories_as_of, row.advisories_since, int(bool(row.advisories_stale)), limit(row.advisories_limit),
                           is_invented and row.advisories_as_of is None)
    return advisories, Freshness(row.releases_as_of, row.releases_since, row.releases_stale, limit(row.releases_limit), is_invented)
