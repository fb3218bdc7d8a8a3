"""Clients of the servers that publish advisories: OSV, drupal.org's own nodes, and the announcements of updates.drupal.org.

What comes back is told apart three ways: FetchFailed (it could not be had), BadAdvisory (it was had, and is none), and the record.
Sources: google.github.io/osv.dev/data and /post-v1-querybatch; drupal.org/drupalorg/docs/apis/rest-and-other-apis.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from webapp.catalog.feeds import drupal_nodes, osv, psa
from webapp.catalog.feeds.guest import Answer, FetchFailed, Guest, Manners, Wish, conditions
from webapp.catalog.feeds.osv import BadAdvisory
from webapp.catalog.feeds.release_history import LARGEST, is_short_name
from webapp.catalog.verdicts.advisories import AdvisoryRecord

ECOSYSTEM: Final = "Packagist"
MOST_QUERIES: Final = 1000
"""OSV takes no more packages at once."""
MOST_PAGES: Final = 50
LONGEST_NAME: Final = 255
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_JSON: Final = {"Accept": "application/json"}
Sleep = Callable[[float], None]
Read = AdvisoryRecord | BadAdvisory


@dataclass(frozen=True, slots=True)
class Index:
    """Which advisories OSV has, each with when it was last modified; `listed` is None for "not modified"."""

    listed: dict[str, datetime] | None
    etag: str | None
    last_modified: str | None


class OsvClient:
    """The list of all advisories of an ecosystem (a file in a bucket), and the API for those that matter; to be closed."""

    def __init__(self, base: str, api: str, manners: Manners, sleep: Sleep = time.sleep) -> None:
        self.bucket, self.api = Guest(base, manners, sleep), Guest(api, manners, sleep)

    def index(self, etag: str | None, last_modified: str | None) -> Index:
        """The list, unless it is as it was; raises FetchFailed, also for what is no such list."""
        answer = self.bucket.ask(Wish("/modified_id.csv", {"Accept": "text/csv", **conditions(etag, last_modified)}, LARGEST))
        if answer.body is None:
            return Index(None, answer.etag, answer.last_modified)
        listed = dict(_listed(answer.body))
        if not listed:
            raise FetchFailed("The answer is no list of advisories.")
        return Index(listed, answer.etag, answer.last_modified)

    def concerning(self, packages: Sequence[str]) -> dict[str, datetime]:
        """The advisories about any version of these packages, each with when it was last modified."""
        found: dict[str, datetime] = {}
        for start in range(0, len(packages), MOST_QUERIES):
            asked: list[tuple[str, str]] = [(name, "") for name in packages[start:start + MOST_QUERIES]]
            for _ in range(MOST_PAGES):
                asked = self._query(asked, found)
                if not asked:
                    break
            else:
                raise FetchFailed("The list of a package's advisories has no end.")
        return found

    def _query(self, asked: list[tuple[str, str]], found: dict[str, datetime]) -> list[tuple[str, str]]:
        """Adds what one request brings; gives the packages whose list goes on, each with the token of its next page."""
        queries = [{"package": {"ecosystem": ECOSYSTEM, "name": name}} | ({"page_token": token} if token else {}) for name, token in asked]
        wish = Wish("/querybatch", {**_JSON, "Content-Type": "application/json"}, LARGEST, orjson.dumps({"queries": queries}))
        said = _json(self.api.ask(wish))
        results = said.get("results") if isinstance(said, dict) else None
        if not isinstance(results, list) or len(results) != len(asked):
            raise FetchFailed("The answer does not fit what was asked.")
        more = []
        for (name, _), result in zip(asked, results, strict=True):
            told = result if isinstance(result, dict) else {}
            vulnerabilities = told.get("vulns")
            for each in vulnerabilities if isinstance(vulnerabilities, list) else []:
                modified = osv.moment(each.get("modified")) if isinstance(each, dict) else None
                if modified and isinstance(each.get("id"), str) and _ID.fullmatch(each["id"]):
                    found[each["id"]] = modified
            if isinstance(told.get("next_page_token"), str) and told["next_page_token"]:
                more.append((name, told["next_page_token"]))
        return more

    def advisory(self, name: str) -> Read:
        """One advisory; BadAdvisory (given, not raised) for what is none, is not there any more, or is another."""
        answer = self.api.ask(Wish(f"/vulns/{name}", _JSON, LARGEST))
        if answer.is_missing:
            return BadAdvisory("OSV does not have it any more.")
        try:
            record = sound(osv.read(orjson.loads(answer.body or b"")))
        except orjson.JSONDecodeError:
            return BadAdvisory("It is not JSON.")
        except BadAdvisory as problem:
            return problem
        return record if record.source_id == name else BadAdvisory("It is another than was asked for.")

    def close(self) -> None:
        self.bucket.close()
        self.api.close()


@dataclass(frozen=True, slots=True)
class NodePage:
    """A page of nodes, the last changed first; `nodes` is None for "not modified"."""

    nodes: list[dict[str, Any]] | None
    is_last: bool = False
    etag: str | None = None
    last_modified: str | None = None

    @property
    def changed(self) -> list[int]:
        """When each node was last changed, in seconds since 1970."""
        told = (str(node.get("changed", "")) for node in self.nodes or [])
        return [int(text) for text in told if text.isdecimal() and len(text) < 16]


class NodesClient:
    """drupal.org's nodes; to be closed."""

    def __init__(self, base: str, manners: Manners, sleep: Sleep = time.sleep) -> None:
        self.guest = Guest(base, manners, sleep)

    def page(self, number: int, etag: str | None = None, last_modified: str | None = None) -> NodePage:
        """One page of advisories; a page past the last one is an empty last page."""
        path = f"/node.json?type=sa&sort=changed&direction=DESC&page={number}"
        answer = self.guest.ask(Wish(path, {**_JSON, **conditions(etag, last_modified)}, LARGEST))
        if answer.body is None:
            return NodePage(None, etag=answer.etag, last_modified=answer.last_modified)
        if answer.is_missing and number:
            return NodePage([], is_last=True)
        said = _json(answer)
        nodes = said.get("list") if isinstance(said, dict) else None
        if not isinstance(nodes, list):
            raise FetchFailed("The answer is no page of nodes.")
        found = NodePage([node for node in nodes if isinstance(node, dict)], not nodes or not said.get("next"), answer.etag,
                         answer.last_modified)
        if not found.changed and (nodes or not number):
            raise FetchFailed("The answer is no page of advisories.")
        return found

    def project(self, number: str) -> str | None:
        """The machine name of the project of a node; None where it has none, or is not shown to everybody."""
        try:
            answer = self.guest.ask(Wish(f"/node/{number}.json", _JSON, LARGEST))
        except FetchFailed as problem:
            if problem.status in (403, 410):
                return None
            raise
        said = {} if answer.is_missing else _json(answer)
        name = said.get("field_project_machine_name") if isinstance(said, dict) else None
        return name if isinstance(name, str) and is_short_name(name) else None

    def close(self) -> None:
        self.guest.close()


