"""JSON doors of insights."""

from webapp.insights.api import repositories  # noqa: F401 (each adds its doors)
from webapp.insights.api.door import api

__all__ = ["api"]
