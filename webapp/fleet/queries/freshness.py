"""Whether what makes a site OK is fresh: reported in time *and* judged by data that is not stale.

The one place where that is decided. `status_column` asks here, and every list, filter, count, export and graph asks that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, func, or_, select

from webapp.catalog.models import ProjectFeed, ProjectVerdict
from webapp.catalog.queries.freshness import advisories_are_stale, advisories_stale_since, core_stale_since, is_stale_feed
from webapp.catalog.values.releases import FeedState
from webapp.fleet.models import Installation, Site
from webapp.kit.db import db

MOST = 10
SAME_MOMENT = 32
"""One page asks many statements about one moment; an expression is built once for each."""
RESTS = and_(Installation.valid_to.is_(None), Installation.enabled.is_not(False), Installation.verdict_id == ProjectVerdict.id,
             ProjectVerdict.feed_id == ProjectFeed.id, ProjectFeed.state != FeedState.UNKNOWN)
"""Installations that run, with the feeds that their verdicts rest on."""
RUNS_CURRENT = and_(Site.core_version.is_not(None), Site.core_version.not_like("7.%"))


@lru_cache(maxsize=SAME_MOMENT)
def rests_on_stale(at: datetime) -> ColumnElement[bool]:
    """Whether a site would be OK, but for feeds or advisories that are stale; cheap while none is.

    What concerns all sites is asked first, once a statement; which sites run something of another stale feed, once a statement too.
    """
    return and_(Site.condition == "ok", _is_stale(at))


def _is_stale(at: datetime) -> ColumnElement[bool]:
    of_stale = select(Installation.site_id).where(RESTS, is_stale_feed(at))
    return or_(advisories_are_stale(at), and_(RUNS_CURRENT, core_stale_since(at).is_not(None)), Site.id.in_(of_stale))


@lru_cache(maxsize=SAME_MOMENT)
def stale_since(at: datetime) -> ColumnElement[datetime]:
    """Since when something that a site rests on is stale; at the earliest since it would be OK."""
    first: ScalarSelect[Any] = select(func.min(ProjectFeed.stale_at)).where(
        RESTS, is_stale_feed(at), Installation.site_id == Site.id).correlate(Site).scalar_subquery()
    return func.greatest(Site.condition_since, func.least(advisories_stale_since(at), case((RUNS_CURRENT, core_stale_since(at))), first))


def rests_on_stale_feeds(site_id: UUID, at: datetime) -> bool:
    """The same of one site, whose condition may be another than OK by now."""
    return bool(db.session.scalar(select(_is_stale(at)).select_from(Site).where(Site.id == site_id)))


def find_stale_feeds(site: Site, at: datetime) -> Sequence[Any]:
    """The stale feeds that a site rests on, the oldest first, ten at most: `project` and `fetched_at`."""
    statement = (select(ProjectFeed.project, ProjectFeed.fetched_at).distinct()
                 .where(RESTS, is_stale_feed(at), Installation.site_id == site.id).order_by(ProjectFeed.fetched_at, ProjectFeed.project))
    return db.session.execute(statement.limit(MOST)).all()
