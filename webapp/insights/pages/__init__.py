"""Pages of insights."""

from webapp.insights.pages.doors import pages

__all__ = ["pages"]
