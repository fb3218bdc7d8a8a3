"""What workers do with uploads: reading PDFs, and removing what nobody wants any more."""

from __future__ import annotations

import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from webapp.files import actions
from webapp.files.actions.reading import key_to_read
from webapp.files.formats.pdf import text_of
from webapp.files.values import Said, TextState
from webapp.kit.clock import now
from webapp.kit.db import ALL, unit_of_work
from webapp.kit.jobs import GivenUp, TryLater
from webapp.kit.storage import StorageDown, storage

WAITS = tuple(timedelta(seconds=each) for each in (15, 60, 300, 900, 3600))
STILL_DOWN = "The storage of files was down for too long."
NOT_READ = "It could not be read."
MOST_AT_ONCE = 100


def read_text(upload_id: str, attempt: int) -> None:
    """Reads what a PDF says, later again while the storage is down."""
    with unit_of_work(ALL):
        key = key_to_read(UUID(upload_id))
    if key is None:
        return
    try:
        said = _read(key)
    except FileNotFoundError:
        said = Said(TextState.UNREADABLE, note=NOT_READ)
    except StorageDown:
        if attempt <= len(WAITS):
            raise TryLater(WAITS[attempt - 1]) from None
        read_failed(upload_id, STILL_DOWN)
        raise GivenUp(STILL_DOWN) from None
    with unit_of_work(ALL):
        actions.note_text(UUID(upload_id), said)


def _read(key: str) -> Said:
    with tempfile.TemporaryDirectory(prefix="patchboard-") as folder:
        path = Path(folder) / "file.pdf"
        with closing(storage().open(key)) as content, path.open("wb") as file:
            for portion in content:
                file.write(portion)
        return text_of(path)


def read_failed(upload_id: str, error: str) -> None:
    """Says that a file will not be read."""
    with unit_of_work(ALL):
        actions.note_text(UUID(upload_id), Said(TextState.UNREADABLE, note=NOT_READ))


def forget_files(days: int) -> int:
    """Removes the files of uploads that were deleted more than so many days ago (0: never), and strays."""
    count = 0
    while days:
        with unit_of_work(ALL):
            gone = actions.forget_files(days, MOST_AT_ONCE, storage(), now())
        count += gone
        if gone < MOST_AT_ONCE:
            break
    with unit_of_work(ALL):
        return count + actions.sweep_strays(storage(), now())
