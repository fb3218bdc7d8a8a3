"""Asking a worker to fetch a feed, or a source of advisories, at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from webapp.audit.actions import record
from webapp.catalog.models import ProjectFeed
from webapp.catalog.values.releases import AdvisoryOrigin
from webapp.kit import jobs
from webapp.kit.errors import Conflict
from webapp.kit.permissions import Actor, Permission

OFF = "Fetching is switched off on this server (FEEDS_ENABLED)."


def ask_for_feed(actor: Actor, feeds: Sequence[ProjectFeed], is_enabled: bool, at: datetime) -> dict[str, Any]:
    """Asks for the feeds of one project; Conflict where this server fetches none."""
    actor.require(Permission.SYSTEM_OPERATE)
    if not is_enabled:
        raise Conflict(OFF)
    project = feeds[0].project
    job_id = jobs.ask("feeds.fetch", {"project": project}, at)
    record(actor, "feed.asked_for", "ProjectFeed", changes={"project": [None, project], "job_id": [None, str(job_id)]})
    return {"project": project, "job_id": job_id}


def ask_for_advisories(actor: Actor, source: AdvisoryOrigin, is_enabled: bool, at: datetime) -> dict[str, Any]:
    """Asks for the advisories of one source; Conflict where this server fetches none."""
    actor.require(Permission.SYSTEM_OPERATE)
    if not is_enabled:
        raise Conflict(OFF)
    job_id = jobs.ask("advisories.fetch", {"source": source.value}, at)
    record(actor, "feed.asked_for", "AdvisoryFeed", changes={"source": [None, source.value], "job_id": [None, str(job_id)]})
    return {"source": source.value, "job_id": job_id}
