"""Where the answers of Drupal's own code are, beside this checkout; a test that needs one that is not there is skipped."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def beside(name: str) -> Path:
    """A file or directory of the published data; skips the test where there is none."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the published {path.name} are not beside this checkout")
    return path


def answers(name: str) -> Any:
    """The document of a JSON file."""
    return json.loads(beside(name).read_text("utf-8"))


def lines(name: str) -> list[Any]:
    """The rows of a compressed file with one JSON object a line."""
    text = gzip.decompress(beside(name).read_bytes()).decode()
    return [json.loads(line) for line in text.splitlines() if line.strip()]
