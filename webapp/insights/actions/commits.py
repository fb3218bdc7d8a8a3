"""Recording commits: each once, whoever tells of it, and what a later telling adds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from webapp.audit.actions import record
from webapp.insights.actions.recognising import recognise
from webapp.insights.actions.writing import Receipt, upsert
from webapp.insights.models import Repository
from webapp.insights.values.identities import identity_of_email
from webapp.kit.cache import drop, touch
from webapp.kit.db import execute
from webapp.kit.ids import new_id
from webapp.kit.permissions import Actor

COLUMNS: Final = {
    "id": "uuid", "organization_id": "uuid", "repository_id": "uuid", "sha": "text", "parents": "text[]", "author_id": "uuid",
    "author_name": "text", "author_email": "text", "authored_at": "timestamptz", "committed_at": "timestamptz", "message": "text",
    "lines_added": "integer", "lines_deleted": "integer", "is_on_default_branch": "boolean", "patch_id": "text", "source": "text",
    "created_at": "timestamptz"}
LEARNED: Final = {
    "lines_added": "coalesce(new.lines_added, old.lines_added)", "lines_deleted": "coalesce(new.lines_deleted, old.lines_deleted)",
    "patch_id": "coalesce(new.patch_id, old.patch_id)", "is_on_default_branch": "old.is_on_default_branch OR new.is_on_default_branch",
    "parents": "CASE WHEN new.parents = '{}' THEN old.parents ELSE new.parents END"}
"""What a commit may gain when it is told again. All else is its sha's."""
COUNTED = """
UPDATE repositories SET commit_count = commit_count + :added, last_commit_at = greatest(last_commit_at, CAST(:last AS timestamptz))
WHERE id = :repository
"""


def record_commits(actor: Actor, repository: Repository, told: Sequence[dict[str, Any]], at: datetime, source: str = "api") -> Receipt:
    """Records commits of a repository, each a body of `CommitInput`; those that are known gain what they lacked.

    The repository's row is to be held, so that its count stays right. A commit that names no `branch` is taken to be on the default one.
    """
    if not told:
        return Receipt()
    people = {each["sha"]: identity_of_email(each.get("known_as") or each["author_email"], each["author_name"]) for each in told}
    ids = recognise(repository.organization_id, people.values(), at)
    rows = [_row(repository, each, ids.get(person.key) if (person := people[each["sha"]]) else None, source, at) for each in told]
    written = upsert("commits", COLUMNS, ("repository_id", "sha"), LEARNED, rows)
    added = {row.sha for row in written if row.is_new}
    receipt = Receipt(len(told), len(added), len(written) - len(added))
    if added:
        last = max(each["committed_at"] for each in told if each["sha"] in added)
        execute(COUNTED, added=len(added), last=last, repository=repository.id)
    if receipt.is_news:
        record(actor, "commits.recorded", repository, changes={"added": [None, receipt.added], "changed": [None, receipt.changed]})
        drop("repo", repository.id)
        touch(f"org:{repository.organization_id}")
    return receipt


def _row(repository: Repository, body: dict[str, Any], author_id: Any, source: str, at: datetime) -> dict[str, Any]:
    branch = body.get("branch")
    return {
        "id": new_id(), "organization_id": repository.organization_id, "repository_id": repository.id, "author_id": author_id,
        **{name: body[name] for name in ("sha", "parents", "author_name", "author_email", "authored_at", "committed_at", "message")},
        **{name: body.get(name) for name in ("lines_added", "lines_deleted", "patch_id")},
        "is_on_default_branch": branch is None or branch == repository.default_branch,
        "source": body.get("source") or source, "created_at": at}
