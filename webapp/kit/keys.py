"""Keys of this server for its own proofs, each derived for one purpose, so that none opens what another locks."""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app


def derived(secret: str, purpose: str) -> bytes:
    """The key for one purpose (HMAC-SHA256 of its name under the secret: the extract step of RFC 5869)."""
    return hmac.digest(secret.encode(), f"patchboard {purpose}".encode(), hashlib.sha256)


def audit_keys() -> list[bytes]:
    """The key that signs the audit log, and after it those that did before."""
    config = current_app.config
    secrets = [config["AUDIT_KEY"] or config["SECRET_KEY"], *config["AUDIT_KEYS_BEFORE"]]
    return [derived(secret, "audit log") for secret in secrets]
