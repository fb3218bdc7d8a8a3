"""Until when the versions of Drupal core that the fleet runs get security updates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from webapp.catalog.queries.feeds import load_feed
from webapp.catalog.values.releases import CORE
from webapp.catalog.verdicts.coverage import Coverage, Support, branch_of, support_of_branch
from webapp.catalog.versions import sort_key
from webapp.fleet.models import Site
from webapp.fleet.policy import visible_sites
from webapp.kit.db import db
from webapp.kit.permissions import Actor, Permission

WORST = {Coverage.ENDED: 0, Coverage.ENDING: 1, None: 2, Coverage.SUPPORTED: 3}


@dataclass(frozen=True, slots=True)
class CoreBranch:
    """One branch of core, how it is covered, and how many sites run it; `versions` are those, the newest first."""

    branch: str
    support: Support
    sites: int
    versions: list[str]


def find_core_support(actor: Actor, asked: Mapping[str, Any], today: date) -> list[CoreBranch]:
    """The branches of core that visible sites run: what has ended first, then what ends next. In two statements or three."""
    sites = visible_sites(actor, Permission.SITE_READ).where(Site.core_version.is_not(None))
    if "organization_id" in asked:
        sites = sites.where(Site.organization_id == asked["organization_id"])
    counted = sites.with_only_columns(Site.core_version, func.count().label("sites")).group_by(Site.core_version).subquery()
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in db.session.execute(select(counted)):
        found[branch_of(row.core_version)][row.core_version] = row.sites
    feed = load_feed(CORE) if found else None
    branches = [CoreBranch(branch, support_of_branch(branch, feed, today), sum(versions.values()),
                           sorted(versions, key=sort_key, reverse=True)) for branch, versions in found.items()]
    return sorted(branches, key=lambda each: (WORST[each.support.state], each.support.until or "", each.branch))
