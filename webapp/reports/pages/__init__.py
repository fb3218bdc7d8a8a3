"""Pages of reports: those that were built and the form for a new one, and what the same figures are now."""

from webapp.reports.pages import built, live, schedules
from webapp.reports.pages.door import pages

__all__ = ["built", "live", "pages", "schedules"]
