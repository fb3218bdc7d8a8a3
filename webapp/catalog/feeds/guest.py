"""A good guest of somebody else's server: one connection, a pause between requests, no more of an answer than needed.

Conditional requests (ETag, If-Modified-Since) cost the server a comparison. A redirect is followed on the same host only, an
answer is read up to a size and has to be whole, and what fails by the server's or the network's fault is tried again, later each
time. Where a server asks for a longer rest than is sensible to sit out, the request fails and says how long.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from webapp.catalog.feeds.proxies import Proxies, connect
from webapp.kit.outgoing import retry_after

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 3
ATTEMPTS = 3
FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
MOST_HEADERS = 200
DIRECT = Proxies()
TUNNEL_REFUSED = "Tunnel connection failed: "


class FetchFailed(Exception):
    """A feed could not be had; `reason` says why in words for the operator, `again` whether that may pass, `wait` when (seconds).

    `status` is the server's own code where it gave one.
    """

    def __init__(self, reason: str, *, again: bool = False, wait: float | None = None, status: int | None = None) -> None:
        self.reason, self.again, self.wait, self.status = reason, again, wait, status
        super().__init__(reason)

    @property
    def ends_run(self) -> bool:
        """Whether the server wants a rest that is longer than a run should sit out."""
        return self.wait is not None and self.wait > LONGEST_WAIT


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: `body` is None for "not modified", and empty where it has no such thing (404)."""

    body: bytes | None
    is_missing: bool = False
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Manners:
    """How the client behaves: who it says it is, how long it waits for an answer and rests between requests (seconds), and through
    which proxies it goes.
    """

    agent: str
    timeout: float = 20.0
    pause: float = 1.0
    proxies: Proxies = DIRECT


@dataclass(frozen=True, slots=True)
class Wish:
    """One request: below the base's path, with headers of its own; `body` makes it a POST; `largest` is the most that is read."""

    path: str
    headers: Mapping[str, str]
    largest: int
    body: bytes | None = None


