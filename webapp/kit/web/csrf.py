"""CSRF: whoever is known by a cookie must send the token too; tokens and API keys are no cookies."""

from __future__ import annotations

from flask import Flask, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from wtforms import ValidationError

from webapp.kit.errors import PermissionDenied

protection = CSRFProtect()
SAFE = ("GET", "HEAD", "OPTIONS")


def register_csrf(app: Flask) -> None:
    protection.init_app(app)


def check() -> None:
    """Refuses a changing request that came with a cookie, or a page's form, and without the token."""
    by_token = g.actor.is_known and not g.get("by_cookie")
    is_page = not request.path.startswith("/api/")
    if request.method in SAFE or by_token or not (g.get("by_cookie") or is_page):
        return
    try:
        protection.protect()
    except (CSRFError, ValidationError):
        raise PermissionDenied("The form is too old or came from elsewhere. Load the page again.", code="csrf_failed") from None
