"""How each source of advisories is read: announcements at once, nodes from the newest down to what is known, OSV by what has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from webapp.catalog.actions.advisory_feeds import Validators, keep_project, note_place, note_plan, note_read
from webapp.catalog.actions.advisory_fetching import Turn, keep, pending_of
from webapp.catalog.feeds.advisory_clients import NodePage, NodesClient, OsvClient, PsaClient, Read, read_items, read_nodes
from webapp.catalog.feeds.drupal_nodes import CORE_NODE, project_node
from webapp.catalog.feeds.guest import FetchFailed
from webapp.catalog.queries.advisory_feeds import find_held, find_libraries, find_projects
from webapp.catalog.values.releases import AdvisoryOrigin
from webapp.kit.db import ALL, unit_of_work

OWN: Final = ("drupal/core", "drupal/drupal")
"""Packages that every site has, whatever it reports: others than Drupal's own team publish advisories about them too."""
OVERLAP: Final = timedelta(days=1)
"""OSV's list is not written in the order of its times: what was modified this long before the cursor is looked at again."""
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
BATCH: Final = 25
MOST_PAGES: Final = 2000


class PsaWalk:
    """The announcements: one small file."""

    source = AdvisoryOrigin.PSA

    def __init__(self, client: PsaClient) -> None:
        self.client = client

    def walk(self, row: Any, turn: Turn) -> None:
        as_of = turn.clock()
        items, answer = self.client.items(row.etag, row.last_modified)
        with unit_of_work(ALL):
            has_news = items is not None and keep(read_items(items), turn, anew=True)
            note_read(self.source, turn.clock(), turn.limits.lasting, as_of=as_of, has_news=has_news,
                      shown=None if items is None else Validators(answer.etag, answer.last_modified))


class NodesWalk:
    """drupal.org's nodes, the last changed first: page by page until what is known.

    A node that changes meanwhile moves to the front and pushes others down: pages repeat then, and none is missed. What moved is
    read by the next run, for the cursor only goes up to the first page's newest.
    """

    source = AdvisoryOrigin.NODES

    def __init__(self, client: NodesClient) -> None:
        self.client = client

    def walk(self, row: Any, turn: Turn) -> None:
        place = dict(pending_of(row)) or {"page": 0, "as_of": turn.clock().isoformat()}
        shown = Validators(row.etag, row.last_modified) if place["page"] == 0 and row.cursor else Validators()
        while not turn.is_over:
            page = self.client.page(place["page"], shown.etag, shown.last_modified)
            if page.nodes is None:
                with unit_of_work(ALL):
                    note_read(self.source, turn.clock(), turn.limits.lasting, as_of=datetime.fromisoformat(place["as_of"]))
                return
            projects = self._projects(page.nodes, turn)
            if projects is None:
                break
            if self._keep(page, projects, place, row, turn):
                return
            shown = Validators()
        turn.is_unfinished = True

    def _keep(self, page: NodePage, projects: Mapping[str, str], place: dict[str, Any], row: Any, turn: Turn) -> bool:
        """Imports a page and notes the place behind it; whether it was the last that has to be read."""
        at = turn.clock()
        if place["page"] == 0:
            # A time to come would hide every change until then.
            place |= {"high": min(max(page.changed), int(at.timestamp())), "etag": page.etag, "last_modified": page.last_modified}
        is_end = page.is_last or (row.cursor is not None and min(page.changed) < int(row.cursor))
        if not is_end and place["page"] >= MOST_PAGES:
            raise FetchFailed("The list of advisories has no end.")
        with unit_of_work(ALL):
            has_news = keep(read_nodes(page.nodes or [], projects), turn, anew=place["page"] == 0)
            if is_end:
                note_read(self.source, at, turn.limits.lasting, as_of=datetime.fromisoformat(place["as_of"]), has_news=has_news,
                          cursor=str(place["high"]), shown=Validators(place["etag"], place["last_modified"]))
            else:
                place["page"] += 1
                note_place(self.source, at, place, has_news=has_news)
        return bool(is_end)

    def _projects(self, nodes: Sequence[Any], turn: Turn) -> dict[str, str] | None:
        """The machine names of the projects of these nodes, asking for those that are new; None where time is up before the last."""
        numbers = {project_node(node): None for node in nodes if node.get("field_affected_versions")}
        asked = [number for number in numbers if number and number.isascii() and len(number) < 16 and number != CORE_NODE]
        with unit_of_work(ALL):
            known = find_projects([int(number) for number in asked], turn.clock())
        for number in asked:
            if number in known:
                continue
            if turn.is_over:
                return None
            known[number] = self.client.project(number)
            with unit_of_work(ALL):
                keep_project(number, known[number], turn.clock())
        return {number: name for number, name in known.items() if name}


