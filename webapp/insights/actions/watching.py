"""What else numbers follow from: whose sites and repositories are, whether they are there, and the clock of their place."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from webapp.accounts.models import Organization, Team
from webapp.fleet.models import Site
from webapp.insights.models import Repository
from webapp.kit.cache import touch

WATCHED: Final[dict[type, tuple[str, ...]]] = {
    Site: ("deleted_at", "team_id", "repository_id", "name"), Repository: ("deleted_at", "team_id", "name"), Team: ("deleted_at",),
    Organization: ("deleted_at", "settings")}


@event.listens_for(Session, "after_flush")
def _make_answers_old(session: Session, _context: Any) -> None:
    """A change that moves numbers makes the kept answers of its organization old; reports of sites move none by themselves."""
    for row in session.dirty:
        names = WATCHED.get(type(row), ())
        if any(inspect(row).attrs[name].history.has_changes() for name in names):
            touch(f"org:{row.id if isinstance(row, Organization) else row.organization_id}")
