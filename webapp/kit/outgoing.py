"""Requests to addresses that people have typed in: never into this server's own network, never to where a redirect leads.

The name is resolved once, every address that it has is judged, and the connection goes to an address that was judged: a name that
changes its mind between two look-ups gains nothing. OUTGOING_NETWORKS names networks of one's own that may be reached all the same.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from webapp.kit.clock import now

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
NAT64 = IPv6Network("64:ff9b::/96")
MOST_READ = 64 * 1024
MOST_KEPT = 500
LONGEST_URL = 2000
MOST_ADDRESSES = 3
LONGEST_REST = 86_400.0
PORTS = {"https": 443, "http": 80}
OWN_NETWORK = "The address leads into this server's own network, which is not allowed."
NOT_SECURE = "Plain HTTP is refused. Use an address that begins with https://."


class NotSent(Exception):
    """The request did not reach anybody, or nobody answered; `reason` is a sentence for people and names nothing internal."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other side answered: its status, how its answer begins, and for how many seconds it asks to be left alone."""

    status: int
    text: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Which networks of one's own may be reached, how long a whole request may take (seconds), and who says to ask."""

    allowed: Sequence[Network] = ()
    timeout: float = 10.0
    agent: str = "Patchboard"


def networks(words: Sequence[str]) -> tuple[Network, ...]:
    """Networks in CIDR form; ValueError for what is none."""
    return tuple(ip_network(word, strict=False) for word in words)


def address_problem(url: str, allowed: Sequence[Network]) -> str | None:
    """What is wrong with an address before anything is asked of the network; None where nothing is."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        return "This is not a web address."
    if parts.scheme not in PORTS or not host or port == 0 or len(url) > LONGEST_URL or not url.isascii() or any(c <= " " for c in url):
        return "This is not a web address, such as https://example.com/hook."
    if parts.username is not None or parts.fragment:
        return "An address has no user name, password or fragment here."
    if parts.scheme == "http" and not allowed:
        return NOT_SECURE
    try:
        literal = ip_address(host)
    except ValueError:
        return OWN_NETWORK if _is_local_name(host) and not allowed else None
    return None if is_permitted(literal, allowed) else OWN_NETWORK


def _is_local_name(host: str) -> bool:
    return host.rstrip(".").lower() == "localhost" or host.rstrip(".").lower().endswith(".localhost")


def is_permitted(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether requests may go there: to the public internet, and to networks that are allowed by name.

    An IPv6 address that only carries an IPv4 address (mapped, 6to4, Teredo, NAT64) is judged by that one: whether it is public itself,
    Python's patch versions do not agree on.
    """
    if any(address.version == each.version and address in each for each in allowed):
        return True
    return all(each.is_global and not each.is_multicast for each in _carried(address) or [address])


def _carried(address: Address) -> list[Address]:
    if isinstance(address, IPv4Address):
        return []
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour, address.teredo[1] if address.teredo else None]
    if address in NAT64:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in found if each is not None]


def post(url: str, body: bytes, headers: Mapping[str, str], rules: Rules) -> Reply:
    """Sends a body there and gives what is answered, a redirect too; NotSent where nobody could be, or may be, asked."""
    problem = address_problem(url, rules.allowed)
    if problem:
        raise NotSent(problem)
    parts, deadline = urlsplit(url), time.monotonic() + rules.timeout
    addresses = _resolved(parts, rules.allowed)
    for address in addresses[:MOST_ADDRESSES]:
        connection = _Pinned(parts, address, deadline)
        try:
            connection.connect()
        except (OSError, ssl.SSLError) as failed:
            connection.close()
            last = failed
            continue
        return _exchange(connection, parts, body, {"User-Agent": rules.agent, **headers}, deadline)
    raise NotSent(_words(last)) from None


def _resolved(parts: SplitResult, allowed: Sequence[Network]) -> list[str]:
    """The addresses of the host; NotSent where it has none, or one of them may not be reached."""
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotSent("The server's name could not be resolved.") from None
    addresses = list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found))
    if not all(is_permitted(ip_address(each), allowed) for each in addresses):
        raise NotSent(OWN_NETWORK)
    if parts.scheme == "http" and not all(any(ip_address(each) in network for network in allowed if network.version == ip_address(
            each).version) for each in addresses):
        raise NotSent(NOT_SECURE)
    return addresses


class _Pinned(http.client.HTTPConnection):
    """A connection to one address under the host's name: what was judged is what is asked, and TLS still proves the name."""

    def __init__(self, parts: SplitResult, address: str, deadline: float) -> None:
        self.default_port = PORTS[parts.scheme]
        super().__init__(parts.hostname or "", parts.port or self.default_port)
        self.address, self.deadline, self.secure = address, deadline, parts.scheme == "https"

    def connect(self) -> None:
        """Connects without asking for a name again: an address is given as it is."""
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(max(self.deadline - time.monotonic(), 0.1))
        self.sock.connect((self.address, self.port))
        if self.secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _exchange(connection: _Pinned, parts: SplitResult, body: bytes, headers: Mapping[str, str], deadline: float) -> Reply:
    """One request and its answer, of which little is read; whoever drips an answer byte by byte is cut off at the deadline."""
    cut = threading.Timer(max(deadline - time.monotonic(), 0.1), _cut, (connection.sock,))
    cut.daemon = True
    cut.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, headers=dict(headers))
        response = connection.getresponse()
        text = response.read(MOST_READ).decode("utf-8", "replace")
        if time.monotonic() >= deadline:
            raise TimeoutError
        return Reply(response.status, _plain(text), retry_after(response.headers.get("Retry-After", "")))
    except (OSError, http.client.HTTPException) as problem:
        raise NotSent(_words(TimeoutError() if time.monotonic() >= deadline else problem)) from None
    finally:
        cut.cancel()
        connection.close()


def _cut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already


def _plain(text: str) -> str:
    """How an answer begins, in one line that can be shown."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[:MOST_KEPT * 2]).split())[:MOST_KEPT]


def retry_after(value: str) -> float | None:
    """How long the server asks to be left alone, in seconds, a day at most: said as seconds or as a date (RFC 9110, 10.2.3)."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return min(float(value[:9]), LONGEST_REST)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now()).total_seconds(), 0.0), LONGEST_REST)


def _words(problem: Exception) -> str:
    """What went wrong on the network, in words for people."""
    if isinstance(problem, TimeoutError):
        return "The server did not answer in time."
    if isinstance(problem, ssl.SSLError):
        return "The server's certificate was not accepted."
    if isinstance(problem, http.client.HTTPException):
        return "The server's answer was broken."
    return "The server could not be reached."
