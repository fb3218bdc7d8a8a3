"""Doors for machines: at the root what everybody may ask, below `/api/v1/admin` what the operator may."""

from webapp.ops.api.live import live_api
from webapp.ops.api.probes import CHECKS, checks, probes

__all__ = ["CHECKS", "checks", "live_api", "probes"]
