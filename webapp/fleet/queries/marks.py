"""What imported lists mark the code of sites as: set beside Drupal's verdict and the advisories, never mixed with them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, select

from webapp.catalog.models import ProjectVerdict
from webapp.fleet.models import Installation, Site


def is_marked(kinds: Sequence[str]) -> ColumnElement[bool]:
    """Whether an installation is of a version that a list marks as one of these kinds."""
    marked = select(ProjectVerdict.id).where(ProjectVerdict.marks != [], ProjectVerdict.marks.overlap(kinds))
    return Installation.verdict_id.in_(marked)


def runs_marked(kinds: Sequence[str]) -> ColumnElement[bool]:
    """Whether a site runs such code now, switched-off code left out."""
    return Site.id.in_(select(Installation.site_id).where(and_(
        Installation.valid_to.is_(None), Installation.enabled.is_not(False), is_marked(kinds))))
