"""JSON doors of insights."""

from webapp.insights.api import analytics, delivery, developers, planning, repositories, webhooks  # noqa: F401 (each adds its doors)
from webapp.insights.api.door import api
from webapp.insights.api.receiving import hooks_api

__all__ = ["api", "hooks_api"]
