"""Pushes, which both providers tell alike: which branch, and what of its commits is new."""

from __future__ import annotations

from typing import Any

from webapp.insights.actions.commits import record_commits
from webapp.insights.actions.news import Ignored, News
from webapp.insights.actions.places import repository_of
from webapp.insights.values.payloads import LONGEST, Payload
from webapp.kit.cache import drop

BRANCHES = "refs/heads/"


def record_push(news: News) -> str:
    """Records the commits of a push to a branch. Lines are not told, and stay unknown; neither are parents."""
    ref = news.payload.needed("ref")
    if not ref.startswith(BRANCHES):
        raise Ignored("Not a push to a branch.")
    if set(str(news.payload.value("after"))) == {"0"}:
        raise Ignored("The branch was deleted.")
    repository = repository_of(news)
    told = {each["sha"]: each for each in (_commit(part, ref.removeprefix(BRANCHES)) for part in news.payload.parts("commits"))}
    receipt = record_commits(news.actor, repository, list(told.values()), news.at, news.provider.value)
    total = news.payload.count("total_commits_count") or 0
    if total <= len(told):
        return f"{receipt.added} of {len(told)} commits are new."
    if repository.incomplete_since is None:
        repository.incomplete_since = news.received_at
        drop("repo", repository.id)
    return f"{receipt.added} of {len(told)} commits are new; the push has {total}, of which no more are told. Import them from git."


def _commit(said: Payload, branch: str) -> dict[str, Any]:
    at = said.needed("timestamp", "moment")
    return {"sha": said.needed("id", "sha"), "parents": [], "author_name": said.text("author.name", 255) or "",
            "author_email": said.text("author.email", 320) or "", "authored_at": at, "committed_at": at,
            "message": said.text("message", LONGEST) or "", "branch": branch}
