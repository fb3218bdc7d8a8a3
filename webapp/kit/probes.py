"""Questions with a deadline: each is asked in a thread of its own, so that what hangs cannot hang the one who asks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Probe(Generic[T]):
    """One question, asked in one thread at most.

    Whoever asks while it is being answered waits for that answer, and an answer is good for `keep` seconds, so that no
    flood of questions reaches what is asked.
    """

    def __init__(self, check: Callable[[], T], keep: float = 1.0) -> None:
        self.check, self.keep = check, keep
        self.lock = threading.Lock()
        self.answer: Future[T] | None = None
        self.answered_at = 0.0

    def ask(self) -> Future[T]:
        """The answer that is on its way, or still good, or else a new one."""
        with self.lock:
            if self.answer is None or (self.answer.done() and monotonic() - self.answered_at > self.keep):
                self.answer = Future()
                threading.Thread(target=self._find_out, args=(self.answer,), daemon=True).start()
            return self.answer

    def _find_out(self, answer: Future[T]) -> None:
        try:
            found = self.check()
        except Exception as problem:
            self.answered_at = monotonic()
            answer.set_exception(problem)
        else:
            self.answered_at = monotonic()
            answer.set_result(found)


def ask_all(probes: Mapping[str, Probe[T]], seconds: float) -> dict[str, T | Exception]:
    """The answers by name, all asked at once; after `seconds` a TimeoutError stands for an answer that has not come."""
    asked = {name: probe.ask() for name, probe in probes.items()}
    until = monotonic() + seconds
    found: dict[str, T | Exception] = {}
    for name, answer in asked.items():
        try:
            found[name] = answer.result(timeout=max(until - monotonic(), 0))
        except NotInTime as problem:
            found[name] = problem
        except Exception as problem:
            found[name] = problem
    return found