class OsvWalk:
    """OSV: its list says what has changed; what of it is Drupal's own, or about a library of the fleet, is had one by one.

    What is to be had is kept as a list: an advisory that cannot be had goes to its end, and holds up no other.
    """

    source = AdvisoryOrigin.OSV

    def __init__(self, client: OsvClient) -> None:
        self.client = client

    def walk(self, row: Any, turn: Turn) -> None:
        as_of, left = self._plan(row, turn)
        while left and not turn.is_over:
            left = self._have(left, as_of, turn)
        if left:
            turn.is_unfinished = True
            return
        with unit_of_work(ALL):
            note_read(self.source, turn.clock(), turn.limits.lasting, as_of=as_of)

    def _plan(self, row: Any, turn: Turn) -> tuple[datetime, list[str]]:
        """Up to when the list is read, and which advisories are to be had, with those that the last run has left."""
        left, at = list(pending_of(row).get("ids", ())), turn.clock()
        with unit_of_work(ALL):
            libraries = find_libraries()
        scope = hashlib.sha256("\n".join(libraries).encode()).hexdigest()
        index = self.client.index(row.etag, row.last_modified)
        if index.listed is None and scope == row.scope:
            return at, left
        near = self.client.concerning([*OWN, *(name for name in libraries if name not in OWN)])
        since = datetime.fromisoformat(row.cursor) if row.cursor else LONG_AGO
        with unit_of_work(ALL):
            news = wanted(index.listed or {}, near, find_held(), since - OVERLAP)
            left = list(dict.fromkeys([*news, *left]))
            newest = min(max((index.listed or {}).values(), default=since), at)
            shown = Validators(row.etag, row.last_modified) if index.listed is None else Validators(index.etag, index.last_modified)
            note_plan(self.source, at, {"ids": left}, shown, max(newest, since).isoformat(), scope)
        return at, left

    def _have(self, left: list[str], as_of: datetime, turn: Turn) -> list[str]:
        """Has one batch and gives what is left; FetchFailed only after what was had before it is kept."""
        found: list[Read] = []
        failed: FetchFailed | None = None
        rest = list(left)
        for name in left[:BATCH]:
            if turn.is_over:
                break
            try:
                found.append(self.client.advisory(name))
            except FetchFailed as problem:
                failed, rest = problem, [*rest[1:], name]
                break
            rest = rest[1:]
        with unit_of_work(ALL):
            note_place(self.source, turn.clock(), {"ids": rest}, has_news=keep(found, turn, anew=False))
        if failed is not None:
            raise failed
        return rest


def wanted(listed: Mapping[str, datetime], near: Mapping[str, datetime], held: Mapping[str, datetime | None], since: datetime) -> list[str]:
    """The advisories to be had, the last modified first: Drupal's own, those near (about what the fleet has), and those held.

    Of these the ones that are not here, and the ones that are other than here and were modified after `since`.
    """
    known = {**near, **listed}
    ours = [name for name in known if name.startswith("DRUPAL-") or name in near or name in held]
    news = [name for name in ours if name not in held or (known[name] > since and known[name] > (held[name] or LONG_AGO))]
    return sorted(news, key=lambda name: (known[name], name), reverse=True)
