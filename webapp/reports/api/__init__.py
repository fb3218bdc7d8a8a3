"""JSON doors of reports: live and built ones, and their schedules."""

from webapp.reports.api import built, schedules  # noqa: F401 (each adds its doors)
from webapp.reports.api.built import attachment
from webapp.reports.api.door import api

__all__ = ["api", "attachment"]
