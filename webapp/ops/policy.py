"""Who may read the metrics: the operator. And which events somebody may be told of."""

from __future__ import annotations

import hmac
from ipaddress import ip_address, ip_network

from webapp.kit.events import Event
from webapp.kit.permissions import Actor, Permission

# Loopback and private networks (RFC 1918, RFC 4193). Python's `is_private` has more: ranges for examples, and carriers'.
NEAR = tuple(map(ip_network, ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def may_scrape(token: str, bearer: str, address: str | None, forwarded: bool) -> bool:
    """Whether a scraper that is nobody's account may read the metrics.

    With a token set, only who sends it. Without one, who is on this machine or a private network; but a request that
    came through a proxy which we were not told of (`forwarded`) bears the proxy's address and proves nothing.
    """
    if token:
        return hmac.compare_digest(bearer.encode(), token.encode())
    return not forwarded and is_near(address)


def is_near(address: str | None) -> bool:
    """Whether this is an address of the machine itself or of a private network."""
    try:
        asking = ip_address(address or "")
    except ValueError:
        return False
    asking = getattr(asking, "ipv4_mapped", None) or asking
    return any(asking in network for network in NEAR)


def may_hear(actor: Actor, topic: str, event: Event) -> bool:
    """Whether somebody who listens to a topic may be told this event: only what happened in organizations whose sites they may
    see, and with the key of a site, at that site. Who listens to a report was found to see that report."""
    if topic.startswith("report:"):
        return True
    if actor.site_id is not None and f"site:{actor.site_id}" not in event.topics:
        return False
    where = actor.organizations(Permission.SITE_READ)
    return where is None or event.organization_id in where
