"""Recording pull requests and reviews: each once, news before old news, and nothing made up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from webapp.audit.actions import record
from webapp.insights.actions.recognising import recognise
from webapp.insights.actions.writing import Receipt, upsert
from webapp.insights.models import Repository
from webapp.insights.values.identities import Identity, identity_of_email
from webapp.kit.cache import drop, touch
from webapp.kit.clock import stamp
from webapp.kit.db import execute, rows
from webapp.kit.ids import new_id
from webapp.kit.permissions import Actor

COLUMNS: Final = {
    "id": "uuid", "organization_id": "uuid", "repository_id": "uuid", "number": "integer", "title": "text", "author_id": "uuid",
    "author_name": "text", "author_email": "text", "state": "text", "is_draft": "boolean", "opened_at": "timestamptz",
    "first_commit_at": "timestamptz", "ready_for_review_at": "timestamptz", "first_review_at": "timestamptz",
    "approved_at": "timestamptz", "merged_at": "timestamptz", "closed_at": "timestamptz", "merge_commit_sha": "text", "head_sha": "text",
    "head_branch": "text", "base_branch": "text", "lines_added": "integer", "lines_deleted": "integer", "url": "text", "source": "text",
    "external_id": "text", "told_at": "timestamptz", "created_at": "timestamptz", "updated_at": "timestamptz"}
NEWER: Final = "(new.told_at IS NULL OR old.told_at IS NULL OR new.told_at >= old.told_at)"
STATE: Final = ("title", "state", "is_draft", "closed_at")
"""As the provider last had them: null is an answer too (a pull request that was opened again is not closed)."""
KNOWN: Final = ("merge_commit_sha", "head_sha", "head_branch", "base_branch", "lines_added", "lines_deleted", "url")
"""Kept where news does not speak of them."""
ONCE: Final = ("author_id", "author_email", "external_id")
FIRSTS: Final = ("first_commit_at", "ready_for_review_at", "first_review_at", "approved_at")
"""The earliest that is known, of events; what is posted says the whole of it, and so may correct it."""
UPDATES: Final = {
    **{name: f"CASE WHEN {NEWER} THEN new.{name} ELSE old.{name} END" for name in STATE},
    **{name: f"CASE WHEN {NEWER} THEN coalesce(new.{name}, old.{name}) ELSE coalesce(old.{name}, new.{name}) END" for name in KNOWN},
    **{name: f"coalesce(old.{name}, new.{name})" for name in ONCE},
    **{name: f"CASE WHEN new.told_at IS NULL THEN coalesce(new.{name}, old.{name}) ELSE least(old.{name}, new.{name}) END"
       for name in FIRSTS},
    # GitLab says when something was merged in the event of the merge alone; later ones bring a later time, which is only a bound.
    "merged_at": f"CASE WHEN NOT {NEWER} THEN old.merged_at WHEN new.merged_at IS NULL OR new.told_at IS NULL THEN new.merged_at"
                 " ELSE least(old.merged_at, new.merged_at) END",
    "told_at": "greatest(old.told_at, new.told_at)"}
REVIEW: Final = {
    "id": "uuid", "organization_id": "uuid", "pull_request_id": "uuid", "reviewer_id": "uuid", "reviewer_name": "text",
    "reviewer_email": "text", "state": "text", "submitted_at": "timestamptz", "external_id": "text", "created_at": "timestamptz"}
NUMBERS = "SELECT id, number FROM pull_requests WHERE repository_id = :repository AND number = ANY(:numbers)"
REVIEWED = """
UPDATE pull_requests p SET first_review_at = least(p.first_review_at, r.first), approved_at = least(p.approved_at, r.approved)
FROM (SELECT r.pull_request_id, min(greatest(r.submitted_at, p.opened_at)) AS first,
             min(greatest(r.submitted_at, p.opened_at)) FILTER (WHERE r.state = 'approved') AS approved
      FROM pull_request_reviews r JOIN pull_requests p ON p.id = r.pull_request_id
      JOIN developer_identities i ON i.id = r.reviewer_id JOIN developers d ON d.id = i.developer_id
      LEFT JOIN developer_identities a ON a.id = p.author_id
      WHERE r.pull_request_id = ANY(:ids) AND NOT d.is_bot AND d.id IS DISTINCT FROM a.developer_id GROUP BY 1) r
