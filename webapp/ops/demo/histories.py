"""Real fleets from a directory of lock-file histories, replayed as the reports that the sites would have sent.

`fleet-history.jsonl.gz` has one JSON object a line, in the order of time within a `repo`: first a `snapshot`, whose
`packages` are `{name: [version, spelling, type, dev]}`, then `run`s, whose `changes` are
`[name, from, to, spelling from, spelling to, type, dev]` (null for not installed). A spelling is drupal.org's own
(`8.x-1.14`) where Composer has another one. `composer-locks/OWNER__REPO.json` is each site's last composer.lock, and
`OWNER__REPO.core_extension.json`, where there is one, what it has enabled.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

HISTORY: Final = "fleet-history.jsonl.gz"
LOCKS: Final = "composer-locks"
PARTS: Final = ("packages", "packages-dev")
PLACED: Final = ("support", "homepage")
"""The fields of a lock that tell which drupal.org project a package belongs to; the history leaves them out."""


@dataclass(frozen=True, slots=True)
class History:
    """One repository's states, oldest first, and the documents that were its last: the lock, and what was enabled."""

    repo: str
    lines: list[dict[str, Any]]
    lock: dict[str, Any]
    enabled: dict[str, Any] | None

    @property
    def owner(self) -> str:
        return self.repo.partition("/")[0]

    @property
    def name(self) -> str:
        return self.repo.partition("/")[2]

    @property
    def began_at(self) -> datetime:
        return datetime.fromisoformat(self.lines[0]["committed_at"])

    @property
    def last_document(self) -> dict[str, Any]:
        """The last lock; with what is enabled, where that is known."""
        if self.enabled is None:
            return self.lock
        return {"documents": {"composer.lock": self.lock, "core.extension": self.enabled}}

    def documents(self) -> Iterator[tuple[datetime, dict[str, Any]]]:
        """The lock file after each line, as far as the history tells it, and when it was committed."""
        rows: dict[str, tuple[dict[str, Any], bool]] = {}
        placed = {row["name"]: {key: row[key] for key in PLACED if key in row} for row in _rows(self.lock)}
        for line in self.lines:
            if line["kind"] == "snapshot":
                rows = {
                    name: (_row(name, version, spelling, kind, placed), dev)
                    for name, (version, spelling, kind, dev) in line["packages"].items()
                }
            for name, _, version, _, spelling, kind, dev in line.get("changes", ()):
                if version is None:
                    del rows[name]
                else:
                    rows[name] = (_row(name, version, spelling, kind, placed), dev)
            lock = {
                "content-hash": line["commit"],
                **{part: [row for row, dev in rows.values() if dev == (part == PARTS[1])] for part in PARTS},
            }
            yield datetime.fromisoformat(line["committed_at"]), lock

    def moved_within_branches(self) -> set[str]:
        """The packages whose branch went on under the same name: no line tells of that, only the last lock."""
        last: dict[str, Any] = {}
        for _, lock in self.documents():
            last = lock
        before = {row["name"]: row for row in _rows(last)}
        return {
            row["name"]
            for row in _rows(self.lock)
            if (known := before.get(row["name"])) and known["version"] == row["version"] and _spelling(known) != _spelling(row)
        }


def read_histories(folder: Path, owner: str | None = None) -> Iterator[History]:
    """Every repository of the folder, or of one owner, in the file's order; FileNotFoundError for a missing file."""
    lines: dict[str, list[dict[str, Any]]] = {}
    with gzip.open(folder / HISTORY, "rb") as file:
        for text in file:
            line = orjson.loads(text)
            if owner is None or line["repo"].startswith(f"{owner}/"):
                lines.setdefault(line["repo"], []).append(line)
    for repo, its in lines.items():
        stem = folder / LOCKS / repo.replace("/", "__")
        enabled = stem.with_name(f"{stem.name}.core_extension.json")
        yield History(
            repo,
            its,
            orjson.loads(stem.with_name(f"{stem.name}.json").read_bytes()),
            orjson.loads(enabled.read_bytes()) if enabled.exists() else None,
        )


def _row(name: str, version: str, spelling: str | None, kind: str, placed: dict[str, Any]) -> dict[str, Any]:
    """A package as a lock file has it."""
    row = {"name": name, "version": version, "type": kind, **placed.get(name, {})}
    return {**row, "extra": {"drupal": {"version": spelling}}} if spelling else row


def _rows(lock: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for part in PARTS for row in lock.get(part, ())]


def _spelling(row: dict[str, Any]) -> str | None:
    extra = row.get("extra")
    drupal = extra.get("drupal") if isinstance(extra, dict) else None
    return drupal.get("version") if isinstance(drupal, dict) else None
