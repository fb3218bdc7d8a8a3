"""Through which proxy a server is reached, by the settings that everything else on a machine reads: HTTPS_PROXY, HTTP_PROXY, NO_PROXY."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from ssl import create_default_context
from urllib.parse import SplitResult, unquote, urlsplit

PORT = 80


class BadProxy(ValueError):
    """An address that is no proxy's; says why without repeating it, for it may have a password in it."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """One HTTP proxy. `credentials` is the value of `Proxy-Authorization` (RFC 9110, 11.7.2); None: it asks for none."""

    host: str
    port: int
    credentials: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str) -> Proxy | None:
        """The proxy at `http://[name:password@]host[:port]`; None for an empty text. Raises BadProxy."""
        if not url:
            return None
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            host, port = parts.hostname, parts.port
        except ValueError:
            raise BadProxy("is no web address, such as http://proxy.example.org:3128.") from None
        if parts.scheme != "http":
            raise BadProxy("must begin with http://: a proxy is spoken to in plain HTTP, what goes through it is encrypted all the same.")
        if not host or parts.path.strip("/") or parts.query or parts.fragment:
            raise BadProxy("is no web address, such as http://proxy.example.org:3128.")
        return cls(host, PORT if port is None else port, _basic(parts))

    @property
    def headers(self) -> dict[str, str]:
        return {"Proxy-Authorization": self.credentials} if self.credentials else {}


def _basic(parts: SplitResult) -> str | None:
    if parts.username is None:
        return None
    text = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(text.encode()).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Proxies:
    """Which proxy is for `https` and which for `http` addresses, and which hosts are reached without one.

    `bypassed` is NO_PROXY as curl, Python and others read it: names by comma, each with all below it; `*` for every host.
    """

    https: Proxy | None = None
    http: Proxy | None = None
    bypassed: str = ""

    def towards(self, server: SplitResult) -> Proxy | None:
        """The proxy that leads to a server; None where it is asked directly."""
        found = self.https if server.scheme == "https" else self.http
        return None if found is None or self._bypasses(server) else found

    def _bypasses(self, server: SplitResult) -> bool:
        host, port = (server.hostname or "").rstrip("."), server.port or {"https": 443}.get(server.scheme, PORT)
        for entry in self.bypassed.lower().replace(" ", ",").split(","):
            name, _, only = entry.partition(":") if entry.count(":") == 1 else (entry, "", "")
            name = name.removeprefix("*.").strip(".[]")
            if entry == "*" or (name and (host == name or host.endswith(f".{name}")) and only in ("", str(port))):
                return True
        return False


def connect(server: SplitResult, proxy: Proxy | None, timeout: float) -> HTTPConnection:
    """A connection to a server that is opened with its first request: straight, or through a proxy (https by CONNECT)."""
    host, port = server.hostname or "", server.port
    near, at = (host, port) if proxy is None else (proxy.host, proxy.port)
    if server.scheme != "https":
        return HTTPConnection(near, at, timeout=timeout)
    connection = HTTPSConnection(near, at, timeout=timeout, context=create_default_context())
    if proxy is not None:
        connection.set_tunnel(host, port or 443, headers=proxy.headers)
    return connection
