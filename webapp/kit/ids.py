"""Public ids: UUID version 7 (RFC 9562), so that they sort by the time they were made."""

from uuid import UUID

import uuid6


def new_id() -> UUID:
    """A new UUIDv7, as the standard library's UUID."""
    return UUID(int=uuid6.uuid7().int)
