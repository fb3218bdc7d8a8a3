"""GitHub's `repository`: one that is renamed, moved or given another default branch stays the one that it is."""

from __future__ import annotations

from urllib.parse import urlsplit

from webapp.insights.actions.news import Ignored, News, reads
from webapp.insights.actions.places import address_of, follow, key_of, learn, repository_of
from webapp.insights.models import Repository
from webapp.insights.queries.repositories import hold_by_url
from webapp.insights.values.words import Provider

FOLLOWED = ("renamed", "transferred", "edited")


@reads(Provider.GITHUB, "repository")
def repository(news: News) -> str:
    """Follows a repository to its new address, name or default branch. What is deleted there is not deleted here."""
    action = news.payload.text("action") or ""
    if action not in FOLLOWED:
        raise Ignored("Neither renamed, nor moved, nor given another default branch.")
    found = _known(news)
    said = news.payload.part("repository")
    before = news.payload.text("changes.repository.name.from", 200)
    name = said.text("name", 200) if before is not None and found.name == before else None
    changed = follow(news.actor, found, address_of(Provider.GITHUB, said), name, said.text("default_branch", 200), news.at)
    return "The repository is known by its new address." if changed else "Nothing has changed."


def _known(news: News) -> Repository:
    """The repository by its id, or by the address that it had before: it may never have been heard of under its id."""
    try:
        return repository_of(news)
    except Ignored:
        found = hold_by_url(news.organization_id, _old_address(news))
        if found is None:
            raise
        said = news.payload.part("repository")
        return learn(news, found, said, key_of(Provider.GITHUB, said, found.url))


def _old_address(news: News) -> str:
    address = address_of(Provider.GITHUB, news.payload.part("repository"))
    parts = urlsplit(address)
    owner, _, name = parts.path.strip("/").partition("/")
    owner = news.payload.text("changes.owner.from.user.login") or news.payload.text("changes.owner.from.organization.login") or owner
    name = news.payload.text("changes.repository.name.from") or name
    return f"{parts.scheme}://{parts.netloc}/{owner}/{name}"
