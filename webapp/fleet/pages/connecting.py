"""How a site reports: its keys, the lines to copy, and the first report as it arrives."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, current_app, request

from webapp.accounts.actions import keys
from webapp.accounts.queries import find_keys, get_key
from webapp.fleet import queries
from webapp.fleet.actions import sites
from webapp.fleet.models import Site
from webapp.fleet.pages.door import SITE, pages
from webapp.fleet.pages.frame import frame
from webapp.kit.clock import now
from webapp.kit.errors import NotFound
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import go, page

P = Permission
MOST_KEYS = 50
EXAMPLE = '{"drupal": {"core_version": "10.3.8"}, "modules": [{"name": "webform", "version": "6.2.7"}]}'
SEND = 'curl -sS {url} \\\n  -H "X-API-Key: $PB_KEY" -H "Content-Type: application/json" \\\n  '
# The five lines that are signed, joined by line feeds; the last is the hash of the body.
SIGN = """body=composer.lock time=$(date +%s) nonce=$(openssl rand -hex 16)
hash=$(openssl dgst -sha256 -r "$body" | cut -c 1-64)
sign=$(printf 'POST\\n{path}\\n%s\\n%s\\n%s' "$time" "$nonce" "$hash" \\
  | openssl dgst -sha256 -hmac "$PB_KEY" -r | cut -c 1-64)
curl -sS {url} -H "Content-Type: application/json" \\
  -H "X-Patchboard-Key: $(printf %.12s "$PB_KEY")" -H "X-Patchboard-Timestamp: $time" \\
  -H "X-Patchboard-Nonce: $nonce" -H "X-Patchboard-Signature: v1=$sign" \\
  --data-binary "@$body\""""


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


@pages.post(f"{SITE}/signed", needs=P.API_KEY_MANAGE)
def require_signed(actor: Actor, site_id: UUID) -> Response:
    """Takes signed reports only from now on, or any again."""
    site = queries.get_site(actor, site_id, lock=True)
    wanted = request.form.get("require_signed_reports") == "true"
    sites.change_site(actor, site, {"require_signed_reports": wanted}, now())
    say = "Only signed reports are taken now." if wanted else "Reports are taken with a key or a signature."
    return go("fleet_pages.connect_site", site_id=site_id, say=say)


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
    return page("fleet/site_connect.html", block="arrival", secret=secret, keys=shown, last=last[0] if last else None, form=Form(),
                ways=ways_to_report(server_address(), site), **frame(actor, site, "/connect", now()))


def server_address() -> str:
    """Where sites reach this server: as it is set, else as this browser came here."""
    return str(current_app.config["PUBLIC_URL"]) or request.host_url.rstrip("/")


def ways_to_report(address: str, site: Site) -> list[dict[str, Any]]:
    """Ways to report, the easiest first: each with what it needs, and lines to copy."""
    url, path = f"{address}/api/v1/ingest", urlsplit(address).path.rstrip("/") + "/api/v1/ingest"
    send = SEND.format(url=url)
    minute = site.id.int % 60  # so that not every site's cron comes at the full hour
    return [
        {"title": "A script, for any site with a shell", "signed": True,
         "hint": "Sends composer.lock and what Drush says, signed. Needs curl.",
         "lines": [
             {"label": "Once: fetch it, and put the key where only you can read it",
              "text": f"curl -fsSO {address}/clients/report.sh && chmod +x report.sh\n"
                      '(umask 077; printf %s "$PB_KEY" > ~/.patchboard-key)'},
             {"label": "Then, in the project's folder", "text": f"./report.sh -u {address} -k ~/.patchboard-key"},
             {"label": "By cron, every night",
              "text": f"{minute} 3 * * * /path/to/report.sh -q -u {address} -k ~/.patchboard-key -r /path/to/project"}]},
        {"title": "A Drupal module, for 10 and 11", "signed": True,
         "hint": "Reports by Drupal's own cron, signed; needs nothing but core.",
         "lines": [
             {"label": "Install it, in the web root",
              "text": f"curl -fsS {address}/clients/patchboard-drupal.tar.gz | tar -xz -C modules/custom\ndrush pm:install patchboard"},
             {"label": "Name this server and the key",
              "text": f"drush config:set patchboard.settings url {address}\n"
                      'drush state:set patchboard.key "$PB_KEY" && drush patchboard:send'}]},
        {"title": "One line of Drush, Composer or curl", "hint": "Sends the key itself.", "signed": False, "lines": [
            {"label": "With Composer: the lock file says what is there", "text": f"{send}--data-binary @composer.lock"},
            {"label": "With Drush: what is there and what is enabled", "text": f"drush pm:list --format=json | {send}--data-binary @-"},
            {"label": "With curl alone: any list of modules", "text": f"{send}--data '{EXAMPLE}'"}]},
        {"title": "curl, signed", "hint": "The key stays on the site. Needs openssl.", "signed": True,
         "lines": [{"label": "A lock file, signed", "text": SIGN.format(url=url, path=path)}]},
    ]
