"""Child processes that end with their parent, and the small things that servers on one machine need."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
LOG_KEPT_BYTES = 5_000_000
LOOPBACK = "127.0.0.1"
QUIET_PORTS = range(20_000, 32_000)
"""Below 32768, where Linux begins to take ports for connections; other systems begin at 49152."""


def spawn(
    command: Sequence[str],
    log: Path,
    *,
    before_exec: Callable[[], None] | None = None,
    env: Mapping[str, str] | None = None,
    die_with_parent: signal.Signals | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a server in a session of its own, writing to `log`.

    A session of its own, because Ctrl-C in a terminal goes to the whole foreground group: the database would be gone
    before the web processes have answered their last request. `die_with_parent` is the signal the kernel sends should
    the parent be killed outright (Linux only).
    """
    trim(log)

    def prepare() -> None:
        if before_exec:
            before_exec()
        if die_with_parent:
            end_with_parent(die_with_parent)

    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=env,
            start_new_session=True,
            preexec_fn=prepare,
        )


def end_with_parent(sign: signal.Signals) -> None:
    """Asks the kernel to send `sign` to this process when its parent dies; called between fork and exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(sign), 0, 0, 0)


def stop(process: subprocess.Popen[bytes], *signals: signal.Signals, patience: float = 20) -> None:
    """Ends a child: each signal in turn, `patience` seconds after each, and SIGKILL when none was heard."""
    for sign in (*signals, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(sign)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue


def trim(log: Path) -> None:
    """Empties a log that has grown past 5 MB, so that a forgotten instance does not fill the disk."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_KEPT_BYTES:
        log.write_bytes(b"")


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log, empty when there is none."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])


def port_is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on the TCP port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(remembered: int | None = None) -> int:
    """The remembered TCP port where it is still free, else one by chance.

    It is none of those that the system gives to connections that go out: one of them could have it before a server does.
    """
    if remembered and port_is_free(remembered):
        return remembered
    while not port_is_free(port := secrets.choice(QUIET_PORTS)):
        pass
    return port


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether something accepts connections on the TCP port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Asks again and again until the condition holds; False when it did not within the time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, never for a moment readable by others, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
