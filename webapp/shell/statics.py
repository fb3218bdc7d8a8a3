"""Addresses of static files that change with their content: a browser may keep them and never has an old one."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import current_app, g, has_request_context, request


def static_url(path: str) -> str:
    """The address of a file below static/, with a hash of its content; without one while the file is missing.

    Found once a request: a page has an icon in every row, and all icons are in one file.
    """
    if not has_request_context():
        return _address("", path)
    known: dict[str, str] = g.setdefault("static_urls", {})
    if path not in known:
        known[path] = _address(request.script_root, path)
    return known[path]


def _address(root: str, path: str) -> str:
    file = Path(current_app.static_folder or "") / path
    try:
        changed = file.stat().st_mtime_ns
    except FileNotFoundError:
        return f"{root}/static/{path}"
    return f"{root}/static/{path}?v={content_hash(file, changed)}"


@lru_cache(maxsize=256)
def content_hash(file: Path, changed: int) -> str:
    """Ten letters for the content of a file; `changed` is its time of change, so that an edited file is read again."""
    return hashlib.blake2b(file.read_bytes(), digest_size=5).hexdigest()
