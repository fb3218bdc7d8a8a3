"""Addresses of repositories: one spelling for what git, browsers and webhooks write in several."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

LONGEST: Final = 500
SCHEMES: Final = ("https", "http", "ssh", "git")
PORTS: Final = {"https": 443, "http": 80}
HOST = re.compile(r"^(?=.{1,253}$)([a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?$")
SCP = re.compile(r"^(?:[A-Za-z0-9._\-]+@(?P<of>[A-Za-z0-9.\-]+)|(?P<host>[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+)):(?P<path>(?!//)[^\s:]+)$")
PATH = re.compile(r"^/[^\s?#\\]+$")


def repository_url(text: str) -> str:
    """The web address of a repository; ValueError for what is none.

    `git@github.com:Acme/web.git` and `ssh://git@github.com/Acme/web` are `https://github.com/Acme/web`, as is that address with
    `.git`, a slash or the default port at its end. The case of the path is kept; it does not count where addresses are compared.
    An address that carries a password or token is refused: it would be shown to everybody.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise ValueError("too long")
    short = SCP.match(text) if "://" not in text else None
    if short:
        text = f"ssh://{short['of'] or short['host']}/{short['path'].lstrip('/')}"
    parts = urlsplit(text)
    host, scheme = (parts.hostname or "").encode("idna").decode().lower(), parts.scheme.lower()
    path = re.sub(r"/{2,}", "/", parts.path).rstrip("/").removesuffix(".git").rstrip("/")
    if scheme not in SCHEMES or not HOST.match(host) or not PATH.match(path) or parts.query or parts.fragment:
        raise ValueError("not an address of a repository")
    if parts.password is not None or (parts.username is not None and scheme in PORTS):
        raise ValueError("carries a secret")
    port = parts.port if scheme in PORTS and parts.port != PORTS[scheme] else None
    return f"{scheme if scheme in PORTS else 'https'}://{host}{f':{port}' if port else ''}{path}"
