"""A client of Patchboard's API in one file, with nothing but Python's standard library: copy it, or install it.

    from patchboard_client import Patchboard

    board = Patchboard("https://patchboard.example.org", key="pb_…")
    for site in board.list("sites", status="vulnerable"):
        print(site["name"], site["security_updates_count"])

Answers are the `data` of the envelope; what is refused is raised as `ApiError`. What fails for a reason that passes is sent again, a
POST with the same `Idempotency-Key`, so that it has one effect.
"""

from __future__ import annotations

import gzip
import json
import random
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

__version__ = "0.1.0"
__all__ = ["Answer", "ApiError", "Patchboard", "ReportFailed", "Unreachable"]

Data = dict[str, Any]
AGAIN = (429, 502, 503, 504)
GZIP_FROM = 10_000
LONGEST_WAIT = 120.0


class Unreachable(Exception):
    """The server did not answer, however often it was asked."""


class ReportFailed(Exception):
    """A report was not built: it failed, was cancelled, or took too long."""


class ApiError(Exception):
    """An error that the server answered: `status`, the stable `code`, the `message`, and `details` by field.

    `retry_after` is how many seconds the server wants to be left alone, where it said so.
    """

    def __init__(self, status: int, body: Mapping[str, Any], retry_after: float | None = None) -> None:
        self.status, self.retry_after = status, retry_after
        self.code = str(body.get("error", "error"))
        self.message = str(body.get("message", ""))
        self.details: list[dict[str, str]] = list(body.get("details", []))
        self.request_id: str | None = body.get("request_id")
        fields = "; ".join(f"{each.get('field')}: {each.get('message')}" for each in self.details)
        super().__init__(f"{status} {self.code}: {self.message}" + (f" ({fields})" if fields else ""))


@dataclass(frozen=True)
class Answer:
    """One answer: its status, its headers, and the envelope's parts."""

    status: int
    headers: HTTPMessage
    data: Any = None
    meta: Data = field(default_factory=dict)
    links: Data = field(default_factory=dict)
    content: bytes = b""

    @property
    def etag(self) -> str | None:
        """The version of what was read, for `if_match`."""
        return self.headers.get("ETag")


