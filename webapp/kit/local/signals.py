"""How the runner hears that it is to end, once as an exception and after that as a hint to hurry."""

from __future__ import annotations

import signal
import time
from types import FrameType

HEEDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# `make` passes on a signal that the process group has had already; only a later one is somebody's impatience.
SAME_SIGNAL_SECONDS = 1.0


class Stopped(BaseException):
    """Somebody asked for the end: Ctrl-C, SIGTERM, a closed terminal. No Exception, so that nothing catches it."""


class Signals:
    """Raises Stopped in the main thread at the first signal, unless the end has begun; `hurried` tells of more."""

    def __init__(self) -> None:
        self.ending = self.hurried = False
        self.first = 0.0

    def heed(self) -> Signals:
        for sign in HEEDED:
            # What nohup has told to be ignored stays ignored.
            if signal.getsignal(sign) is not signal.SIG_IGN:
                signal.signal(sign, self._came)
        return self

    def end(self) -> None:
        """From here on no signal interrupts the cleaning up."""
        self.ending, self.first = True, self.first or time.monotonic()

    def _came(self, _sign: int, _frame: FrameType | None) -> None:
        if self.ending:
            self.hurried = self.hurried or time.monotonic() - self.first > SAME_SIGNAL_SECONDS
            return
        self.end()
        raise Stopped
