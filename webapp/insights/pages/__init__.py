"""Pages of insights."""

from webapp.insights.pages import delivery, measures, sprints  # noqa: F401 (each adds its doors)
from webapp.insights.pages.doors import pages

__all__ = ["pages"]
