"""Who somebody is in git: by e-mail address or by the id that a provider gave them, never by name.

Two people may share a name, and one may write theirs in three ways. An address is compared without case; GitHub's private addresses
(`21031067+codertocat@users.noreply.github.com`) hold the account's id, which is then what counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from webapp.insights.values.words import Provider

OWN_HOSTS: Final = {Provider.GITHUB: "github.com", Provider.GITLAB: "gitlab.com"}
NOREPLY = re.compile(r"^(?P<id>\d{1,20})\+[^@]+@users\.noreply\.github\.com$")
MACHINES: Final = frozenset({"noreply@github.com", "noreply@gitlab.com", "support@dependabot.com", "bot@renovateapp.com"})
"""Addresses under which programs commit: GitHub's own editor and merge button, and those that raise versions."""
BOT = re.compile(r"(\[bot\]|^(dependabot|renovate|github-actions|greenkeeper|snyk-bot))", re.IGNORECASE)


class IdentityKind(StrEnum):
    """What an identity is known by."""

    EMAIL = "email"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Identity:
    """What somebody is known by, as a kind and a value; `name` is what they were called there, and says nothing of who they are."""

    kind: IdentityKind
    value: str
    name: str = ""
    is_bot: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.kind.value, self.value


def identity_of_email(email: str | None, name: str = "") -> Identity | None:
    """The identity behind an e-mail address as git has it (which may be no address at all); None for an empty one."""
    folded = (email or "").strip().lower()
    if not folded:
        return None
    private = NOREPLY.match(folded)
    is_bot = folded in MACHINES or bool(BOT.search(name) or BOT.search(folded.split("+")[-1]))
    if private:
        return Identity(IdentityKind.PROVIDER, provider_key(Provider.GITHUB, private["id"]), name, is_bot)
    return Identity(IdentityKind.EMAIL, folded, name, is_bot)


def identity_of_account(provider: Provider, host: str, account_id: int | str, login: str, *, is_bot: bool = False) -> Identity:
    """The identity of an account at a provider, by its id there: a login may be changed, and taken by somebody else."""
    return Identity(IdentityKind.PROVIDER, provider_key(provider, account_id, host), login, is_bot or bool(BOT.search(login)))


def provider_key(provider: Provider, account_id: int | str, host: str = "") -> str:
    """What a provider calls something: `github:21031067`, or with its host where that is not the provider's own."""
    return f"{provider}:{account_id}" if host in ("", OWN_HOSTS[provider]) else f"{provider}:{host}:{account_id}"
