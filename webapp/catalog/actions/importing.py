"""Taking in release feeds, advisories and lists of marked versions from files: one, a folder of them, a compressed archive, or what
a site has fetched itself.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from webapp.catalog.actions.marks import KeptList, keep_list
from webapp.catalog.actions.releases import LASTING, Kept, Origin, hash_of, keep_feed, keep_unknown, publish_versions
from webapp.catalog.feeds import conflict_lists
from webapp.catalog.feeds.advisory_files import LINES_SUFFIXES, YAML_SUFFIXES, Read, is_advisories, read_json, read_lines, read_yaml
from webapp.catalog.feeds.conflict_lists import BadList
from webapp.catalog.feeds.osv import BadAdvisory
from webapp.catalog.feeds.release_history import LARGEST, BadFeed, UnknownProject, is_short_name, parse_available, parse_feed
from webapp.catalog.values.freshness import IMPORTED, Lasting
from webapp.catalog.values.releases import Line, feeds_kept
from webapp.catalog.verdicts.advisories import AdvisoryRecord
from webapp.kit.db import ALL, unit_of_work

MOST_FILES = 100_000
SUFFIXES = (".xml", ".json", ".xml.gz", ".json.gz", *LINES_SUFFIXES, *YAML_SUFFIXES)
NOT_JSON = object()
ARCHIVES = (".tar.gz", ".tgz", ".tar")


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of one file: the feeds, advisories or marks that it held, or why it has none; `problems` are of parts of it."""

    name: str
    kept: list[Kept] = field(default_factory=list)
    error: str | None = None
    advisories: list[AdvisoryRecord] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    marks: KeptList | None = None


def import_feeds(path: Path, at: datetime, lasting: Lasting = LASTING) -> Iterator[Imported]:
    """Reads every file below a path: feeds are kept, each file in a transaction of its own, and at the end the sites follow;
    advisories come with what they were found in, for the caller to import together.

    One file that is no feed stops nothing. Raises FileNotFoundError where there is nothing at all.
    """
    projects: set[str] = set()
    for name, read in _files(path):
        done = _import(name, read, at, lasting)
        projects |= {each.project for each in done.kept}
        yield done
    with unit_of_work(ALL):
        publish_versions(sorted(projects), at)
    feeds_kept.send(None, at=at)


def _import(name: str, read: bytes | str, at: datetime, lasting: Lasting) -> Imported:
    if isinstance(read, str):
        return Imported(name, error=read)
    document = _json(name, read)
    if conflict_lists.recognises(document):
        return _import_list(name, document, at)
    found = _advisories(name, read, document)
    if found is not None:
        records = [each for each in found if isinstance(each, AdvisoryRecord)]
        problems = [each.reason for each in found if isinstance(each, BadAdvisory)]
        return Imported(name, advisories=records, problems=problems, error=None if records or not problems else problems[0])
    try:
        with unit_of_work(ALL):
            return Imported(name, _keep(name, read, at, lasting))
    except BadFeed as problem:
        return Imported(name, error=problem.reason)


def _json(name: str, raw: bytes) -> Any:
    """The one JSON value of a file; None for a file of another kind, NOT_JSON for one that only looks like it."""
    if name.lower().endswith((*YAML_SUFFIXES, *LINES_SUFFIXES)) or raw.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return NOT_JSON


def _import_list(name: str, document: Any, at: datetime) -> Imported:
    try:
        found = conflict_lists.read(document, name)
    except BadList as problem:
        return Imported(name, error=problem.reason)
    problems = [f"the constraint on {project} cannot be read" for project in found.refused]
    with unit_of_work(ALL):
        return Imported(name, problems=problems, marks=keep_list(found, at))


def _advisories(name: str, raw: bytes, document: Any) -> list[Read] | None:
    """The advisories of a file; None for a file of another kind."""
    if name.lower().endswith(YAML_SUFFIXES):
        return list(read_yaml(raw, name))
    if name.lower().endswith(LINES_SUFFIXES):
        return list(read_lines(raw, name))
    if document is NOT_JSON:
        return [BadAdvisory("it is not JSON")]
    return list(read_json(document, name)) if document is not None and is_advisories(document) else None


def _keep(name: str, raw: bytes, at: datetime, lasting: Lasting) -> list[Kept]:
    if raw.lstrip()[:1] in (b"{", b"["):
        return [keep_feed(feed, hash_of(raw + feed.short_name.encode()), Origin(IMPORTED), at, lasting) for feed in parse_available(raw)]
    try:
        return [keep_feed(parse_feed(raw), hash_of(raw), Origin(IMPORTED), at, lasting)]
    except UnknownProject:
        # The answer names its project only in prose; the file's name is the better witness.
        project, line = name.rpartition("/")[2].partition(".")[0], Line.CURRENT
        if project.endswith("-7"):
            project, line = project[:-2], Line.SEVEN
        if not is_short_name(project):
            raise
        return [keep_unknown(project, line, IMPORTED, at)]


def _files(path: Path) -> Iterator[tuple[str, bytes | str]]:
    """The files below a path, in one order, as (name, content or why it cannot be read)."""
    if path.is_dir():
        found = sorted(each for each in path.rglob("*") if each.is_file() and each.name.lower().endswith((*SUFFIXES, *ARCHIVES)))
        for each in found[:MOST_FILES]:
            yield from _file(each, str(each.relative_to(path)))
    else:
        yield from _file(path, path.name)


def _file(path: Path, name: str) -> Iterator[tuple[str, bytes | str]]:
    if name.lower().endswith(ARCHIVES):
        yield from _archive(path)
        return
    if path.stat().st_size > LARGEST:
        yield name, f"it is larger than {LARGEST // 1024 // 1024} MB"
        return
    raw = path.read_bytes()
    yield name, _unpacked(raw) if name.lower().endswith(".gz") else raw


def _unpacked(raw: bytes) -> bytes | str:
    """The content of a gzip file, read no further than the largest feed."""
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        content = inflate.decompress(raw, LARGEST + 1)
    except zlib.error:
        return "it is no gzip file"
    return content if len(content) <= LARGEST else f"it unpacks to more than {LARGEST // 1024 // 1024} MB"


def _archive(path: Path) -> Iterator[tuple[str, bytes | str]]:
    """The feeds of an archive, read as a stream: nothing is written to the disk, and no name of it is used as a path."""
    try:
        with tarfile.open(path, "r|*") as archive:
            for number, member in enumerate(archive):
                if number >= MOST_FILES:
                    yield member.name, f"it is beyond the {MOST_FILES:,} files that are read of an archive"
                    return
                if not member.isfile() or not member.name.lower().endswith(SUFFIXES):
                    continue
                stream = archive.extractfile(member)
                if stream is None or member.size > LARGEST:
                    yield member.name, f"it is larger than {LARGEST // 1024 // 1024} MB"
                    continue
                raw = stream.read(LARGEST + 1)
                yield member.name, _unpacked(raw) if member.name.lower().endswith(".gz") else raw
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error):
        yield path.name, "it is no archive that can be read to its end"
