"""The blueprint that all JSON doors of notifications hang on."""

from __future__ import annotations

from webapp.kit.permissions import Permission
from webapp.kit.web.doors import Doors

P = Permission
api = Doors("notify", __name__, tag="Notifications")
