"""JSON doors of advisories and exposures."""

from webapp.exposure.api import advisories, findings  # noqa: F401 (each adds its doors)
from webapp.exposure.api.door import api

__all__ = ["api"]
