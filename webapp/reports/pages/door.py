"""The blueprint of the pages of reports."""

from webapp.kit.web.doors import Doors

pages = Doors("reports_pages", __name__, is_page=True)
