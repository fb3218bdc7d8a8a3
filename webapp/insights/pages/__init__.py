"""Pages of insights."""

from webapp.insights.pages import (  # noqa: F401 (each adds its doors)
    delivery,
    developers,
    measures,
    repositories,
    sprints,
    webhooks,
)
from webapp.insights.pages.doors import pages

__all__ = ["pages"]