class _NoRedirects(HTTPRedirectHandler):
    """A redirect would take the key along, perhaps to another server."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Patchboard:
    """One server, asked as one API key, or as the person who signs in (`sign_in`).

    `tries` is how often a request is sent that fails for a reason that passes (429, 502 to 504, no connection); between two tries it
    waits as long as `Retry-After` says, else longer each time. `timeout` is in seconds, for each try.
    """

    def __init__(self, url: str, key: str | None = None, *, token: str | None = None, tries: int = 5, timeout: float = 30.0,
                 tls: ssl.SSLContext | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError("The address of a server begins with http:// or https://.")
        self.url = url.rstrip("/")
        self._token = key or token
        self._refresh_token: str | None = None
        self._tries, self._timeout, self._sleep = max(1, tries), timeout, sleep
        self._opener = build_opener(_NoRedirects, *([HTTPSHandler(context=tls)] if tls else []))

    def sign_in(self, email: str, password: str, otp: str | None = None) -> Data:
        """Signs in as a person; the access token is renewed by itself while this object lives. Answers with the person.

        With a second factor and without `otp`, the error's code is `otp_required`.
        """
        tokens = self._once("POST", "auth/login", body={"email": email, "password": password} | ({"otp": otp} if otp else {})).data
        self._keep(tokens)
        person: Data = tokens["user"]
        return person

    def sign_out(self) -> None:
        """Ends the session that `sign_in` began."""
        self._once("POST", "auth/logout")
        self._token = self._refresh_token = None

    def _keep(self, tokens: Data) -> None:
        self._token, self._refresh_token = tokens["access_token"], tokens["refresh_token"]

    def _renew(self) -> bool:
        """Takes new tokens for the refresh token, which works once; False where there is none."""
        if self._refresh_token is None:
            return False
        refresh, self._refresh_token = self._refresh_token, None
        self._keep(self._once("POST", "auth/refresh", body={"refresh_token": refresh}).data)
        return True

    def list(self, path: str, **filters: Any) -> Iterator[Data]:
        """Every row of a list, read in parts as they are needed; by cursor where the list has one.

        Filters are those of the API; `from_` and `to` are a range's ends, and a list of words is sent with commas.
        """
        query = {"per_page": 200, **filters}
        answer = self.request("GET", path, query=query)
        while True:
            yield from answer.data
            cursor = answer.meta.get("next_cursor")
            if cursor and "sort" not in filters:
                answer = self.request("GET", path, query={**query, "cursor": cursor})
            elif answer.links.get("next"):
                answer = self.request("GET", answer.links["next"])
            else:
                return

    def count(self, path: str, **filters: Any) -> int:
        """How many rows a list has."""
        return int(self.request("GET", path, query={**filters, "per_page": 1}).meta["total"])

    def get(self, path: str, **query: Any) -> Data:
        """One thing, or one set of figures."""
        return self._thing("GET", path, query=query)

    def read(self, path: str) -> Answer:
        """One thing with its `etag`, to be changed only as it was read."""
        return self.request("GET", path)

    def create(self, path: str, body: Mapping[str, Any], *, idempotency_key: str | None = None) -> Data:
        """Makes something. The same `idempotency_key` makes it once, also when another process asks again within 24 hours."""
        return self._thing("POST", path, body=body, idempotency_key=idempotency_key)

    def change(self, path: str, body: Mapping[str, Any], *, if_match: str | None = None) -> Data:
        """Changes the fields that are named. With `if_match`, only if nobody else has changed it since (else 412)."""
        return self._thing("PATCH", path, body=body, if_match=if_match)

    def delete(self, path: str, *, if_match: str | None = None) -> Data:
        """Deletes something, which `restore` brings back."""
        return self._thing("DELETE", path, if_match=if_match)

    def restore(self, path: str) -> Data:
        """Brings back something that was deleted."""
        return self._thing("POST", f"{path}/restore")

    def post_report(self, report: Mapping[str, Any] | bytes | str | Path, site_id: str | None = None) -> Data:
        """Sends what is installed on a site: a body, or a file as a tool wrote it (composer.lock, `drush pm:list --format=json`).

        Without `site_id` the key must be the site's own. Answers with what it changed.
        """
        body = report.read_bytes() if isinstance(report, Path) else report
        raw = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._thing("POST", f"sites/{site_id}/modules" if site_id else "ingest", raw=raw)

    def build_report(self, kind: str, formats: tuple[str, ...] = ("csv",), *, wait: float = 600.0, **parameters: Any) -> Data:
        """Has a report built and waits for it, `wait` seconds at most; ReportFailed when none comes of it."""
        asked = {"kind": kind, "formats": list(formats), "parameters": _named(parameters)}
        report, until, pause = self.create("reports", asked), time.monotonic() + wait, 0.5
        while report["status"] not in ("done", "failed", "cancelled"):
            if time.monotonic() > until:
                raise ReportFailed(f"The report {report['id']} is still {report['status']} after {wait:.0f} seconds.")
            self._sleep(pause)
            pause = min(pause * 1.5, 10.0)
            report = self.get(f"reports/{report['id']}")
        if report["status"] != "done":
            raise ReportFailed(f"The report {report['id']} is {report['status']}: {report.get('error') or 'no reason was given'}.")
        return report

    def download_report(self, report_id: str, place: Path | str, format: str | None = None) -> Path:
        """Saves the report's file in one of its formats (its first, unless said) under a name or in a folder."""
        answer = self.request("GET", f"reports/{report_id}/download", query={"format": format} if format else {})
        name = answer.headers.get_filename() or f"{report_id}.{format or 'csv'}"
        path = Path(place) / name if Path(place).is_dir() else Path(place)
        path.write_bytes(answer.content)
        return path

    def request(self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Any = None, raw: bytes | None = None,
                if_match: str | None = None, idempotency_key: str | None = None) -> Answer:
        """Any request: `path` is below `/api/v1`, or begins with a slash. Raises ApiError, or Unreachable after the last try."""
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())} if method == "POST" else {}
        if if_match:
            headers["If-Match"] = if_match
        sent = raw if raw is not None else None if body is None else json.dumps(body).encode()
        for left in reversed(range(self._tries)):
            try:
                return self._send(method, path, query or {}, sent, headers)
            except ApiError as problem:
                if problem.code == "token_expired" and self._renew():
                    continue
                if problem.status not in AGAIN or not left:
                    raise
                self._pause(left, problem.retry_after)
            except (URLError, HTTPException, TimeoutError, ConnectionError) as problem:
                if not left:
                    raise Unreachable(f"{self.url} does not answer: {getattr(problem, 'reason', problem)}") from problem
                self._pause(left, None)
        raise Unreachable(f"{self.url} does not take the renewed token.")

    def _thing(self, method: str, path: str, **more: Any) -> Data:
        found: Data = self.request(method, path, **more).data
        return found

    def _once(self, method: str, path: str, body: Any = None) -> Answer:
        """A request that is not repeated: it uses something up."""
        try:
            return self._send(method, path, {}, None if body is None else json.dumps(body).encode(), {})
        except (URLError, HTTPException, TimeoutError, ConnectionError) as problem:
            raise Unreachable(f"{self.url} does not answer: {getattr(problem, 'reason', problem)}") from problem

    def _pause(self, left: int, said: float | None) -> None:
        """Waits as long as the server says, else twice as long each time, and not all clients at the same moment."""
        grown = 2.0 ** (self._tries - left - 1) * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)
        self._sleep(min(said if said is not None else grown, LONGEST_WAIT))

    def _send(self, method: str, path: str, query: Mapping[str, Any], sent: bytes | None, headers: Mapping[str, str]) -> Answer:
        address = urljoin(self.url + "/", path if path.startswith("/") else f"api/v1/{path}")
        given = {name: value for name, value in _named(query).items() if value is not None}
        if given:
            address += "?" + urlencode({name: _text(value) for name, value in given.items()})
        told = {"Accept": "application/json", "User-Agent": f"patchboard-python/{__version__}", **headers}
        if self._token:
            told["Authorization"] = f"Bearer {self._token}"
        if "/download" in path:
            told["Accept"] = "*/*"
        request = Request(address, method=method, headers=told)  # noqa: S310 (__init__ takes http and https alone)
        if sent is not None:
            request.add_header("Content-Type", "application/json")
            if len(sent) >= GZIP_FROM:
                sent = gzip.compress(sent)
                request.add_header("Content-Encoding", "gzip")
            request.data = sent
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return _read(answer.status, answer.headers, answer.read())
        except HTTPError as problem:
            with problem:
                raise _error(problem.code, problem.headers, problem.read()) from None


def _read(status: int, headers: HTTPMessage, content: bytes) -> Answer:
    """The envelope's parts, or the file that is no envelope."""
    if headers.get_content_type() != "application/json" or headers.get_content_disposition() == "attachment":
        return Answer(status, headers, content=content)
    whole = json.loads(content)
    if not isinstance(whole, dict) or "data" not in whole:
        return Answer(status, headers, data=whole, content=content)
    return Answer(status, headers, whole["data"], whole.get("meta") or {}, whole.get("links") or {}, content)


def _error(status: int, headers: Message, content: bytes) -> ApiError:
    """The error that the server answered, or one that says no more than its status (a proxy's page)."""
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    wait = headers.get("Retry-After", "")
    return ApiError(status, body if isinstance(body, dict) else {}, float(wait) if wait.isdigit() else None)


def _named(values: Mapping[str, Any]) -> Data:
    """Names as the API spells them: `from_` is `from`, which is a word of Python's."""
    return {name.rstrip("_"): value for name, value in values.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, set)):
        return ",".join(str(each) for each in value)
    return str(value)
