"""Which account PostgreSQL runs under: it refuses to run as root, and this machine may be root's alone."""

from __future__ import annotations

import ctypes
import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from webapp.kit.local.errors import CannotStart

CLONE_NEWUSER = 0x10000000
PREFERRED = ("postgres", "nobody", "daemon")


@dataclass(frozen=True)
class Account:
    """Who a server process is: this user (`uid` None), another user, or this user shown as another one."""

    uid: int | None = None
    gid: int | None = None
    in_namespace: bool = False

    def becoming(self, home: Path) -> Callable[[], None]:
        """What to call between fork and exec to become this account, in a directory that it can enter."""

        def become() -> None:
            if self.uid is None or self.gid is None:
                os.chdir(home)
            elif self.in_namespace:
                enter_namespace(self.uid, self.gid)
                os.chdir(home)
            else:
                os.setgroups([])
                os.setgid(self.gid)
                os.setuid(self.uid)
                os.chdir(home)

        return become

    def own(self, path: Path) -> None:
        """Makes this account the owner of a file or tree, which may have been another account's before."""
        if self.uid is None or self.gid is None:
            return
        uid, gid = (os.geteuid(), os.getegid()) if self.in_namespace else (self.uid, self.gid)
        if path.stat().st_uid == uid:
            return
        for each in (path, *path.rglob("*")):
            os.chown(each, uid, gid, follow_symlinks=False)

    def can_run(self, program: Path, home: Path) -> bool:
        """Whether this account reaches both the program and the directory, tried out rather than guessed."""
        try:
            tried = subprocess.run(
                [program, "--version"], preexec_fn=self.becoming(home), capture_output=True, check=False
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return tried.returncode == 0


def enter_namespace(uid: int, gid: int) -> None:
    """Moves this single-threaded process into a user namespace where it is `uid`; outside, its files stay its own.

    Raises OSError where the kernel or a container's profile forbids it.
    """
    outside_uid, outside_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not allowed here")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outside_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outside_gid} 1")


def accounts_for_root() -> Iterator[Account]:
    """Every account that root may lend to a server, the safest first.

    A real unprivileged user comes first: in a user namespace the process still has root's rights over root's files.
    """
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    users = [known[name] for name in PREFERRED if name in known and known[name].pw_uid != 0]
    yield from (Account(user.pw_uid, user.pw_gid) for user in users)
    if sys.platform == "linux":
        # initdb looks its user up by number, so the namespace shows a number that has a name.
        yield from (Account(user.pw_uid, user.pw_gid, in_namespace=True) for user in users[:1])


def choose(program: Path, home: Path) -> Account:
    """The account to run `program` under with its files in `home`."""
    if os.geteuid() != 0:
        return Account()
    for account in accounts_for_root():
        if account.can_run(program, home):
            return account
    raise CannotStart(
        "PostgreSQL does not run as root, and no other account can reach this checkout: run as an ordinary user, "
        "move the checkout to a directory that others may enter, or set DATABASE_URL to a database server of your own."
    )
