"""The figures as people read them, and as a file."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psutil

from tests.bench.phases import Result
from tests.bench.stand import Stand

MIB = 1024 * 1024
SETTINGS = ("server_version", "fsync", "synchronous_commit")
HEAD = ("", "a second", "p50 ms", "p95 ms", "SQL", "SQL ms", "yardstick", "ratio")


def machine(stand: Stand) -> dict[str, Any]:
    """What it was measured on."""
    connection = stand.as_application()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in SETTINGS))
            postgres, fsync, commit = cursor.fetchone()
    finally:
        connection.close()
    return {
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / MIB / 1024, 1),
        "postgresql": postgres,
        "fsync": fsync,
        "synchronous_commit": commit,
        "python": platform.python_version(),
        "system": platform.system(),
    }


def memory(stand: Stand) -> dict[str, Any]:
    """Resident memory in MiB: of each process of the web server, of Redis, and PostgreSQL's, shared parts counted once."""
    families = stand.families()
    web = [round(process.memory_info().rss / MIB) for process in families["web server"]]
    shared = sum(map(proportional, families["PostgreSQL"]))
    return {
        "web server, each process": web,
        "Redis": round(sum(each.memory_info().rss for each in families["Redis"]) / MIB),
        "PostgreSQL, proportional": round(shared / MIB),
    }


def proportional(process: psutil.Process) -> int:
    """Its bytes, of what it shares with others only its share; none for one that has just ended."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


def middle(results: Sequence[Result]) -> Result:
    """The turn with the median ratio, or the median rate where there is no yardstick."""
    return sorted(results, key=lambda each: each.ratio or each.rate)[len(results) // 2]


def table(phases: Sequence[Sequence[Result]]) -> str:
    """A row for each kind of request, of its middle turn."""
    rows = [HEAD]
    for results in phases:
        one = middle(results)
        by_hand = (f"{one.yardstick:.0f}", f"{one.ratio:.2f}") if one.yardstick and one.ratio else ("", "")
        rows.append(
            (
                one.name,
                f"{one.rate:.0f}",
                f"{one.p50:.1f}",
                f"{one.p95:.1f}",
                f"{one.statements:.0f}",
                f"{one.sql:.1f}",
                *by_hand,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if not place else cell.rjust(width) for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def costs(phases: Sequence[Sequence[Result]]) -> str:
    """Processor time a request by where it is spent."""
    lines = []
    for results in phases:
        one = middle(results)
        parts = ", ".join(f"{family} {milliseconds:.2f}" for family, milliseconds in one.cpu.items())
        lines.append(f"  {one.name}: {parts}; somebody else had {one.others:.2f} cores")
    return "\n".join(lines)


def ratios(results: Sequence[Result]) -> str:
    """The ratio of each turn, and their median."""
    found = [each.ratio for each in results if each.ratio]
    return f"{', '.join(f'{each:.2f}' for each in found)}; median {statistics.median(found):.2f}"


def keep(path: Path, about: dict[str, Any], phases: Sequence[Sequence[Result]]) -> None:
    """Writes everything that was measured."""
    content = {
        "at": datetime.now(UTC),
        **about,
        "phases": [[asdict(each) | {"ratio": each.ratio} for each in results] for results in phases],
    }
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
