"""What a worker has read in a file."""

from __future__ import annotations

from uuid import UUID

from webapp.files.values import Said, TextState
from webapp.kit.db import execute, rows

NOTE = """
UPDATE uploads SET text_state = :state, text_note = :note, text = :text
WHERE id = :id AND text_state = :waiting AND purged_at IS NULL
"""


def key_to_read(upload_id: UUID) -> str | None:
    """Where the file of an upload lies whose text has not been read yet; None where there is nothing to read."""
    found = rows("SELECT storage_key FROM uploads WHERE id = :id AND text_state = :waiting AND purged_at IS NULL",
                 id=upload_id, waiting=TextState.WAITING)
    return found[0].storage_key if found else None


def note_text(upload_id: UUID, said: Said) -> bool:
    """Keeps what a file says, once; False where that was done before. Nobody has changed the upload: it is only known better."""
    return bool(execute(NOTE, id=upload_id, state=said.state, note=said.note, text=said.text, waiting=TextState.WAITING))
