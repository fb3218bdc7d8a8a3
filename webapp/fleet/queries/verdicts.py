"""Core's verdict on an installation beside the site's own word, as columns for any statement that joins both."""

from __future__ import annotations

from sqlalchemy import and_, case, func, literal, or_

from webapp.catalog.models import ProjectFeed, ProjectVerdict
from webapp.fleet.models import Installation

REASONS = {
    "not_fetched": "The release feed of this project has not been fetched yet.",
    "project_status": "The project itself is marked so on Drupal.org.",
    "empty_version": "The site names no version.",
    "invalid_version": "Drupal's update module does not know versions of this form.",
    "unsupported_branch": "The installed version is on a branch that the project no longer supports.",
    "unsupported_major": "The installed major version is not among those that the project supports.",
    "installed_insecure": "The installed release is marked insecure on Drupal.org.",
    "installed_revoked": "The installed release was revoked on Drupal.org.",
    "installed_unsupported": "The installed release is marked unsupported, or its branch is.",
    "security_updates": "A security release has come out since (Drupal 7).",
    "no_releases": "The project's feed has no releases.",
    "nothing_recommended": "The project's feed has no release that could be recommended.",
    "unknown_project": "Drupal.org has no release history of this project.",
    "unknown_date": "It is a development version, and the site does not say of what date.",
    "compared_by_version": "Compared with the recommended and the latest release.",
    "compared_by_date": "Compared by date with the latest release, as it is a development version.",
    "invalid_info": "The site does not say what is installed.",
}
"""In words, what the rule that led to a verdict means."""
NO_PROJECT = "It is of no project on Drupal.org, so no release feed speaks of it."
LIBRARY = "Libraries have no release feed on Drupal.org."
NOT_ASKED = REASONS["not_fetched"]
V, F = ProjectVerdict, ProjectFeed
IS_OWN = and_(Installation.project.is_(None), Installation.type != "core")
VERDICT = case((Installation.status.is_not(None), Installation.status), (Installation.verdict_id.is_not(None), literal("unknown")),
               (or_(Installation.type == "library", IS_OWN), literal("not_checked")), else_=literal("not_fetched"))
REASON = case((V.rule.is_not(None), case(REASONS, value=V.rule, else_=V.reason)), (Installation.type == "library", literal(LIBRARY)),
              (IS_OWN, literal(NO_PROJECT)), else_=literal(NOT_ASKED))
SAID_UPDATE, SAID_SECURITY = Installation.said_update_available, Installation.said_security_update
DISAGREES = func.coalesce(or_(
    and_(Installation.status == "current", or_(SAID_UPDATE.is_(True), SAID_SECURITY.is_(True))),
    and_(Installation.status == "not_secure", SAID_SECURITY.is_(False)),
    and_(Installation.status.in_(("not_current", "not_secure")), V.recommended.is_distinct_from(Installation.version),
         SAID_UPDATE.is_(False)),
), False)
"""Whether core's verdict and the site's own word cannot both be true."""
