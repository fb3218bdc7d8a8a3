"""The blueprint that all pages of accounts hang on."""

from __future__ import annotations

from webapp.kit.web.doors import Doors

pages = Doors("accounts_pages", __name__, is_page=True)
