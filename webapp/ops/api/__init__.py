"""Doors for machines: at the root what everybody may ask, below `/api/v1/admin` what the operator may."""

from webapp.ops.api.admin import admin
from webapp.ops.api.live import live_api
from webapp.ops.api.probes import probes

__all__ = ["admin", "live_api", "probes"]
