"""The blueprint that all JSON doors of advisories and exposures hang on."""

from __future__ import annotations

from webapp.kit.permissions import Permission
from webapp.kit.web.doors import Doors

P = Permission
api = Doors("exposure", __name__, tag="Advisories and exposures")
