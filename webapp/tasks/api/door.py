"""The blueprint that all JSON doors of tasks hang on."""

from __future__ import annotations

from webapp.kit.permissions import Permission
from webapp.kit.web.doors import Doors

P = Permission
api = Doors("tasks", __name__, tag="Tasks")
