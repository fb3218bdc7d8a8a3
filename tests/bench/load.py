"""The load: requests made beforehand, sent over kept connections from a process of its own, each answer timed."""

from __future__ import annotations

import itertools
import multiprocessing
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

PATIENCE = 30.0
Asked = Callable[[int], Sequence[bytes]]
"""The parts of the n-th request, ready to be sent."""


@dataclass
class Load:
    """What came of a load: how many answers by status, how long each took, and what sending them cost this side."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    took: float = 0
    cpu: float = 0
    bytes: int = 0

    @property
    def done(self) -> int:
        return len(self.seconds)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.done / self.took


def put_under_load(address: tuple[str, int], asked: Asked, connections: int, seconds: float, most: int) -> Load:
    """Sends request after request over so many connections, until the time is over or `most` are sent.

    In a process of its own, so that its work and the measuring side's do not wait for each other.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_drive, args=(theirs, address, asked, connections, seconds, most))
    process.start()
    theirs.close()
    try:
        found = ours.recv()
    finally:
        process.join(PATIENCE)
    assert isinstance(found, Load), found
    return found


def _drive(report: Connection, address: tuple[str, int], asked: Asked, connections: int, seconds: float, most: int) -> None:
    load, numbers, problems = Load(), itertools.count(), []
    end = time.perf_counter() + seconds

    def work() -> None:
        try:
            _converse(address, asked, numbers, end, most, load)
        except (OSError, ValueError) as problem:
            problems.append(f"{type(problem).__name__}: {problem}")

    threads = [threading.Thread(target=work) for _ in range(connections)]
    before, started = time.process_time(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.took, load.cpu = time.perf_counter() - started, time.process_time() - before
    report.send(problems[0] if problems else load)


def _converse(address: tuple[str, int], asked: Asked, numbers: itertools.count[int], end: float, most: int, load: Load) -> None:
    """One connection, opened anew where the server closes it: a request, its whole answer, the next request."""
    is_last = False
    while not is_last:
        with socket.create_connection(address, PATIENCE) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            is_closed = False
            while not is_closed:
                is_last = time.perf_counter() >= end or (number := next(numbers)) >= most
                if is_last:
                    break
                is_closed = _ask(line, asked(number), load)


def _ask(line: socket.socket, parts: Sequence[bytes], load: Load) -> bool:
    """Sends one request and notes its answer; tells whether the server closes the connection with it."""
    sent = time.perf_counter()
    for part in parts:
        line.sendall(part)
    status, size, is_closed = _answer(line)
    load.seconds.append(time.perf_counter() - sent)
    load.statuses[status] += 1
    load.bytes += size
    return is_closed


def _answer(line: socket.socket) -> tuple[int, int, bool]:
    """Status and size of an answer, read to its end, and whether it is the connection's last."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += _more(line)
    head, _, rest = read.partition(b"\r\n\r\n")
    first, *lines = head.lower().split(b"\r\n")
    headers = dict(each.split(b": ", 1) for each in lines)
    size, left = int(headers[b"content-length"]), int(headers[b"content-length"]) - len(rest)
    while left > 0:
        left -= len(_more(line))
    return int(first.split()[1]), size, headers.get(b"connection") == b"close"


def _more(line: socket.socket) -> bytes:
    got = line.recv(262_144)
    if not got:
        raise ConnectionError("the server ended the connection")
    return got
