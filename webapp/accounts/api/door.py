"""The blueprint that all JSON doors of accounts hang on."""

from __future__ import annotations

from webapp.kit.permissions import Permission
from webapp.kit.web.doors import Doors

P = Permission
api = Doors("accounts", __name__, tag="Accounts")
