"""Making a message of what has gathered: the document that webhooks get, and that every other kind of channel is made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from webapp.accounts.models import Organization
from webapp.kit.clock import stamp
from webapp.kit.db import db
from webapp.notify.actions import wording
from webapp.notify.models import NotificationDelivery, NotificationRule
from webapp.notify.queries.content import MOST_ITEMS, findings_of, things_of, totals_of
from webapp.notify.values import DIGEST, TEST, Happening

STATES = {Happening.EXPOSURE_CLOSED: {"state": "fixed"}, Happening.EXPOSURE_OVERDUE: {"state": "open", "overdue": "true"}}
PAGES = {Happening.SITE_SILENT: "/sites?status=silent", Happening.SITE_RECOVERED: "/sites", Happening.INVENTORY_REFUSED: "/sites",
         Happening.PATCH_RUN_FAILED: "/patch-runs", Happening.PATCH_RUN_CONTRADICTED: "/patch-runs?evidence=contradicted",
         Happening.TASK_ASSIGNED: "/tasks?open=true", Happening.TASK_LATE: "/tasks?overdue=true",
         Happening.REPORT_DONE: "/reports", Happening.REPORT_FAILED: "/reports"}


class Links:
    """Addresses of pages of this server, for whoever reads elsewhere; none where it does not know its own address."""

    def __init__(self, base: str) -> None:
        self.base = base

    def page(self, path: str, **query: str) -> str | None:
        return f"{self.base}{path}{'?' if query else ''}{urlencode(query)}" if self.base else None


def compose(delivery: NotificationDelivery, base: str, at: datetime) -> dict[str, Any]:
    """The document of a delivery that has gathered; it has at least one item, unless all that it was about is gone."""
    rule = db.session.get_one(NotificationRule, delivery.rule_id)
    place = db.session.get_one(Organization, delivery.organization_id)
    links = Links(base)
    findings, things = findings_of(delivery.id), things_of(delivery.id)
    items = [_finding(row, links, at) for row in findings] + [_thing(row, links) for row in things]
    first = {row.event: wording.thing_text(row) for row in things} | {row.event: wording.finding_title(row, at) for row in findings}
    totals = [total for total in totals_of(delivery.id) if total.event in first]
    sentences = [wording.summary(total, first[total.event]) for total in totals]
    title = wording.digest_title(totals, rule.timing, place.name) if delivery.event == DIGEST else "".join(sentences[:1])
    data = {
        "title": title, "summary": sentences, "reason": wording.reason(rule.name, place.name), "url": _whole(delivery.event, items, links),
        "organization": {"id": str(place.id), "name": place.name}, "rule": {"id": str(rule.id), "name": rule.name},
        "items_count": sum(total.items for total in totals), "items": items[:MOST_ITEMS],
    }
    return {"type": delivery.event, "timestamp": stamp(at), "data": data}


def compose_test(organization_id: UUID, name: str, base: str, at: datetime) -> dict[str, Any]:
    """The document of a test: made like every other, about nothing."""
    place = db.session.get_one(Organization, organization_id)
    text = f"A test of the channel “{wording.plain(name)}”. Messages from Patchboard will look like this one."
    url = Links(base).page("/notification-channels")
    item = {"event": TEST, "at": stamp(at), "text": text, "url": url}
    data = {
        "title": f"Test message from Patchboard for {wording.plain(place.name)}", "summary": [text], "url": url,
        "reason": f"You get this because somebody who manages {wording.plain(place.name)} asked for a test.",
        "organization": {"id": str(place.id), "name": place.name}, "rule": None, "items_count": 1, "items": [item],
    }
    return {"type": TEST, "timestamp": stamp(at), "data": data}


def _finding(row: Any, links: Links, at: datetime) -> dict[str, Any]:
    query = {"advisory": row.name, **STATES.get(row.event, {"state": "open"})}
    return {
        "event": row.event, "at": stamp(row.at), "text": wording.finding_text(row, at), "url": links.page("/exposures", **query),
        "advisory": {"id": str(row.public_id), "name": row.name, "title": row.title, "severity": row.severity, "link": row.link},
        "sites_count": row.sites_count, "sites": list(row.sites), "due_at": stamp(row.due_at)}


def _thing(row: Any, links: Links) -> dict[str, Any]:
    told: dict[str, Any] = {"event": row.event, "at": stamp(row.at), "text": wording.thing_text(row), "url": None}
    if row.site:
        told |= {"site": row.site, "last_report_at": stamp(row.last_report_at), "url": links.page(f"/sites/{row.site['id']}")}
    if row.event in (Happening.PATCH_RUN_FAILED, Happening.PATCH_RUN_CONTRADICTED):
        told |= {"patch_run_id": str(row.ref), "url": links.page(f"/patch-runs/{row.ref}")}
    elif row.event in wording.TASKS:
        told |= {"task_id": str(row.ref), "label": row.label, "url": links.page(f"/tasks/{row.ref}")}
    elif row.event in wording.REPORTS:
        told |= {"report_id": str(row.ref), "label": row.label, "url": links.page(f"/reports/{row.ref}")}
    elif row.event == Happening.INVENTORY_REFUSED and row.site:
        told |= {"reason": row.label, "url": links.page(f"/sites/{row.site['id']}/received")}
    return told


def _whole(event: str, items: list[dict[str, Any]], links: Links) -> str | None:
    """Where all of it is: the page of the only thing, or the list that holds several."""
    if len(items) == 1:
        url: str | None = items[0]["url"]
        return url
    if event == DIGEST:
        return links.page("/overview")
    kind = Happening(event)
    return links.page(PAGES[kind]) if kind in PAGES else links.page("/exposures", **STATES.get(kind, {"state": "open"}))
