"""The thread that moves bytes between the lines' connections and the desk; it understands none of them."""

from __future__ import annotations

import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from webapp.kit.live.lines import Line
from webapp.kit.logs import log

CHUNK = 16 * 1024
BEHIND = 512 * 1024
"""Bytes that may wait for one reader; whoever reads more slowly is cut off and comes back."""
READS, WRITES = selectors.EVENT_READ, selectors.EVENT_WRITE


class Wire:
    """All connections of this process in one selector. `heard` gets what came in, `gone` each line that is over."""

    def __init__(self, heard: Callable[[Line, bytes], None], gone: Callable[[Line], None]) -> None:
        self.heard, self.gone = heard, gone
        self.selector = selectors.DefaultSelector()
        self.orders: deque[tuple[Line, bytes, bool]] = deque()
        self.waiting: dict[Line, bytearray] = {}
        self.ending: set[Line] = set()
        self.bell, self.ear = socket.socketpair()
        self.bell.setblocking(False)
        self.ear.setblocking(False)
        self.selector.register(self.ear, READS)

    def start(self) -> None:
        threading.Thread(target=self._run, name="live-wire", daemon=True).start()

    def say(self, line: Line, data: bytes, *, ends: bool = False) -> None:
        """Sends to a line, which is taken up by its first order; from any thread."""
        self.orders.append((line, data, ends))
        try:
            self.bell.send(b"!")
        except BlockingIOError:
            return  # it rings already

    def _run(self) -> None:
        while True:
            for key, mask in self.selector.select():
                line: Line | None = key.data
                if line is None:
                    self.ear.recv(CHUNK)
                    self._take_orders()
                    continue
                if mask & READS:
                    self._read(line)
                if mask & WRITES and line in self.waiting:
                    self._write(line)

    def _take_orders(self) -> None:
        while self.orders:
            line, data, ends = self.orders.popleft()
            if line.sock.fileno() < 0:
                continue  # it went meanwhile
            if line not in self.waiting:
                self.waiting[line] = bytearray()
                self.selector.register(line.sock, READS, line)
            self.waiting[line] += data
            if ends:
                self.ending.add(line)
            self._write(line)

    def _read(self, line: Line) -> None:
        try:
            data = line.sock.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.heard(line, data)
        else:
            self._drop(line)

    def _write(self, line: Line) -> None:
        waits = self.waiting[line]
        try:
            while waits:
                del waits[: line.sock.send(waits)]
        except BlockingIOError:
            if len(waits) > BEHIND:
                log().info("live_reader_too_slow", address=line.address)
                self._drop(line)
                return
        except OSError:
            self._drop(line)
            return
        if not waits and line in self.ending:
            self._drop(line)
            return
        self.selector.modify(line.sock, READS | WRITES if waits else READS, line)

    def _drop(self, line: Line) -> None:
        self.selector.unregister(line.sock)
        self.waiting.pop(line, None)
        self.ending.discard(line)
        with suppress(OSError):  # the other side was faster
            line.sock.shutdown(socket.SHUT_RDWR)
        line.sock.close()
        self.gone(line)
