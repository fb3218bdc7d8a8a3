"""The blueprint that all pages of notifications hang on."""

from __future__ import annotations

from webapp.kit.web.doors import Doors

pages = Doors("notify_pages", __name__, is_page=True)