WHERE p.id = r.pull_request_id AND (p.first_review_at, p.approved_at)
      IS DISTINCT FROM (least(p.first_review_at, r.first), least(p.approved_at, r.approved))
"""
"""The first review is that of a person who is not the author; one that is dated before the pull request counts from its opening."""


def record_pull_requests(actor: Actor, repository: Repository, told: Sequence[dict[str, Any]], at: datetime,
                         source: str = "api") -> Receipt:
    """Records pull requests of a repository with their reviews, each a body of `PullRequestInput`.

    One that carries `told_at` (the provider's own time of it) and is older than what is known changes no state.
    """
    if not told:
        return Receipt()
    people = [_author(each) for each in told] + [_reviewer(review) for each in told for review in each.get("reviews", ())]
    ids = recognise(repository.organization_id, people, at)
    written = upsert("pull_requests", COLUMNS, ("repository_id", "number"), UPDATES,
                     [_row(repository, each, _id(ids, _author(each)), source, at) for each in told])
    numbers = [each["number"] for each in told]
    keys = {row.number: row.id for row in rows(NUMBERS, repository=repository.id, numbers=numbers)}
    reviews = [_review_row(repository, keys[each["number"]], review, _id(ids, _reviewer(review)), at)
               for each in told for review in each.get("reviews", ())]
    reviewed = _record_reviews(reviews)
    added = {row.id for row in written if row.is_new}
    receipt = Receipt(len(told), len(added), len({row.id for row in written} | reviewed) - len(added))
    if receipt.is_news:
        record(actor, "pull_requests.recorded", repository, changes={"added": [None, receipt.added], "changed": [None, receipt.changed]})
        drop("repo", repository.id)
        touch(f"org:{repository.organization_id}")
    return receipt


def _record_reviews(reviews: Sequence[dict[str, Any]]) -> set[UUID]:
    """Writes reviews, and what follows from them for their pull requests, whose ids it gives back where anything was new."""
    if not reviews:
        return set()
    once = {(each["pull_request_id"], each["external_id"]): each for each in reviews}
    written = upsert("pull_request_reviews", REVIEW, ("pull_request_id", "external_id"), {"state": "new.state"}, list(once.values()))
    ids = {row.pull_request_id for row in written}
    if ids:
        execute(REVIEWED, ids=list(ids))
    return ids


def _author(body: dict[str, Any]) -> Identity | None:
    return body.get("author") or identity_of_email(body.get("author_email"), body.get("author_name") or "")


def _reviewer(body: dict[str, Any]) -> Identity | None:
    return body.get("reviewer") or identity_of_email(body.get("reviewer_email"), body.get("reviewer_name") or "")


def _id(ids: dict[tuple[str, str], UUID], person: Identity | None) -> UUID | None:
    return ids.get(person.key) if person else None


def _row(repository: Repository, body: dict[str, Any], author_id: UUID | None, source: str, at: datetime) -> dict[str, Any]:
    person = _author(body)
    plain: Iterable[str] = (*FIRSTS, *KNOWN, "title", "state", "number", "merged_at", "closed_at", "author_email", "external_id", "told_at")
    return {
        "id": new_id(), "organization_id": repository.organization_id, "repository_id": repository.id, "author_id": author_id,
        **{name: body.get(name) for name in plain}, "author_name": body.get("author_name") or (person.name if person else "") or "",
        "is_draft": bool(body.get("is_draft")), "opened_at": body["opened_at"], "source": body.get("source") or source,
        "created_at": at, "updated_at": at}


def _review_row(repository: Repository, request_id: UUID, body: dict[str, Any], reviewer_id: UUID | None, at: datetime) -> dict[str, Any]:
    person = _reviewer(body)
    made = f"{person.value if person else ''} {stamp(body['submitted_at'])}"
    return {
        "id": new_id(), "organization_id": repository.organization_id, "pull_request_id": request_id, "reviewer_id": reviewer_id,
        "reviewer_name": body.get("reviewer_name") or (person.name if person else "") or "", "reviewer_email": body.get("reviewer_email"),
        "state": body["state"], "submitted_at": body["submitted_at"], "external_id": body.get("external_id") or made, "created_at": at}
