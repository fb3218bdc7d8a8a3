"""Every read of the fleet, as functions that start from what the actor may see."""

from webapp.fleet.queries.counts import (
    Choice,
    count_by_keeper,
    count_lists,
    count_sites,
    find_fixes,
    find_possible_owners,
    installed_choices,
    site_choices,
)
from webapp.fleet.queries.ends import count_marked, find_core_ends, find_module_ends
from webapp.fleet.queries.freshness import find_stale_feeds
from webapp.fleet.queries.inventory import find_changes, find_installed, find_received
from webapp.fleet.queries.modules import find_module_sites, find_module_versions, find_modules, get_module
from webapp.fleet.queries.names import in_team, names_of, repositories_to_choose, with_names
from webapp.fleet.queries.sites import (
    count_by_status,
    count_new_by_status,
    find_deleted_sites,
    find_sites,
    find_some_sites,
    get_site,
    may_own,
    since_column,
    status_column,
)
from webapp.fleet.queries.support import CoreBranch, find_core_support
from webapp.fleet.queries.teams import measure_sites  # it listens to `team_measured` from here on

__all__ = [
    "Choice",
    "CoreBranch",
    "count_by_keeper",
    "count_by_status",
    "count_lists",
    "count_marked",
    "count_new_by_status",
    "count_sites",
    "find_changes",
    "find_core_ends",
    "find_core_support",
    "find_deleted_sites",
    "find_fixes",
    "find_installed",
    "find_module_ends",
    "find_module_sites",
    "find_module_versions",
    "find_modules",
    "find_possible_owners",
    "find_received",
    "find_sites",
    "find_some_sites",
    "find_stale_feeds",
    "get_module",
    "get_site",
    "in_team",
    "installed_choices",
    "may_own",
    "measure_sites",
    "names_of",
    "repositories_to_choose",
    "since_column",
    "site_choices",
    "status_column",
    "with_names",
]
