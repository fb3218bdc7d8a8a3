"""Where files are kept: a directory that the web and the workers share."""

from __future__ import annotations

from pathlib import Path

from flask import current_app


def storage() -> Path:
    """The storage directory of this application."""
    return Path(current_app.config["STORAGE_DIR"]).resolve()
