"""The blueprint that all pages of tasks hang on."""

from __future__ import annotations

from webapp.kit.permissions import Permission
from webapp.kit.web.doors import Doors

P = Permission
pages = Doors("tasks_pages", __name__, is_page=True)
