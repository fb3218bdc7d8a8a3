"""The fleet that is measured: which modules a site runs, what it reports in which state, and which site is next.

A site's state is a number. State 0 is what the seed wrote; each further one moves the next 15 of its 150 modules to a
new version, so that the body and the rows of any report are known without asking anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import orjson

from webapp.fleet.actions.comparison import State
from webapp.fleet.actions.judging import numbers_of, settle
from webapp.fleet.values import InventoryReport
from webapp.ingest.formats import read_document

MODULES = 150
MOVED = 15
BLOCKS = MODULES // MOVED
CATALOGUE = 600
PROFILES = 20
"""How many different sets of modules there are; neighbours share most of theirs."""
WITH_UPDATE = 75
"""For how many of its modules a site in state 0 knows of an update; what has moved is up to date."""
SECURITY_EVERY = 15
DRUPAL = "drupal"


def names(profile: int) -> list[str]:
    """The modules of a profile, Drupal itself first."""
    others = (f"bench_module_{(profile * 30 + place) % (CATALOGUE - 1)}" for place in range(1, MODULES))
    return [DRUPAL, *others]


def catalogue() -> list[str]:
    """Every module that any site runs."""
    return [DRUPAL, *(f"bench_module_{number}" for number in range(CATALOGUE - 1))]


def version(place: int, state: int) -> str:
    """The version of the module at this place of a profile."""
    times = state // BLOCKS + (place // MOVED < state % BLOCKS)
    return f"{10 if place == 0 else 1}.{times}.0"


def moved(state: int) -> range:
    """The places whose version this state has changed."""
    first = (state - 1) % BLOCKS * MOVED
    return range(first, first + MOVED)


@lru_cache(maxsize=4096)
def module(profile: int, place: int, state: int) -> dict[str, Any]:
    """One module as a site of the profile reports it."""
    name, own = names(profile)[place], version(place, state)
    waits = place < WITH_UPDATE and own.endswith(".0.0")
    latest = version(place, BLOCKS) if waits else own
    return {
        "name": name,
        "display_name": name.replace("_", " ").title(),
        "type": "core" if name == DRUPAL else "module",
        "project": name,
        "version": own,
        "enabled": True,
        "latest_version": latest,
        "recommended_version": latest,
        "update_available": waits,
        "security_update": waits and place % SECURITY_EVERY == 0,
    }


@cache
def body(profile: int, state: int) -> bytes:
    """The body of a site's report."""
    return orjson.dumps(
        {
            "drupal": {"php_version": "8.3.14", "database": "mysql 8.0.39", "install_profile": "standard"},
            "modules": [module(profile, place, state) for place in range(MODULES)],
        }
    )


@cache
def report(profile: int, state: int) -> InventoryReport:
    """The same report as the product reads it."""
    return read_document(orjson.loads(body(profile, state)))


@cache
def numbers(profile: int, state: int) -> dict[str, Any]:
    """The counts and the condition that the report leaves at its site."""
    claims = ("latest_version", "recommended_version", "update_available", "security_update")
    states = [
        State(
            each.name,
            each.version,
            each.type,
            each.project,
            each.display_name,
            each.enabled,
            each.source,
            **{name: getattr(each.claim, name) for name in claims},
        )
        for each in report(profile, state).modules
    ]
    for each in states:
        settle(each, None, leads=True)
    return numbers_of(states)


@dataclass(frozen=True)
class Site:
    """One seeded site; `key` is its API key in clear."""

    number: int
    id: str
    organization_id: str
    key: str

    @property
    def profile(self) -> int:
        return self.number % PROFILES


@dataclass
class Round:
    """Goes through some sites again and again; `done` is how many changed reports they have sent in all."""

    sites: list[Site]
    done: int = 0

    def changed(self, number: int) -> tuple[Site, int]:
        """The site and state of the changed report that comes `number` after those done."""
        at = self.done + number
        return self.sites[at % len(self.sites)], at // len(self.sites) + 1

    def unchanged(self, number: int) -> tuple[Site, int]:
        """A site and the state that it is in."""
        at = number % len(self.sites)
        return self.sites[at], self.done // len(self.sites) + (at < self.done % len(self.sites))

    def states(self, coming: int) -> Iterator[int]:
        """Every state that any site is in, or comes into within so many reports."""
        yield from range(self.done // len(self.sites), (self.done + coming) // len(self.sites) + 2)
