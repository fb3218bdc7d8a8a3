"""Every blueprint, command and job of every room."""

from __future__ import annotations

from typing import Any

import webapp.accounts.models
import webapp.audit.models
import webapp.catalog.models
import webapp.exposure.models
import webapp.files.models
import webapp.fleet.actions.verdicts
import webapp.fleet.models
import webapp.insights.actions.watching
import webapp.insights.models
import webapp.kit.models
import webapp.notify.models
import webapp.patching.models
import webapp.reports.models
import webapp.tasks.actions.evidence
import webapp.tasks.models  # noqa: F401 (models are known to the metadata by being imported)
from webapp.accounts.api import api as accounts_api
from webapp.accounts.cli import create_superuser
from webapp.accounts.jobs import send_reset
from webapp.accounts.pages import pages as accounts_pages
from webapp.audit.api import api as audit_api
from webapp.audit.cli import verify_audit
from webapp.audit.pages import pages as audit_pages
from webapp.catalog.api import api as catalog_api
from webapp.catalog.cli import explain, feeds
from webapp.catalog.jobs import fetch_advisory_source, fetch_project
from webapp.catalog.pages import pages as catalog_pages
from webapp.exposure.api import api as exposure_api
from webapp.exposure.jobs import evaluate_advisories
from webapp.exposure.pages import pages as exposure_pages
from webapp.files.api import api as files_api
from webapp.files.api import links as file_links
from webapp.files.jobs import read_failed, read_text
from webapp.files.pages import pages as files_pages
from webapp.fleet.api import api as fleet_api
from webapp.fleet.pages import pages as fleet_pages
from webapp.ingest.api import api as ingest_api
from webapp.ingest.pages import pages as ingest_pages
from webapp.insights.api import api as insights_api
from webapp.insights.api import hooks_api
from webapp.insights.cli import import_git
from webapp.insights.jobs import follow_patch_runs, read_delivery, read_delivery_failed
from webapp.insights.pages import pages as insights_pages
from webapp.kit.mail import send_mail
from webapp.kit.rotation import rotate_secrets
from webapp.kit.web.openapi_reference import api_reference
from webapp.notify.api import api as notify_api
from webapp.notify.jobs import deliver, delivery_failed, match
from webapp.notify.pages import pages as notify_pages
from webapp.ops.api import admin, live_api, probes
from webapp.ops.api.graph import graph_api
from webapp.ops.api.search import search_api
from webapp.ops.cli import init_db
from webapp.ops.demo.cli import demo
from webapp.ops.pages import pages as ops_pages
from webapp.ops.pages.admin import admin_pages
from webapp.patching.api import api as patching_api
from webapp.patching.pages import pages as patching_pages
from webapp.reports.api import api as reports_api
from webapp.reports.jobs import build, build_failed
from webapp.reports.pages import pages as reports_pages
from webapp.tasks.api import api as tasks_api
from webapp.tasks.pages import pages as tasks_pages

BLUEPRINTS: list[Any] = [
    probes, admin, live_api, audit_api, audit_pages, accounts_api, accounts_pages, catalog_api, catalog_pages, files_api, file_links,
    files_pages, fleet_api, fleet_pages, exposure_api, exposure_pages, ingest_api, ingest_pages, patching_api, patching_pages, ops_pages,
    search_api, admin_pages,
    insights_api, hooks_api, insights_pages, notify_api, notify_pages, reports_api, reports_pages, graph_api,
    tasks_api, tasks_pages,
]
COMMANDS: list[Any] = [init_db, create_superuser, verify_audit, rotate_secrets, demo, explain, feeds, import_git, api_reference]
JOBS: dict[str, Any] = {
    "feeds.fetch": fetch_project, "advisories.fetch": fetch_advisory_source,
    "mail.send": send_mail, "accounts.send_reset": send_reset, "exposure.evaluate": evaluate_advisories, "notify.match": match,
    "insights.read_delivery": read_delivery, "insights.read_delivery.failed": read_delivery_failed,
    "files.read_text": read_text, "files.read_text.failed": read_failed,
    "insights.follow_runs": follow_patch_runs,
    "notify.deliver": deliver, "notify.deliver.failed": delivery_failed, "reports.build": build,
    "reports.build.failed": build_failed}
