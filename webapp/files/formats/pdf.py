"""What a PDF says, as a program of its own reads it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson

from webapp.files.values import Said, TextState

READER = Path(__file__).with_name("pdf_reader.py")
SECONDS = 30
NOTES = {"encrypted": "It is locked with a password.", "broken": "It is broken.", "large": "Reading it takes too much memory.",
         "slow": "Reading it takes too long."}


def text_of(path: Path) -> Said:
    """The text of a PDF's first pages, or why it cannot be read."""
    try:
        done = subprocess.run([sys.executable, "-I", str(READER), str(path)], capture_output=True, timeout=SECONDS, check=False,
                              stdin=subprocess.DEVNULL, env={"PYTHONIOENCODING": "utf-8:backslashreplace"})
    except subprocess.TimeoutExpired:
        return _unreadable("slow")
    try:
        told = orjson.loads(done.stdout)
    except orjson.JSONDecodeError:
        return _unreadable("slow" if done.returncode < 0 else "large")  # stopped by the system: its time, or its memory
    if told["state"] != "read":
        return _unreadable(told["note"])
    return Said.of(told["text"], told["is_whole"])


def _unreadable(why: str) -> Said:
    return Said(TextState.UNREADABLE, note=NOTES[why])
