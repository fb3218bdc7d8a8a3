"""Writes of the audit log: its rows, the chain that seals them, and what checks of the chain have found."""

from webapp.audit.actions.recording import (
    Event,
    change,
    change_many,
    changes_of,
    is_idle,
    plain,
    record,
    record_many,
    record_refusal,
    snake,
)
from webapp.audit.actions.sealing import PORTION, note_check, seal

__all__ = ["PORTION", "Event", "change", "change_many", "changes_of", "is_idle", "note_check", "plain", "record", "record_many",
           "record_refusal", "seal", "snake"]
