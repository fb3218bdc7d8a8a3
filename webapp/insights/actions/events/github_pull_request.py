"""GitHub's `pull_request` and `pull_request_review`: how a pull request stands, and what reviewers say of it.

Reviews carry the pull request without its lines and without `merged`; `merged_at` tells it in both.
"""

from __future__ import annotations

from typing import Any

from webapp.insights.actions.news import News, reads
from webapp.insights.actions.places import host_of, repository_of
from webapp.insights.actions.pull_requests import record_pull_requests
from webapp.insights.values.identities import Identity, identity_of_account
from webapp.insights.values.payloads import Payload
from webapp.insights.values.words import Provider, PullRequestState, ReviewState

SAID = {"approved": ReviewState.APPROVED, "changes_requested": ReviewState.CHANGES_REQUESTED, "dismissed": ReviewState.DISMISSED}


@reads(Provider.GITHUB, "pull_request")
def pull_request(news: News) -> str:
    """Records how the pull request stands now."""
    return _record(news, [])


@reads(Provider.GITHUB, "pull_request_review")
def pull_request_review(news: News) -> str:
    """Records the review, and how its pull request stands."""
    said = news.payload.part("review")
    reviewer = _person(said, "user", host_of(news))
    return _record(news, [{
        "reviewer": reviewer, "reviewer_name": reviewer.name if reviewer else "", "external_id": f"github:{said.needed('id', 'number')}",
        "state": SAID.get((said.text("state") or "").lower(), ReviewState.COMMENTED),
        "submitted_at": said.needed("submitted_at", "moment")}])


def _record(news: News, reviews: list[dict[str, Any]]) -> str:
    said = news.payload.part("pull_request")
    body = {**_body(said, news.payload.text("action") or "", _person(said, "user", host_of(news))), "reviews": reviews}
    receipt = record_pull_requests(news.actor, repository_of(news), [body], news.at, news.provider.value)
    return f"Pull request {body['number']}: {body['state']}." + ("" if receipt.is_news else " Nothing new.")


def _body(said: Payload, action: str, author: Identity | None) -> dict[str, Any]:
    merged, opened = said.moment("merged_at"), said.needed("created_at", "moment")
    told_at = said.needed("updated_at", "moment")
    closed = PullRequestState.OPEN if said.text("state") == "open" else PullRequestState.CLOSED
    is_draft = said.value("draft") is True
    ready = opened if action == "opened" else told_at if action == "ready_for_review" else None
    return {
        "number": said.needed("number", "count"), "title": said.text("title") or "", "author": author,
        "author_name": author.name if author else "", "state": PullRequestState.MERGED if merged else closed, "is_draft": is_draft,
        "opened_at": opened, "merged_at": merged, "closed_at": said.moment("closed_at"), "told_at": told_at,
        "ready_for_review_at": None if is_draft else ready, "head_sha": said.sha("head.sha"), "head_branch": said.text("head.ref"),
        # Of an open one this is a merge that GitHub tries for itself, and no commit of the repository.
        "merge_commit_sha": said.sha("merge_commit_sha") if merged else None, "base_branch": said.text("base.ref"),
        "lines_added": said.count("additions"), "lines_deleted": said.count("deletions"), "url": said.text("html_url"),
        "external_id": f"github:{said.needed('id', 'number')}"}


def _person(said: Payload, name: str, host: str) -> Identity | None:
    """The account there, or None where it is gone (GitHub sends null)."""
    if not said.has(name):
        return None
    account = said.part(name)
    is_bot = account.text("type") == "Bot"
    return identity_of_account(Provider.GITHUB, host, account.needed("id", "number"), account.text("login", 255) or "", is_bot=is_bot)
