"""Every write of uploads: taking one in, deleting and restoring it, reading what it says, and forgetting the file of a deleted one."""

from webapp.files.actions.ending import delete_upload, forget_files, restore_upload, sweep_strays
from webapp.files.actions.reading import note_text
from webapp.files.actions.taking import upload_file

__all__ = ["delete_upload", "forget_files", "note_text", "restore_upload", "sweep_strays", "upload_file"]
