"""What every page says of feeds that are stale, or were never had: since when, what may not be concluded, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.catalog.values.freshness import Freshness

NEVER = "Release feeds and advisories were never fetched."
BY_WORD = "What is known of updates is what the sites say themselves."
INVENTED = "This is the demo: its release feeds and advisories are invented."
HOW = "A server with FEEDS_ENABLED=true fetches those of Drupal.org."
WITHOUT_ADVISORIES = "Advisories were never fetched."
UNSEEN = "Sites are judged by their releases alone: nothing is known of what they are open to."


@dataclass(frozen=True, slots=True)
class Notice:
    """One bar: its first words, since when (None: there is no such moment), what follows, and where an operator goes on."""

    title: str
    text: str
    since: datetime | None = None
    link: str | None = None
    is_warning: bool = True


def notice_of(advisories: Freshness, releases: Freshness, *, may_operate: bool, on_overview: bool) -> Notice | None:
    """The bar for feeds that are as fresh as this; None where there is nothing to say."""
    link = "/admin/feeds" if may_operate else None
    if advisories.is_stale or releases.is_stale:
        return _stale(advisories, releases, link)
    if releases.is_invented:
        return Notice(INVENTED, HOW, is_warning=False) if on_overview else None
    if releases.as_of is None and advisories.as_of is None:
        return Notice(NEVER, BY_WORD, link=link, is_warning=False)
    if advisories.as_of is None:
        return Notice(WITHOUT_ADVISORIES, UNSEEN, link=link, is_warning=False)
    return None


def _stale(advisories: Freshness, releases: Freshness, link: str | None) -> Notice:
    parts = ["advisories"] if advisories.is_stale else []
    if releases.is_stale:
        parts.append("1 release feed" if releases.stale == 1 else f"{releases.stale:,} release feeds")
    many = advisories.is_stale or releases.stale != 1
    what = " and ".join(parts)
    limits = [each.limit for each in (advisories, releases) if each.is_stale and each.limit]
    since = min((each.since for each in (advisories, releases) if each.is_stale and each.since), default=None)
    is_part = advisories.is_stale and advisories.as_of is None
    older = "not all of their sources were ever read to the end" if is_part or not limits else f"older than {_words(max(limits))}"
    todo = "See why under Feeds." if link else "Whoever operates this server can see why under Feeds."
    return Notice(f"{what[0].upper()}{what[1:]} {'have' if many else 'has'} been stale",
                  f"{older}. Sites that would be OK by {'them' if many else 'it'} are unknown until {'they are' if many else 'it is'} "
                  f"fetched again. {todo}", since, link)


def _words(limit: timedelta) -> str:
    hours = round(limit.total_seconds() / 3600)
    return f"{hours // 24} days" if hours % 24 == 0 and hours > 24 else f"{hours} {'hour' if hours == 1 else 'hours'}"
