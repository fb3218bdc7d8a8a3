"""The metrics of processes that have ended, added up in one file: counters never go back, and files do not pile up.

prometheus-client keeps one file a process, for ever. Web processes are renewed and every job has a process of its own, so there
would be thousands, each read at every scrape.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

FILE = re.compile(r"^(counter|histogram|summary|gauge_[a-z]+)_(\d+)\.db$")
SUMMED = ("counter", "histogram", "summary")


def folder() -> Path | None:
    """Where the processes of this machine share their metrics; None where each has its own."""
    name = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(name) if name else None


@contextmanager
def still(where: Path) -> Iterator[None]:
    """Nobody reads while somebody adds up: else a process would be counted twice, or not at all."""
    with (where / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fold(*ended: int) -> int:
    """Adds up the files of these processes, or of all that are not there any more, and tells how many files there were.

    Gauges speak of the living and are dropped.
    """
    where = folder()
    if where is None or not where.is_dir():
        return 0
    count = 0
    with still(where):
        for path in sorted(where.iterdir()):
            found = FILE.match(path.name)
            if found and (int(found[2]) in ended if ended else not _is_there(int(found[2]))):
                _add(where, found[1], path)
                path.unlink(missing_ok=True)
                count += 1
    return count


def _add(where: Path, kind: str, path: Path) -> None:
    if kind not in SUMMED:
        return
    total = MmapedDict(str(where / f"{kind}_ended.db"))
    try:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(path)):
            total.write_value(key, total.read_value(key)[0] + value, 0.0)
    finally:
        total.close()


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