class Guest:
    """One connection to one server; to be closed."""

    def __init__(self, base: str, manners: Manners, sleep: Callable[[float], None] = time.sleep) -> None:
        self.base, self.manners, self.sleep = urlsplit(base.rstrip("/")), manners, sleep
        self.proxy = manners.proxies.towards(self.base)
        self.connection: http.client.HTTPConnection | None = None
        self.asked = False

    def ask(self, wish: Wish) -> Answer:
        """What the server answers; raises FetchFailed."""
        wait = FIRST_WAIT
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._follow(wish)
            except FetchFailed as problem:
                if not problem.again or problem.ends_run or attempt == ATTEMPTS:
                    raise
                self.sleep(max(problem.wait or 0.0, wait))
                wait *= 2
        raise AssertionError("unreachable")

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _follow(self, wish: Wish) -> Answer:
        path = f"{self.base.path}{wish.path}"
        for _ in range(MOST_REDIRECTS + 1):
            response = self._ask(path, wish)
            if response.status not in REDIRECTS:
                return self._read(response, wish.largest)
            target = self._same_host(path, response.headers.get("Location", ""))
            self._drain(response)
            path = target
        raise FetchFailed("The server redirects in a circle.")

    def _ask(self, path: str, wish: Wish) -> http.client.HTTPResponse:
        if self.asked:
            self.sleep(self.manners.pause)
        self.asked = True
        try:
            connection = self.connection = self.connection or connect(self.base, self.proxy, self.manners.timeout)
            connection.request("GET" if wish.body is None else "POST", self._target(path), wish.body, headers={
                "User-Agent": self.manners.agent, "Accept-Encoding": "gzip", **wish.headers, **self._for_proxy()})
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            raise FetchFailed(_words(problem), again=True) from None

    @property
    def _is_forwarded(self) -> bool:
        """Whether a proxy reads the request and passes it on, as it does where nothing is encrypted."""
        return self.proxy is not None and self.base.scheme != "https"

    def _target(self, path: str) -> str:
        """What is asked for: of a proxy that reads it, the whole address (RFC 9112, 3.2.2)."""
        return f"{self.base.scheme}://{self.base.netloc}{path}" if self._is_forwarded else path

    def _for_proxy(self) -> dict[str, str]:
        """What only the proxy is to read; through a tunnel it is said before, and never to the server."""
        return self.proxy.headers if self.proxy is not None and self._is_forwarded else {}

    def _same_host(self, path: str, location: str) -> str:
        """The path that a redirect leads to; another host, scheme or port is not followed."""
        target = urlsplit(urljoin(f"{self.base.scheme}://{self.base.netloc}{path}", location))
        if not location or _place(target) != _place(self.base):
            self.close()
            raise FetchFailed("The server redirects to another host.")
        return target.path + (f"?{target.query}" if target.query else "")

    def _read(self, response: http.client.HTTPResponse, largest: int) -> Answer:
        etag, last_modified = _header(response, "ETag"), _header(response, "Last-Modified")
        if response.status == 304:
            self._drain(response)
            return Answer(None, False, etag, last_modified)
        if response.status == 404:
            self._drain(response)
            return Answer(b"", is_missing=True)
        if response.status != 200:
            self.close()
            again = response.status >= 500 or response.status == 429
            who = "proxy" if response.status == 407 else "server"
            raise FetchFailed(f"The {who} answered with {response.status}.", again=again, status=response.status,
                              wait=retry_after(response.headers.get("Retry-After", "")) if again else None)
        return Answer(self._body(response, largest), False, etag, last_modified)

    def _body(self, response: http.client.HTTPResponse, largest: int) -> bytes:
        """The whole body, unpacked; given up on at a size that no feed has."""
        inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16) if response.headers.get("Content-Encoding") == "gzip" else None
        read, deadline = bytearray(), time.monotonic() + 3 * self.manners.timeout
        try:
            while part := response.read(65_536):
                read += inflate.decompress(part, largest + 1 - len(read)) if inflate else part
                if len(read) > largest:
                    self.close()
                    raise FetchFailed("The answer is larger than any feed.")
                if time.monotonic() > deadline:
                    self.close()
                    raise FetchFailed("The answer came too slowly.", again=True)
        except (OSError, http.client.HTTPException, zlib.error) as problem:
            self.close()
            raise FetchFailed(_words(problem), again=True) from None
        # Read in parts, a body that ends too early raises nothing: what is left of its announced length tells.
        is_cut = bool(response.length) or (inflate is not None and not inflate.eof)
        if is_cut or response.will_close:
            self.close()
        if not bytes(read).strip():
            raise FetchFailed("The server answered with nothing.", again=True)
        if is_cut:
            raise FetchFailed("The answer was cut off.", again=True)
        return bytes(read)

    def _drain(self, response: http.client.HTTPResponse) -> None:
        """Reads a short answer to its end, so that the connection can be used again; a long one is cut off."""
        try:
            if len(response.read(65_536)) == 65_536 or response.will_close:
                self.close()
        except (OSError, http.client.HTTPException):
            self.close()


def conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """The headers that let a server answer "not modified"."""
    given = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in given.items() if value}


def _place(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or {"https": 443, "http": 80}.get(url.scheme)


def _header(response: http.client.HTTPResponse, name: str) -> str | None:
    """A validator as the server gave it; one that is too long to be kept, or not plain, is not."""
    value = response.headers.get(name)
    return value if value and len(value) <= MOST_HEADERS and value.isprintable() and value.isascii() else None


def _words(problem: Exception) -> str:
    """What went wrong on the network, in words that name no address of ours."""
    if isinstance(problem, TimeoutError):
        return "The server did not answer in time."
    if isinstance(problem, ssl.SSLError):
        return "The server's certificate was not accepted."
    if isinstance(problem, socket.gaierror):
        return "The server's name could not be resolved."
    if str(problem).startswith(TUNNEL_REFUSED):
        code = str(problem).removeprefix(TUNNEL_REFUSED)[:3]
        return f"The proxy did not let the connection through{f' ({code})' if code.isdecimal() else ''}."
    if isinstance(problem, ConnectionError | OSError):
        return "The server could not be reached."
    return "The server's answer was broken."
