"""GitLab's `Merge Request Hook` and the `Note Hook` of a merge request.

An approval comes as an action of the merge request; a note of somebody else than its author is where a review begins. Lines are
not told. When it was merged is told by the event of the merge alone: that is the time of the event.
"""

from __future__ import annotations

from typing import Any

from webapp.insights.actions.news import Ignored, News, reads
from webapp.insights.actions.places import host_of, repository_of
from webapp.insights.actions.pull_requests import record_pull_requests
from webapp.insights.values.identities import Identity, identity_of_account
from webapp.insights.values.payloads import Payload
from webapp.insights.values.words import Provider, PullRequestState, ReviewState

STATES = {"merged": PullRequestState.MERGED, "closed": PullRequestState.CLOSED}
APPROVALS = ("approved", "approval")


@reads(Provider.GITLAB, "merge_request")
def merge_request(news: News) -> str:
    """Records how the merge request stands now, and an approval if that is what happened."""
    said = news.payload.part("object_attributes")
    action, at = said.text("action") or "", said.needed("updated_at", "moment")
    approved = [_review(news, ReviewState.APPROVED, at, f"approval:{_actor_id(news)}")] if action in APPROVALS else []
    return _record(news, said, action, approved)


@reads(Provider.GITLAB, "note")
def note(news: News) -> str:
    """Records what somebody else than its author says of a merge request; the author's own words are no review."""
    if news.payload.text("object_attributes.noteable_type") != "MergeRequest":
        raise Ignored("Not a note on a merge request.")
    said, about = news.payload.part("object_attributes"), news.payload.part("merge_request")
    if said.value("system") is True:
        raise Ignored("Written by GitLab itself.")
    review = _review(news, ReviewState.COMMENTED, said.needed("created_at", "moment"), f"note:{said.needed('id', 'number')}")
    return _record(news, about, "", [review])


def _record(news: News, said: Payload, action: str, reviews: list[dict[str, Any]]) -> str:
    body = {**_body(news, said, action), "reviews": reviews}
    receipt = record_pull_requests(news.actor, repository_of(news), [body], news.at, news.provider.value)
    return f"Merge request {body['number']}: {body['state']}." + ("" if receipt.is_news else " Nothing new.")


def _body(news: News, said: Payload, action: str) -> dict[str, Any]:
    opened, told_at = said.needed("created_at", "moment"), said.needed("updated_at", "moment")
    state = STATES.get(said.text("state") or "", PullRequestState.OPEN)
    merged = (said.moment("merged_at") or told_at) if state is PullRequestState.MERGED else None
    is_draft = said.value("draft") is True or said.value("work_in_progress") is True
    author = _author(news, said)
    return {
        "number": said.needed("iid", "count"), "title": said.text("title") or "", "author": author, "author_name": author.name,
        "state": state, "is_draft": is_draft, "opened_at": opened, "merged_at": merged, "told_at": told_at,
        "closed_at": merged if state is PullRequestState.MERGED else told_at if action == "close" else None,
        "ready_for_review_at": _ready(news, opened, told_at, action, is_draft), "head_sha": said.sha("last_commit.id"),
        "head_branch": said.text("source_branch"), "base_branch": said.text("target_branch"),
        "merge_commit_sha": said.sha("merge_commit_sha") if merged else None, "url": said.text("url"),
        "external_id": f"gitlab:{said.needed('id', 'number')}"}


def _ready(news: News, opened: Any, told_at: Any, action: str, is_draft: bool) -> Any:
    """When it was ready for review, where this event tells: opened as no draft, or a draft no more."""
    if is_draft:
        return None
    if action == "open":
        return opened
    was_draft = any(news.payload.value(f"changes.{name}.previous") is True for name in ("draft", "work_in_progress"))
    return told_at if was_draft else None


def _author(news: News, said: Payload) -> Identity:
    """By the id alone; what they are called is known where they are who did this."""
    author_id = said.needed("author_id", "number")
    name = news.payload.text("user.name", 255) if news.payload.number("user.id") == author_id else None
    return identity_of_account(Provider.GITLAB, host_of(news), author_id, name or "")


def _review(news: News, state: ReviewState, at: Any, name: str) -> dict[str, Any]:
    reviewer = identity_of_account(Provider.GITLAB, host_of(news), _actor_id(news), news.payload.text("user.name", 255) or "")
    return {"reviewer": reviewer, "reviewer_name": reviewer.name, "state": state, "submitted_at": at, "external_id": f"gitlab:{name}"}


def _actor_id(news: News) -> int:
    """Who did it; in payloads of older servers, which do not say, whoever wrote the note."""
    found = news.payload.number("user.id")
    return found if found is not None else int(news.payload.needed("object_attributes.author_id", "number"))
