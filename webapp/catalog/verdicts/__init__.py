"""How an installed version stands, by the rules of Drupal core and of drupal.org. Pure functions: no database, no request, no clock."""

from webapp.catalog.values.releases import Line, ReleaseFeed, Verdict
from webapp.catalog.verdicts import seven
from webapp.catalog.verdicts.update_status import calculate as calculate_current
from webapp.catalog.verdicts.update_status import install_type


def calculate(feed: ReleaseFeed | None, installed: str | None, datestamp: int | None = None) -> Verdict:
    """How the installed version stands by this feed; None for a feed that could not be read or is empty.

    `datestamp` (seconds since 1970) is when an installed development version was made.
    """
    work = seven.calculate if feed is not None and feed.line is Line.SEVEN else calculate_current
    return work(feed, installed, datestamp)


def is_development(installed: str | None) -> bool:
    """Whether core takes a version for a development snapshot, which it judges by date."""
    return install_type(installed) == "dev"


__all__ = ["calculate", "is_development"]
