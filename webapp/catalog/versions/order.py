"""The order of versions: PHP's version_compare on Composer's normal forms, as keys that Python can sort by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from webapp.catalog.versions.drupal import to_composer
from webapp.catalog.versions.grammar import BLANKS, BadVersion
from webapp.catalog.versions.normal import DEFAULT_BRANCHES, WILDCARD_NUMBER, normalize

SortKey: TypeAlias = tuple[int | str, ...]

# A fleet has tens of thousands of spellings and hundreds of thousands of places where one is compared.
_CACHED_VERSIONS = 65_536

# The first element of a sort key.
_UNPARSEABLE, _NAMED_BRANCH, _NUMBERED = 0, 1, 2

# PHP's order of the parts of a version. `1.0` comes before `1.0.0` and before `1.0-patch1`, but after `1.0-RC1`: hence
# a rank for the end. Words that are none of these come first; the case counts.
_WORDS = {"dev": 1, "alpha": 2, "a": 2, "beta": 3, "b": 3, "RC": 4, "rc": 4, "patch": 7, "pl": 7, "p": 7}
_OTHER_WORD, _END, _NUMBER = 0, 5, 6
_PART = re.compile(r"\d+|[A-Za-z]+", re.ASCII)
# PHP reads numbers with strtol(), which stops at the largest it can hold.
_LARGEST_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Version:
    """A version in Composer's normal form, with what is needed to compare it.

    `rank` orders numbered versions; it is empty for a named branch (`dev-main`), which equals itself only.
    """

    normalized: str
    rank: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read a version in Composer's or in Drupal's spelling; raises BadVersion."""
        version = _parsed(text)
        # Once more where it failed, for the reason: Drupal's rules say it more precisely than Composer's.
        return version if version is not None else cls.of_normal_form(_normalize_drupal(text))

    @classmethod
    def of_normal_form(cls, normalized: str) -> Version:
        """Take what `normalize` returned, or what a constraint made of it."""
        return cls(normalized, () if normalized.startswith("dev-") else _rank(normalized))

    @property
    def is_named_branch(self) -> bool:
        return not self.rank

    @property
    def sort_key(self) -> SortKey:
        """The place in the total order: named branches first, by name; Composer sorts a default branch last."""
        if self.rank:
            return _NUMBERED, *self.rank
        if self.normalized[4:] in DEFAULT_BRANCHES:
            return _NUMBERED, *_rank(f"{WILDCARD_NUMBER}-dev")
        return _NAMED_BRANCH, self.normalized


@lru_cache(maxsize=_CACHED_VERSIONS)
def sort_key(version: str | None) -> SortKey:
    """Return a key that sorts versions as Composer does, whichever way they are spelled.

    Equal versions have equal keys. Below all versions come named branches, by name, and below those whatever is no
    version (None as the empty text), by code point; so that any list has one order. Never raises.
    Source: composer/semver, Semver::sort; PHP's version_compare.
    """
    parsed = None if version is None else _parsed(version)
    return (_UNPARSEABLE, version or "") if parsed is None else parsed.sort_key


def compare(a: str, b: str) -> int:
    """Return -1, 0 or 1 as `a` comes before, with or after `b` in the order of `sort_key`; raises BadVersion.

    Two named branches, of which Composer says only whether they are the same, are ordered by name.
    """
    left, right = Version.parse(a).sort_key, Version.parse(b).sort_key
    return (left > right) - (left < right)


def is_upgrade(from_version: str | None, to_version: str | None) -> bool:
    """Tell whether the second version comes after the first; False where one is missing, or no version.

    Going from one named branch to another is not known to be either way, and so no upgrade.
    """
    before = None if from_version is None else _parsed(from_version)
    after = None if to_version is None else _parsed(to_version)
    if before is None or after is None or (before.is_named_branch and after.is_named_branch):
        return False
    return before.sort_key < after.sort_key


@lru_cache(maxsize=_CACHED_VERSIONS)
def _parsed(text: str) -> Version | None:
    # Composer's reading goes first: the spellings that both have (8.x-dev, 1.0.0) mean the same in both.
    for normal_form in (normalize, _normalize_drupal):
        try:
            return Version.of_normal_form(normal_form(text))
        except BadVersion:
            continue
    return None


def _normalize_drupal(text: str) -> str:
    return normalize(to_composer(text.strip(BLANKS)))


def _rank(normalized: str) -> tuple[int, ...]:
    rank: list[int] = []
    for part in _PART.findall(normalized):
        if part.isdigit():
            rank += (_NUMBER, min(int(part), _LARGEST_NUMBER))
        else:
            rank.append(_WORDS.get(part, _OTHER_WORD))
    rank.append(_END)
    return tuple(rank)
