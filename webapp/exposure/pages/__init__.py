"""Pages of advisories and exposures: what is out, who is open to it, and what was decided."""

from webapp.exposure.pages import advisories, deciding, findings, statistics, wednesday  # noqa: F401 (each adds its doors)
from webapp.exposure.pages.door import pages

__all__ = ["pages"]
