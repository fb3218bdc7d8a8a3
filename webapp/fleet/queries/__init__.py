"""Every read of the fleet, as functions that start from what the actor may see."""

from webapp.fleet.queries.inventory import find_changes, find_installed, find_received
from webapp.fleet.queries.modules import find_module_sites, find_module_versions, find_modules, get_module
from webapp.fleet.queries.sites import (
    count_by_status, count_new_by_status, find_sites, get_site, may_own, since_column, status_column,
)

__all__ = [
    "count_by_status", "count_new_by_status", "find_changes", "find_installed", "find_module_sites", "find_module_versions",
    "find_modules", "find_received", "find_sites", "get_module", "get_site", "may_own", "since_column", "status_column",
]
