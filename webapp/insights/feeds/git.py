"""What git itself knows of a repository: its commits with their parents, their lines and who wrote them, `.mailmap` applied.

Git is asked in its plumbing's terms: fields end in NUL, so that nothing in a name, a message or a path can be taken for a separator;
renames are found whatever the configuration says (they change the lines); what the repository configures to be run is not run.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from webapp.insights.values.payloads import moment_of
from webapp.kit.errors import Invalid

FORMAT: Final = "%H%x00%P%x00%an%x00%ae%x00%aE%x00%aI%x00%cI%x00%B%x00"
FIELDS: Final = 8
SHA = re.compile(r"^\n?([0-9a-f]{40}|[0-9a-f]{64})$")
COUNTED = re.compile(r"^\n?(\d+|-)\t(\d+|-)\t(.*)$", re.DOTALL)
NOT_WRITTEN: Final = (
    "vendor/*", "*/vendor/*", "node_modules/*", "*/node_modules/*", "web/core/*", "docroot/core/*", "dist/*", "*/dist/*",
    "composer.lock", "*/composer.lock", "package-lock.json", "*/package-lock.json", "yarn.lock", "*/yarn.lock", "*.min.js", "*.min.css")
"""Paths that programs write: what is counted there says nothing of anybody's work."""
LONGEST: Final = 65_536
SETTINGS: Final = ("core.quotePath=false", "core.fsmonitor=false", "core.hooksPath=/dev/null", "diff.renames=true",
                   "i18n.logOutputEncoding=UTF-8", "log.showSignature=false")


def shas(path: Path, *revisions: str) -> list[str]:
    """The commits that are reached from these revisions, the oldest first; none from one that is not there."""
    there = [each for each in revisions if each.startswith("--") or _asked(path, "rev-parse", "--verify", "--quiet", f"{each}^{{commit}}")]
    return _asked(path, "rev-list", "--topo-order", "--reverse", *there).split() if there else []


def check(path: Path) -> None:
    """Invalid unless there is a repository that git reads."""
    if not _asked(path, "rev-parse", "--git-dir").strip():
        raise Invalid(f"git reads no repository at {path}.")


def commits(path: Path, wanted: Sequence[str], excluded: Iterable[str] = NOT_WRITTEN) -> Iterator[dict[str, Any]]:
    """These commits as bodies of `CommitInput`, with `known_as`, the address that `.mailmap` has for the author's."""
    command = [*_git(path), "log", "--no-walk=unsorted", "--stdin", "--numstat", "-z", "--find-renames", "--no-ext-diff", "--no-textconv",
               f"--format=tformat:{FORMAT}"]
    told = subprocess.run(command, input="\n".join(wanted).encode(), capture_output=True, check=True)
    yield from parsed(told.stdout, tuple(excluded)) if wanted else ()


def parsed(output: bytes, excluded: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """The commits in what git wrote. What is not UTF-8 is replaced; what says neither a commit nor a count is a mistake of ours."""
    words = iter(output.decode("utf-8", "replace").split("\0"))
    word = next(words, "")
    while word.strip("\n"):
        found = SHA.match(word)
        if not found:
            raise ValueError("git's output is not as it was asked for")
        fields = [found[1], *(next(words, "") for _ in range(FIELDS - 1))]
        added, deleted, word = _counts(words, excluded)
        yield _commit(fields, added, deleted)


def _counts(words: Iterator[str], excluded: tuple[str, ...]) -> tuple[int, int, str]:
    """The lines of one commit, and the word after them. Binaries have none; a rename is two further words, and lies where it went to."""
    added = deleted = 0
    for word in words:
        if not word.strip("\n") or SHA.match(word):
            if word.strip("\n"):
                return added, deleted, word
            continue
        count = COUNTED.match(word)
        if not count:
            raise ValueError("git's output is not as it was asked for")
        place = count[3]
        if not place:
            next(words, "")
            place = next(words, "")
        if "-" not in (count[1], count[2]) and not any(fnmatchcase(place, pattern) for pattern in excluded):
            added, deleted = added + int(count[1]), deleted + int(count[2])
    return added, deleted, ""


def _commit(fields: list[str], added: int, deleted: int) -> dict[str, Any]:
    sha, parents, name, email, known_as, authored, committed, message = fields
    is_merge = len(parents.split()) > 1
    return {
        "sha": sha, "parents": parents.split(), "author_name": name[:255], "author_email": email[:320], "known_as": known_as[:320],
        "authored_at": moment_of(authored), "committed_at": moment_of(committed), "message": message.strip()[:LONGEST],
        "lines_added": None if is_merge else added, "lines_deleted": None if is_merge else deleted}


def _git(path: Path) -> list[str]:
    return ["git", "--no-pager", "-C", str(path), *(part for each in SETTINGS for part in ("-c", each))]


def _asked(path: Path, *words: str) -> str:
    """What git answers in one go; nothing where it refuses."""
    told = subprocess.run([*_git(path), *words], capture_output=True, check=False)
    return told.stdout.decode("utf-8", "replace") if told.returncode == 0 else ""
