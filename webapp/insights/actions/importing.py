"""Reading a repository's history from git: only what is not known yet, in portions, each whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from webapp.audit.actions import change
from webapp.insights.actions.commits import record_commits
from webapp.insights.actions.writing import Receipt
from webapp.insights.feeds import git
from webapp.insights.queries.repositories import get_repository, get_repository_to_feed
from webapp.kit.cache import drop
from webapp.kit.db import ALL, execute, rows, unit_of_work
from webapp.kit.permissions import Actor

PORTION = 500
KNOWN = "SELECT sha FROM commits WHERE repository_id = :repository AND (lines_added IS NOT NULL OR cardinality(parents) > 1)"
"""What git has told already. A push leaves lines and parents out; git tells of those again."""
ARRIVED = """
UPDATE commits SET is_on_default_branch = true
WHERE repository_id = :repository AND NOT is_on_default_branch AND sha = ANY(CAST(:shas AS text[]))
"""


def import_history(actor: Actor, repository_id: UUID, path: Path, at: datetime) -> Receipt:
    """Records what git knows of a repository at a path and is not known yet; the second time there is nothing to do.

    Every branch is read. What was pushed away by force stays known: it was written. Each portion is a transaction of its own, so that
    a history of any length is read in bounded memory, and what was read before an error is not read again.
    """
    git.check(path)
    with unit_of_work(ALL):
        repository = get_repository(actor, repository_id)
        branch, known = repository.default_branch, {row.sha for row in rows(KNOWN, repository=repository_id)}
    default = set(git.shas(path, f"refs/heads/{branch}", f"refs/remotes/origin/{branch}") or git.shas(path, "HEAD"))
    missing = [sha for sha in git.shas(path, "--branches", "--remotes", "HEAD") if sha not in known]
    total = Receipt()
    for portion in _portions(missing):
        told = [{**each, "branch": branch if each["sha"] in default else ""} for each in git.commits(path, portion)]
        with unit_of_work(ALL):
            receipt = record_commits(actor, get_repository_to_feed(actor, repository_id), told, at, "git")
        total = Receipt(total.received + receipt.received, total.added + receipt.added, total.changed + receipt.changed)
    with unit_of_work(ALL):
        _finish(actor, repository_id, sorted(default), at)
    return total


def _portions(shas: list[str]) -> Iterator[list[str]]:
    every = iter(shas)
    while portion := list(islice(every, PORTION)):
        yield portion


def _finish(actor: Actor, repository_id: UUID, default: list[str], at: datetime) -> None:
    """What has arrived on the default branch since, and that nothing is missing any more."""
    repository: Any = get_repository_to_feed(actor, repository_id)
    if execute(ARRIVED, repository=repository_id, shas=default):
        drop("repo", repository_id)
    if repository.incomplete_since is not None:
        change(actor, "repository.completed", repository, {"incomplete_since": None}, at)
