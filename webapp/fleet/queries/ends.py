"""What ends: branches of Drupal core whose security updates end within a year or have ended, and branches that projects have given up.

Of PHP and databases nothing is said: no feed of ours tells it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from webapp.catalog.models import Module, ProjectVerdict
from webapp.catalog.values.marks import RISKS
from webapp.catalog.verdicts.coverage import Coverage
from webapp.fleet.models import Installation, Site
from webapp.fleet.policy import visible_sites
from webapp.fleet.queries.counts import count_lists
from webapp.fleet.queries.sites import find_sites
from webapp.fleet.queries.support import CoreBranch, find_core_support
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission

A_YEAR = timedelta(days=365)
GIVEN_UP = "not_supported"
BRANCH = func.regexp_replace(Installation.version, "[^.]*$", "")
"""A version up to its last dot, as feeds name the branches that they support: `8.x-2.` of 8.x-2.4, `6.2.` of 6.2.9."""
RUNS = Installation.enabled.is_not(False)


def find_core_ends(actor: Actor, asked: Mapping[str, Any], today: date) -> list[CoreBranch]:
    """The branches of core that sites run and that end within a year or have ended, what ended first; each with its sites.

    Where core names no date but the release that ends a branch, it is listed from when one minor version is left.
    """
    return [each for each in find_core_support(actor, asked, today) if _is_near(each, today)]


def _is_near(branch: CoreBranch, today: date) -> bool:
    support = branch.support
    if support.state in (Coverage.ENDED, Coverage.ENDING):
        return True
    until = support.until or ""
    return support.state is Coverage.SUPPORTED and until.count("-") > 0 and until <= (today + A_YEAR).isoformat()[:len(until)]


def find_module_ends(actor: Actor, asked: Mapping[str, Any]) -> Listing:
    """Branches of modules that run somewhere and are not supported any more, by Drupal's verdict; those on most sites first.

    A project is listed by the module that stands for it. `sites_count` is the length of that module's list of sites with
    `verdict=not_supported`, `runs=true` and this `branch`.
    """
    sites = visible_sites(actor, Permission.MODULE_READ).with_only_columns(Site.id)
    if "organization_id" in asked:
        sites = sites.where(Site.organization_id == asked["organization_id"])
    ended = select(
        Installation.module_id, BRANCH.label("branch"), func.count().label("sites_count"),
        func.max(Installation.display_name).label("display_name"),
        func.array_agg(Installation.version.distinct()).label("versions"),
        func.max(Installation.latest_version).label("latest_version"),
        func.bool_and(ProjectVerdict.rule == "project_status").label("is_whole_project"),
    ).join(ProjectVerdict, ProjectVerdict.id == Installation.verdict_id).where(
        Installation.valid_to.is_(None), RUNS, Installation.status == GIVEN_UP, Installation.type != "core",
        Installation.site_id.in_(sites),
    ).group_by(Installation.module_id, BRANCH).having(func.bool_or(Installation.update_available.is_not(None))).subquery()
    columns = ended.c
    statement: Any = select(
        Module.public_id.label("module_id"), Module.name, columns.display_name, columns.branch, columns.sites_count, columns.versions,
        columns.latest_version, columns.is_whole_project).join(ended, columns.module_id == Module.id)
    if asked.get("q"):
        statement = statement.where(Module.name.icontains(asked["q"], autoescape=True)
                                    | columns.display_name.icontains(asked["q"], autoescape=True))
    sorts = {"name": Module.name, "branch": columns.branch, "sites_count": columns.sites_count}
    return Listing(statement, sorts, "-sites_count,name,branch", Module.id, shape=lambda row: row)


def count_marked(actor: Actor, asked: Mapping[str, Any]) -> dict[str, int]:
    """How many sites run what imported lists mark as unsupported or deprecated, which is a risk though no verdict says it."""
    return count_lists({mark.value: find_sites(actor, {**asked, "mark": [mark]}) for mark in RISKS})
