"""How an installed version stands, by the rules of Drupal core and of drupal.org. Pure functions: no database, no request, no clock."""

from webapp.catalog.values.releases import Line, ReleaseFeed, Verdict
from webapp.catalog.verdicts import seven
from webapp.catalog.verdicts.update_status import calculate as calculate_current


def calculate(feed: ReleaseFeed | None, installed: str | None, datestamp: int | None = None) -> Verdict:
    """How the installed version stands by this feed; None for a feed that could not be read or is empty.

    `datestamp` (seconds since 1970) is when an installed development version was made.
    """
    work = seven.calculate if feed is not None and feed.line is Line.SEVEN else calculate_current
    return work(feed, installed, datestamp)


__all__ = ["calculate"]
