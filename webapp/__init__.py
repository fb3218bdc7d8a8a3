"""Patchboard: which Drupal sites are exposed to what, since when, who is patching, and whether the deadline will be met."""

from __future__ import annotations

from typing import Any

from flask import Flask


def create_app(overrides: dict[str, Any] | None = None) -> Flask:
    """The application, from the environment; `overrides` are for tests."""
    from webapp.assembly import assemble

    return assemble(overrides or {})
