"""Who may read the metrics: the operator."""

from __future__ import annotations

import hmac
from ipaddress import ip_address, ip_network

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
