"""The processes of the Procfile: started together, restarted when they fall, ended together."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from webapp.kit.local import processes
from webapp.kit.local.errors import CannotStart

SHORT_LIFE_SECONDS = 10
SHORT_LIVES_ALLOWED = 3
# A worker may finish the job it has begun, a web process the answers it has begun.
PATIENCE_SECONDS = 30


@dataclass
class Child:
    """One line of the Procfile, and the process that runs it now."""

    name: str
    command: str
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    short_lives: int = 0
    retry_at: float | None = None


@dataclass
class Supervisor:
    """Keeps the processes of a Procfile running in one environment and directory."""

    root: Path
    env: Mapping[str, str]
    children: list[Child] = field(default_factory=list)

    def start(self) -> None:
        """Starts every process of the Procfile."""
        self.children = [Child(name, command) for name, command in procfile(self.root / "Procfile").items()]
        for child in self.children:
            self._start(child)

    def check(self) -> None:
        """Restarts what has ended, a little later each time; raises CannotStart for what does not stay up."""
        now = time.monotonic()
        for child in self.children:
            if child.retry_at is not None:
                if now >= child.retry_at:
                    self._start(child)
                continue
            status = child.process.poll() if child.process else 0
            if status is None:
                continue
            child.short_lives = child.short_lives + 1 if now - child.started < SHORT_LIFE_SECONDS else 0
            if child.short_lives >= SHORT_LIVES_ALLOWED:
                raise CannotStart(
                    f"The {child.name} process does not stay up (status {status}, {child.short_lives} times in a row): "
                    "what it said stands above."
                )
            say("local", f"{child.name} ended with status {status}; it is started again")
            child.retry_at = now + 2**child.short_lives

    def stop(self, hurried: Callable[[], bool] = lambda: False) -> None:
        """Asks every process to end, kills what has not after 30 s or when `hurried`, with all they had started."""
        running = [child.process for child in self.children if child.process and child.process.poll() is None]
        family = [member for process in running for member in relatives(process.pid)]
        for process in running:
            process.send_signal(signal.SIGTERM)
        processes.wait_until(
            lambda: hurried() or all(process.poll() is not None for process in running), PATIENCE_SECONDS
        )
        family += [member for process in running for member in relatives(process.pid)]
        for member in family:
            end(member)
        psutil.wait_procs(family, timeout=5)

    def _start(self, child: Child) -> None:
        child.started, child.retry_at = time.monotonic(), None
        child.process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {child.command}"],
            cwd=self.root,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: processes.end_with_parent(signal.SIGTERM),
        )
        threading.Thread(target=relay, args=(child.name, child.process), daemon=True).start()


def end(process: psutil.Process) -> None:
    """Kills a process that may be gone already."""
    if process.is_running():
        try:
            process.kill()
        except psutil.NoSuchProcess:
            say("local", f"process {process.pid} ended by itself")


def relatives(pid: int) -> list[psutil.Process]:
    """A process and everything it has started, also what has left its process group (as RQ's work horses do)."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def relay(name: str, process: subprocess.Popen[bytes]) -> None:
    """Puts a process's lines on the screen, each with the name of the process."""
    if process.stdout:
        for line in process.stdout:
            say(name, line.decode("utf-8", "replace").rstrip())


def say(name: str, line: str) -> None:
    """One line on the screen; a terminal that has gone away is no reason to stop."""
    try:
        sys.stdout.write(f"{name:<9} | {line}\n")
        sys.stdout.flush()
    except (BrokenPipeError, ValueError):
        sys.stdout = sys.__stderr__ or sys.stdout


def procfile(path: Path) -> dict[str, str]:
    """The commands of a Procfile by name; raises CannotStart for a line that is none."""
    found = {}
    for line in path.read_text("utf-8").splitlines():
        name, colon, command = line.partition(":")
        if not line.strip() or line.startswith("#"):
            continue
        if not colon or not command.strip():
            raise CannotStart(f"The Procfile has a line that is no process: {line}")
        found[name.strip()] = command.strip()
    return found
