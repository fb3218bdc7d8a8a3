"""Replaying real histories: each state of each lock file becomes the report that the site would have sent that day."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from webapp.accounts.actions.organizations import create_organization
from webapp.accounts.models import Organization
from webapp.fleet.actions.inventory import Envelope
from webapp.fleet.actions.sites import register_site
from webapp.fleet.models import Site
from webapp.ingest.actions import receive_report
from webapp.kit.db import ALL, db, unit_of_work
from webapp.kit.permissions import SYSTEM
from webapp.ops.demo.histories import History

AGENT = "patchboard-demo"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one history made: reports and version changes; `seconds` is None where the site was there before.

    `moved` is what the last lock itself still changed, `expected` what it had to: branches that moved under one name.
    """

    history: History
    reports: int = 0
    changes: int = 0
    moved: int = 0
    expected: int = 0
    seconds: float | None = None

    @property
    def summary(self) -> str:
        """One line for whoever waits."""
        if self.seconds is None:
            return f"{self.history.repo}: is here already, and stays as it is"
        proof = (
            "the last lock changed nothing"
            if not self.moved
            else f"the last lock moved {self.moved}, within development branches"
            if self.is_exact
            else f"the last lock changed {self.moved} instead of {self.expected}"
        )
        return f"{self.history.repo}: {self.reports} states, {self.changes} changes, {self.seconds:.1f} s; {proof}"

    @property
    def is_exact(self) -> bool:
        """Whether the last lock found just what the history had led to."""
        return self.moved == self.expected


def replay(histories: Iterable[History], at: datetime, place: str | None = None) -> Iterator[Replayed]:
    """Makes a site of each history, each in one transaction; a site that is there already stays as it is.

    The organizations are the repositories' owners, or `place` for all. `at` is when the last locks are sent.
    """
    for history in histories:
        began = time.monotonic()
        with unit_of_work(ALL):
            site = _new_site(history, place or history.owner)
            if site is None:
                yield Replayed(history)
                continue
            changes = 0
            for moment, document in history.documents():
                answer = report(site.id, document, moment)
                changes += answer["added"] + answer["updated"] + answer["removed"]
            last = report(site.id, history.last_document, at)
            moved = last["added"] + last["updated"] + last["removed"]
        yield Replayed(history, len(history.lines), changes, moved, len(history.moved_within_branches()), time.monotonic() - began)


def report(site_id: UUID, document: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Sends a document as the API would take it, at a time that is given."""
    raw = orjson.dumps(document)
    return receive_report(SYSTEM, site_id, document, Envelope(len(raw), hashlib.sha256(raw).digest(), agent=AGENT), at)


def _new_site(history: History, place: str) -> Site | None:
    """The site of a history; None where its address is taken."""
    url = f"https://github.com/{history.repo}"
    if db.session.scalar(select(Site.id).where(Site.url == url)):
        return None
    organization = db.session.scalar(select(Organization).where(Organization.name == place, Organization.deleted_at.is_(None)))
    if organization is None:
        organization = create_organization(SYSTEM, {"name": place}, history.began_at)
    return register_site(
        SYSTEM,
        {
            "organization_id": organization.id,
            "name": history.name,
            "url": url,
            "tags": ["real history"],
            "description": "Replayed from the history of a public repository's composer.lock.",
        },
        history.began_at,
    )
