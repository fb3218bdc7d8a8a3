"""Secrets at rest: text columns that are kept encrypted, and the keys they are encrypted with.

The first key encrypts, all of them decrypt (Fernet: AES-128-CBC with HMAC-SHA-256). A key that is not given is derived from
SECRET_KEY, and that one goes on decrypting once others are given, so that nothing has to be re-encrypted in one moment.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app
from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from webapp.kit.errors import PatchboardError

GIVEN, DERIVED = b"patchboard encryption key", b"patchboard encryption key of the server's secret"
NAME = "patchboard_keyring"


class SecretUnreadable(PatchboardError):
    """A secret that none of the keys decrypts: its key was taken away before `rotate-secrets` was run."""

    message = "A secret of this server cannot be read with its present keys. Whoever runs the server has to give the former key back."


class Keyring:
    """The keys of one server: `given` ones (the first encrypts), then the one derived from the server's secret."""

    def __init__(self, given: Sequence[str], server_key: str) -> None:
        keys = [_fernet(key, GIVEN) for key in given] + [_fernet(server_key, DERIVED)]
        self._first, self._all = keys[0], MultiFernet(keys)

    def encrypt(self, text: str) -> str:
        """The text as it is kept; the same text is never kept as the same token."""
        return self._all.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """The text of a token; SecretUnreadable when no key fits."""
        try:
            return self._all.decrypt(token.encode()).decode()
        except InvalidToken:
            raise SecretUnreadable() from None

    def renewed(self, token: str) -> str | None:
        """The token under the first key, or None where it is under that key already; SecretUnreadable when no key fits."""
        try:
            self._first.decrypt(token.encode())
        except InvalidToken:
            return self.encrypt(self.decrypt(token))
        return None


def _fernet(key: str, purpose: bytes) -> Fernet:
    """HKDF makes the 32 bytes that Fernet wants of any text that is hard to guess (RFC 5869)."""
    made = HKDF(SHA256(), length=32, salt=None, info=purpose).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(made))


class EncryptedText(TypeDecorator[str]):
    """Text that is encrypted on its way into the database, and decrypted on its way out.

    It cannot be searched or compared there. `rotate-secrets` finds every column of this type by itself.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else keyring().encrypt(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else keyring().decrypt(value)


def register_secrets(app: Flask) -> None:
    app.extensions[NAME] = Keyring(app.config["ENCRYPTION_KEYS"], app.config["SECRET_KEY"])


def keyring() -> Keyring:
    """The keys of this application."""
    keys: Keyring = current_app.extensions[NAME]
    return keys
