"""The blueprint of the fleet's pages."""

from webapp.kit.web.doors import Doors

SITE = "/sites/<uuid:site_id>"
MODULE = "/modules/<uuid:module_id>"

pages = Doors("fleet_pages", __name__, is_page=True)
