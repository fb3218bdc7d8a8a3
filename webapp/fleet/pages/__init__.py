"""Pages of the fleet: sites, what is on one of them and what it sent, how it reports, the modules of all, and one team."""

from webapp.fleet.pages import connecting, ends, many, modules, parts, sites, teams, uploads
from webapp.fleet.pages.door import pages

__all__ = ["connecting", "ends", "many", "modules", "pages", "parts", "sites", "teams", "uploads"]
