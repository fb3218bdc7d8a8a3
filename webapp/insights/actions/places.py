"""Which repository a webhook speaks of: by the provider's id for it, else by its address; and what the provider says of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from webapp.audit.actions import change
from webapp.insights.actions.news import Ignored, News
from webapp.insights.models import Repository
from webapp.insights.queries.repositories import hold_by_provider, hold_by_url
from webapp.insights.values.addresses import repository_url
from webapp.insights.values.identities import provider_key
from webapp.insights.values.payloads import Payload, Unreadable
from webapp.insights.values.words import Provider
from webapp.kit.permissions import Actor

PART = {Provider.GITHUB: ("repository", "html_url"), Provider.GITLAB: ("project", "web_url")}


def repository_of(news: News) -> Repository:
    """The repository of the endpoint's organization that the news is about, held; Ignored where none is registered.

    From the first time on it is known by the provider's id, so that it stays the same one when it is renamed or moved.
    """
    said = news.payload.part(PART[news.provider][0])
    url = address_of(news.provider, said)
    key = key_of(news.provider, said, url)
    found = hold_by_provider(news.organization_id, news.provider, key) or hold_by_url(news.organization_id, url)
    if found is None:
        raise Ignored("No repository with this address is registered in the organization.")
    return learn(news, found, said, key)


def learn(news: News, repository: Repository, said: Payload, key: str | None) -> Repository:
    """Keeps what the provider calls the repository; while nothing is known of it, its default branch is the provider's too."""
    if key is not None and repository.provider_id is None:
        learned: dict[str, Any] = {"provider": news.provider.value, "provider_id": key}
        branch = said.text("default_branch", 200)
        if branch and repository.commit_count == 0:
            learned["default_branch"] = branch
        change(news.actor, "repository.changed", repository, learned, news.at)
    return repository


def host_of(news: News) -> str:
    """The server that the provider runs on."""
    part, name = PART[news.provider]
    return urlsplit(address_of(news.provider, news.payload.part(part), name)).netloc


def address_of(provider: Provider, said: Payload, name: str = "") -> str:
    """The web address of the repository that a payload speaks of; Unreadable where it is none."""
    field = name or PART[provider][1]
    try:
        return repository_url(said.needed(field))
    except Unreadable:
        raise
    except (ValueError, UnicodeError):
        raise Unreadable(f"{said.place}.{field} is not an address of a repository.") from None


def key_of(provider: Provider, said: Payload, url: str) -> str | None:
    """What the provider calls the repository, whatever its name; None where it does not say."""
    number = said.number("id")
    return None if number is None else provider_key(provider, number, urlsplit(url).netloc)


def follow(actor: Actor, repository: Repository, url: str, name: str | None, branch: str | None, at: datetime) -> bool:
    """Takes over a new address, name or default branch; whether there was any. Ignored where another repository has the address."""
    values = {"url": url, "name": name or repository.name, "default_branch": branch or repository.default_branch}
    if all(getattr(repository, field) == value for field, value in values.items()):
        return False
    other = hold_by_url(repository.organization_id, url)
    if other is not None and other.id != repository.id:
        raise Ignored("Another repository of the organization is registered with the new address.")
    change(actor, "repository.changed", repository, values, at)
    return True
