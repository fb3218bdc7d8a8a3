"""The person who looks at lists: signs in as people and programs do."""

from __future__ import annotations

import http.client
import re
from urllib.parse import urlencode

import orjson

from tests.bench.seed import EMAIL
from tests.bench.stand import Stand
from tests.factories import PASSWORD

CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def ask(stand: Stand, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
    """One request; its answer is read already."""
    connection = http.client.HTTPConnection(*stand.address(), timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.text = answer.read().decode("utf-8", "replace")  # type: ignore[attr-defined]
        return answer
    finally:
        connection.close()


def answers(stand: Stand, path: str, headers: dict[str, str]) -> bool:
    """Whether there is such a page."""
    return ask(stand, "GET", path, headers=headers).status == http.client.OK


def token(stand: Stand) -> str:
    """An access token, from the door that gives them."""
    body = orjson.dumps({"email": EMAIL, "password": PASSWORD})
    answer = ask(stand, "POST", "/api/v1/auth/login", body, {"Content-Type": "application/json"})
    if answer.status != http.client.OK:
        raise RuntimeError(f"signing in failed: {answer.status}")
    return str(orjson.loads(answer.text)["data"]["access_token"])  # type: ignore[attr-defined]


def cookie(stand: Stand) -> str:
    """The cookie of a browser's session, from the form that people fill in."""
    form = ask(stand, "GET", "/login", headers={"Accept": "text/html"})
    found = CSRF.search(form.text)  # type: ignore[attr-defined]
    if found is None:
        return ""
    body = urlencode({"email": EMAIL, "password": PASSWORD, "csrf_token": found[1]}).encode()
    headers = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded", "Cookie": _pair(form)}
    return _pair(ask(stand, "POST", "/login", body, headers))


def _pair(answer: http.client.HTTPResponse) -> str:
    """The session's cookie as a browser sends it back."""
    given = [value for name, value in answer.getheaders() if name.lower() == "set-cookie" and value.startswith("patchboard=")]
    return given[-1].split(";", 1)[0] if given else ""
