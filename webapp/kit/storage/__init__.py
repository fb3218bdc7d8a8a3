"""Where files are kept: on a disk that web and workers share, in S3, or in Azure Blob Storage, as STORAGE_URL says.

A file has a key, never named by people, and is there whole or not at all. What is kept is never changed, only deleted.
"""

from __future__ import annotations

from flask import current_app

from webapp.kit.storage.address import Address
from webapp.kit.storage.bucket import Bucket
from webapp.kit.storage.disk import Disk
from webapp.kit.storage.kept import Content, Kept, Storage, StorageDown, is_key

KEPT = "patchboard_storage"


def storage() -> Storage:
    """The storage of this application, made when it is first asked for: there may be processes yet to be divided off before that."""
    if KEPT not in current_app.extensions:
        current_app.extensions[KEPT] = storage_at(current_app.config["STORAGE"], current_app.config["STORAGE_DIR"])
    kept: Storage = current_app.extensions[KEPT]
    return kept


def storage_at(address: Address | None, directory: str) -> Storage:
    """The storage at an address; without one, the directory."""
    return Bucket(address) if address else Disk(directory)


__all__ = ["Address", "Bucket", "Content", "Disk", "Kept", "Storage", "StorageDown", "is_key", "storage", "storage_at"]