class PsaClient:
    """The announcements that every Drupal site reads; to be closed. `url` is that of the file itself."""

    def __init__(self, url: str, manners: Manners, sleep: Sleep = time.sleep) -> None:
        self.guest = Guest(url, manners, sleep)

    def items(self, etag: str | None, last_modified: str | None) -> tuple[list[Any] | None, Answer]:
        """The items, or None for "not modified"; and the answer, for what to show to the server the next time."""
        answer = self.guest.ask(Wish("", {**_JSON, **conditions(etag, last_modified)}, LARGEST))
        if answer.body is None:
            return None, answer
        items = _json(answer)
        if not isinstance(items, list):
            raise FetchFailed("The answer is no list of announcements.")
        return items, answer

    def close(self) -> None:
        self.guest.close()


def read_nodes(nodes: Sequence[Any], projects: Mapping[str, str]) -> Iterator[Read]:
    """The record of each node, or why it is none."""
    return _read(nodes, lambda node: drupal_nodes.read(node, projects))


def read_items(items: Sequence[Any]) -> Iterator[Read]:
    """The record of each announcement, or why it is none."""
    return _read(items, psa.read)


def _read(documents: Sequence[Any], read: Callable[[Any], AdvisoryRecord]) -> Iterator[Read]:
    for document in documents:
        try:
            yield sound(read(document))
        except BadAdvisory as problem:
            yield problem


def sound(record: AdvisoryRecord) -> AdvisoryRecord:
    """The record, if the database can hold it; BadAdvisory for names that are none and for text with a null character."""
    names = [record.source_id, *record.ids, *(each.package for each in record.affected)]
    if any(len(name) > LONGEST_NAME for name in names) or not record.ids:
        raise BadAdvisory("It has no name, or one that is too long.")
    texts = [*names, record.title, record.details, record.link, record.risk, record.cvss, record.rating,
             *(text for each in record.affected for text in (each.constraint, *each.versions))]
    if any("\x00" in text for text in texts if text):
        raise BadAdvisory("It has a null character.")
    return record


def _json(answer: Answer) -> Any:
    if answer.is_missing:
        raise FetchFailed("The server has no such page (404).", status=404)
    try:
        return orjson.loads(answer.body or b"")
    except orjson.JSONDecodeError:
        raise FetchFailed("The answer is not JSON.") from None


def _listed(body: bytes) -> Iterator[tuple[str, datetime]]:
    """The lines `2026-08-19T17:10:00Z,DRUPAL-CORE-2026-012` of a list; what is no such line is left out."""
    for line in body.decode("utf-8", "replace").splitlines():
        stamp, _, name = line.strip().partition(",")
        modified = osv.moment(stamp)
        if modified and _ID.fullmatch(name):
            yield name, modified
