"""Receiving a site's report: read it, record it, explain it, in one transaction; or note why it was refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.exposure.actions.settling import Settled, settle_report
from webapp.files.values import document_uploaded
from webapp.fleet.actions.inventory import Envelope, note_refusal, record_inventory, repeat_report
from webapp.fleet.models import Site
from webapp.fleet.policy import visible_sites
from webapp.fleet.values import ChangeSet
from webapp.ingest.formats import read_document, recognise
from webapp.ingest.formats.texts import what_text_is
from webapp.kit import metrics
from webapp.kit.db import db, regardless
from webapp.kit.errors import Invalid, NotAuthenticated, NotFound
from webapp.kit.permissions import Actor, Permission
from webapp.kit.signatures import signature_late
from webapp.patching.actions import explain
from webapp.patching.queries import awaits_report

AHEAD = timedelta(minutes=5)


def site_of(actor: Actor, site_id: UUID | None, at: datetime) -> Any:
    """The site that the actor may report for; None names it by the actor's key alone. NotFound otherwise.

    Of the site only what a report needs: `id`, `organization_id`, the newest report's `body_hash`, `require_signed_reports`, and
    `is_awaited` where a patch run waits for a report.
    """
    actor.require(Permission.INVENTORY_POST)
    wanted = site_id or actor.site_id
    if wanted is None:
        raise Invalid("This key belongs to no site. Name the site in the path.")
    visible = visible_sites(actor, Permission.INVENTORY_POST).where(Site.id == wanted).with_only_columns(
        Site.id, Site.organization_id, Site.body_hash, Site.require_signed_reports, awaits_report(Site.id, at).label("is_awaited"))
    site = db.session.connection().execute(visible).first()
    if site is None:
        raise NotFound()
    return site


def envelope_of(raw: bytes, actor: Actor) -> Envelope:
    """How a report came."""
    return Envelope(len(raw), hashlib.sha256(raw).digest(), ip=actor.origin.ip, agent=actor.origin.user_agent)


def require_signature(actor: Actor, site: Any) -> None:
    """NotAuthenticated where the site takes signed reports only, and this one is not."""
    if site.require_signed_reports and not actor.is_signed:
        raise NotAuthenticated("This site takes signed reports only.", code="signature_required")


def repeat(site: Any, envelope: Envelope, at: datetime) -> dict[str, Any] | None:
    """The answer to a body that the site sent before, as its newest; None for another body, or where a patch run awaits a report."""
    if site.is_awaited or site.body_hash is None or bytes(site.body_hash) != envelope.body_hash:
        return None
    changes = repeat_report(site.id, envelope, at)
    if changes is None:
        return None
    metrics.INGEST.labels("unchanged").inc()
    return answer(changes, None)


def receive_report(actor: Actor, site_id: UUID, document: object, envelope: Envelope, at: datetime) -> dict[str, Any]:
    """Records what the document says; Invalid where it cannot be meant, and then nothing has changed."""
    report = read_document(document)
    if report.reported_at is not None and report.reported_at > at + AHEAD:
        raise Invalid.at("reported_at", "This lies more than five minutes in the future.")
    dated = replace(envelope, dated=report.reported_at is not None)
    recorded = record_inventory(actor, site_id, report, dated, at, lambda: bool(db.session.scalar(select(awaits_report(site_id, at)))))
    if recorded.is_repeat:
        return answer(recorded.changes, None)
    run_id = explain(actor, recorded.site, recorded.changes, report_id=UUID(recorded.changes.report_id),
                     reported_at=recorded.reported_at, observed=recorded.observed, at=at, security_modules=recorded.security,
                     whole=report.full, before=recorded.site.last_report_at)
    settled = settle_report(actor, recorded.site, recorded.changes.packages, at)
    metrics.INGEST.labels("accepted").inc()
    return answer(recorded.changes, run_id, settled)


@document_uploaded.connect
def _receive_upload(actor: Actor, site_id: UUID, raw: bytes, document: Any, at: datetime) -> dict[str, Any] | None:
    """A file that is a report of its site, in any of the formats that sites post; None for what is none.

    One that is refused is among the site's reports with its reason, also when nothing else of the upload is kept.
    """
    reason = None if document is not None else what_text_is(raw[:2000].decode("utf-8", "replace"))
    if recognise(document) is None and reason is None:
        return None
    site, envelope = site_of(actor, site_id, at), envelope_of(raw, actor)
    try:
        if site.require_signed_reports:
            raise Invalid("This site takes signed reports only, and a file is not signed.")
        if reason is not None:
            raise Invalid(reason)
        return plain_answer(repeat(site, envelope, at) or receive_report(actor, site.id, document, envelope, at))
    except Invalid as problem:
        message = problem.message
        regardless(lambda: refuse(site, envelope, message, at))
        raise Invalid.at("file", f"As a report of the site it is refused: {message}") from None


def plain_answer(told: dict[str, Any]) -> dict[str, Any]:
    """The answer as it is kept beside an upload."""
    return {name: str(value) if isinstance(value, UUID) else value for name, value in told.items()}


def refuse(site: Any, envelope: Envelope, reason: str, at: datetime) -> None:
    """Notes that a report was refused and why, so that nobody has to guess why a site stays silent."""
    metrics.INGEST.labels("refused").inc()
    note_refusal(site.id, site.organization_id, envelope, [], reason, at)


@signature_late.connect
def _note_late(actor: Actor, reason: str, at: datetime) -> None:
    """A site whose clock is wrong would stay silent without a word: its key was right, so that the refusal is its own."""
    if actor.site_id is None:
        return
    site = site_of(actor, actor.site_id, at)
    metrics.INGEST.labels("refused").inc()
    regardless(lambda: note_refusal(site.id, site.organization_id, envelope_of(b"", actor), [], reason, at))


def answer(changes: ChangeSet, run_id: UUID | None, settled: Settled | None = None) -> dict[str, Any]:
    """What the site is told: what changed, and which findings that opened and closed."""
    return {"report_id": changes.report_id, "received": changes.received, "added": changes.added, "updated": changes.updated,
            "removed": changes.removed, "unchanged": changes.unchanged, "updates_available": changes.updates_available,
            "security_updates": changes.security_updates, "exposures_opened": settled.opened if settled else 0,
            "exposures_closed": settled.closed if settled else 0, "patch_run_id": run_id}
