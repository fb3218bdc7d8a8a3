"""Whether the fleet is ready for the security window: Drupal.org publishes on Wednesdays, 16:00 to 22:00 UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from webapp.catalog.models import Module, ProjectFeed, ProjectRelease, ProjectVerdict
from webapp.catalog.queries.freshness import is_stale_feed
from webapp.catalog.versions import BadConstraint, BadVersion, satisfies
from webapp.exposure.queries.findings import find_exposures
from webapp.fleet.models import Installation, Site
from webapp.fleet.policy import visible_sites
from webapp.fleet.queries import count_lists, find_sites
from webapp.kit.db import db
from webapp.kit.permissions import Actor, Permission

WEDNESDAY = 2
OPENS, CLOSES = time(16), time(22)
SITES: Mapping[str, dict[str, Any]] = {
    "silent": {"status": ["silent"]}, "unknown": {"status": ["unknown"]}, "ownerless": {"owned": False}}
FINDINGS: Mapping[str, dict[str, Any]] = {
    "open": {"state": ["open"], "runs": True}, "late": {"overdue": True, "runs": True}}


@dataclass(frozen=True, slots=True)
class Window:
    """The security window that is open, or the next one; times in UTC."""

    opens_at: datetime
    closes_at: datetime

    def is_open(self, at: datetime) -> bool:
        return self.opens_at <= at < self.closes_at


def next_window(at: datetime) -> Window:
    """The window that is open at a moment, or else the next one."""
    day = at.date() + timedelta(days=(WEDNESDAY - at.weekday()) % 7)
    window = Window(datetime.combine(day, OPENS, at.tzinfo), datetime.combine(day, CLOSES, at.tzinfo))
    week = timedelta(days=7)
    return window if at < window.closes_at else Window(window.opens_at + week, window.closes_at + week)


def window_view(actor: Actor, asked: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What is not ready, in numbers (each the length of the list with the same filters), and what core's version blocks."""
    counts = count_lists({**{name: find_sites(actor, {**asked, **wanted}, at) for name, wanted in SITES.items()},
                          **{name: find_exposures(actor, {**asked, **wanted}, at) for name, wanted in FINDINGS.items()}})
    feeds = db.session.execute(select(
        func.count().label("all"), func.count().filter(or_(ProjectFeed.fetched_at.is_(None), is_stale_feed(at))).label("stale"),
        func.max(ProjectFeed.fetched_at).label("newest"))).one()
    return {"window": next_window(at), "counts": counts, "feeds": feeds, "blocked": blocked_updates(actor, asked)}


def blocked_updates(actor: Actor, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Updates whose recommended release does not fit the site's core: by module, version and core, security updates first.

    Rows have `module, module_id, version, recommended, security, core_version, needs_core` (Composer's terms) and `sites`.
    Source: `core_compatibility` of the release feed; core itself names none.
    """
    every = (
        visible_sites(actor, Permission.EXPOSURE_READ).join(Installation, Installation.site_id == Site.id)
        .join(Module, Module.id == Installation.module_id).join(ProjectVerdict, ProjectVerdict.id == Installation.verdict_id)
        .join(ProjectRelease, (ProjectRelease.feed_id == ProjectVerdict.feed_id) & (ProjectRelease.version == ProjectVerdict.recommended))
        .where(Installation.valid_to.is_(None), Installation.update_available.is_(True), ProjectRelease.core_compatibility.is_not(None),
               Site.core_version.is_not(None)))
    if "organization_id" in asked:
        every = every.where(Site.organization_id == asked["organization_id"])
    columns = (Module.name, Module.public_id, Installation.version, ProjectVerdict.recommended, Site.core_version,
               ProjectRelease.core_compatibility)
    statement = every.with_only_columns(*columns, func.bool_or(Installation.security_update).label("security"), func.count().label("sites"))
    found = [
        {"module": row.name, "module_id": row.public_id, "version": row.version, "recommended": row.recommended,
         "security": bool(row.security), "core_version": row.core_version, "needs_core": row.core_compatibility, "sites": row.sites}
        for row in db.session.execute(statement.group_by(*columns)) if not _fits(row.core_version, row.core_compatibility)]
    return sorted(found, key=lambda each: (not each["security"], -each["sites"], each["module"]))


def _fits(core_version: str, constraint: str) -> bool:
    """Whether core satisfies what a release asks for; what cannot be read blocks nothing, as nothing says that it does."""
    try:
        return satisfies(core_version, constraint)
    except (BadVersion, BadConstraint):
        return True
