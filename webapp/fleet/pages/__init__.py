"""Pages of the fleet: sites, what is on one of them and what it sent, how it reports, and the modules of all."""

from webapp.fleet.pages import connecting, many, modules, parts, sites
from webapp.fleet.pages.door import pages

__all__ = ["connecting", "many", "modules", "pages", "parts", "sites"]
