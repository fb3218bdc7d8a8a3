"""A profile of every request, for the operator who looks for what is slow; off unless PROFILE_DIR names a folder."""

from __future__ import annotations

import cProfile
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

MOST = 1000
"""How many profiles are kept; after that no more are written, so that one that was forgotten does not fill the disk."""
UNFIT = re.compile(r"[^A-Za-z0-9]+")


class Profiled:
    """Writes `<time>-<method>-<path>-<milliseconds>ms.prof` for each request, up to where its answer begins."""

    def __init__(self, application: Callable[..., Iterable[bytes]], folder: Path) -> None:
        self.application, self.folder = application, folder
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        profile, started = cProfile.Profile(), time.perf_counter()
        try:
            profile.enable()
        except ValueError:  # from Python 3.12 on, one at a time in a process
            return self.application(environ, start_response)
        try:
            return self.application(environ, start_response)
        finally:
            profile.disable()
            self._write(profile, environ, (time.perf_counter() - started) * 1000)

    def _write(self, profile: cProfile.Profile, environ: dict[str, Any], milliseconds: float) -> None:
        if sum(1 for _ in self.folder.glob("*.prof")) >= MOST:
            return
        words = UNFIT.sub("-", f"{environ.get('REQUEST_METHOD', '')}{environ.get('PATH_INFO', '')}")[:80].strip("-")
        profile.dump_stats(self.folder / f"{time.time_ns()}-{words}-{milliseconds:.0f}ms.prof")
