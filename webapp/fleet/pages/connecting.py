"""How a site reports: its keys, the lines to copy, and the first report as it arrives."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, request

from webapp.accounts.actions import keys
from webapp.accounts.queries import find_keys, get_key
from webapp.fleet import queries
from webapp.fleet.models import Site
from webapp.fleet.pages.door import SITE, pages
from webapp.fleet.pages.frame import frame
from webapp.kit.clock import now
from webapp.kit.errors import NotFound
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.pages import go, page

P = Permission
MOST_KEYS = 50
EXAMPLE = '{"drupal": {"core_version": "10.3.8"}, "modules": [{"name": "webform", "version": "6.2.7"}]}'
SEND = 'curl -sS {url} \\\n  -H "X-API-Key: $PB_KEY" -H "Content-Type: application/json" \\\n  '


@pages.get(f"{SITE}/connect", needs=P.SITE_READ)
def connect_site(actor: Actor, site_id: UUID) -> Response:
    """How does it report?"""
    return show_connection(actor, queries.get_site(actor, site_id))


@pages.post(f"{SITE}/connect", needs=P.API_KEY_MANAGE)
def make_key(actor: Actor, site_id: UUID) -> Response:
    """Makes a key for the site and shows it, this once."""
    site = queries.get_site(actor, site_id)
    body = {"name": site.name[:200], "organization_id": site.organization_id, "site_id": site.id}
    key = keys.create_key(actor, body, current_app.config["SECRET_KEY"], now())
    return show_connection(actor, site, key.secret)  # type: ignore[attr-defined]


@pages.post(f"{SITE}/keys/<uuid:key_id>/revoke", needs=P.API_KEY_MANAGE)
def revoke_key(actor: Actor, site_id: UUID, key_id: UUID) -> Response:
    """Ends a key of the site at once."""
    key = get_key(actor, key_id, lock=True)
    if key.site_id != queries.get_site(actor, site_id).id:
        raise NotFound()
    keys.revoke_key(actor, key, now())
    return go("fleet_pages.connect_site", site_id=site_id, say=f"The key {key.prefix}… is revoked.")


def show_connection(actor: Actor, site: Site, secret: str | None = None) -> Response:
    """The page; htmx gets the line that waits for the first report."""
    received = queries.find_received(actor, site, {})
    last = received.fetch(received.ordered().limit(1))
    manages = actor.may(P.API_KEY_MANAGE, site.organization_id)
    found = find_keys(actor, {"site_id": site.id}) if manages else None
    shown = found.fetch(found.ordered().limit(MOST_KEYS)) if found else []
    return page("fleet/site_connect.html", block="arrival", secret=secret, keys=shown, last=last[0] if last else None,
                lines=lines_to_copy(server_address()), **frame(actor, site, "/connect", now()))


def server_address() -> str:
    """Where sites reach this server: as it is set, else as this browser came here."""
    return str(current_app.config["PUBLIC_URL"]) or request.host_url.rstrip("/")


def lines_to_copy(address: str) -> list[dict[str, Any]]:
    """Ways to send a report with nothing but a shell."""
    send = SEND.format(url=f"{address}/api/v1/ingest")
    return [
        {"label": "With Composer: the lock file says what is there",
         "text": f"{send}--data-binary @composer.lock"},
        {"label": "With Drush: what is there and what is enabled",
         "text": f"drush pm:list --format=json | {send}--data-binary @-"},
        {"label": "With curl alone: any list of modules", "text": f"{send}--data '{EXAMPLE}'"},
    ]
