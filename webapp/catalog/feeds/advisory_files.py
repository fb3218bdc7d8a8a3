"""Advisories in files, in any of the forms that their sources give them: told apart by their shape, not by their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from webapp.catalog.feeds import drupal_nodes, friendsofphp, osv, psa
from webapp.catalog.feeds.osv import BadAdvisory
from webapp.catalog.verdicts.advisories import AdvisoryRecord

YAML_SUFFIXES = (".yaml", ".yml")
LINES_SUFFIXES = (".jsonl", ".jsonl.gz")
Read = AdvisoryRecord | BadAdvisory


def is_advisories(document: Any) -> bool:
    """Whether a JSON value is one advisory or several, in a form that is known."""
    if isinstance(document, list) and document and not psa.recognises(document):
        return all(osv.recognises(each) for each in document)
    return psa.recognises(document) or osv.recognises(document) or drupal_nodes.recognises(document) or friendsofphp.recognises(document)


def read_json(document: Any, name: str) -> Iterator[Read]:
    """Each advisory of a JSON value, or why it is none; one that cannot be read stops none of the others."""
    for read, each in _each(document, name):
        try:
            yield read(each)
        except BadAdvisory as problem:
            yield problem


def _each(document: Any, name: str) -> Iterator[tuple[Any, Any]]:
    if psa.recognises(document):
        yield from ((psa.read, each) for each in document)
    elif isinstance(document, list):
        yield from ((osv.read, each) for each in document)
    elif drupal_nodes.recognises(document):
        yield from ((drupal_nodes.read, each) for each in drupal_nodes.nodes_of(document))
    elif friendsofphp.recognises(document):
        yield (lambda each: friendsofphp.read(each, name)), document
    else:
        yield osv.read, document


def read_lines(raw: bytes, name: str) -> Iterator[Read]:
    """Each advisory of a file that has one JSON value a line."""
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError:
            yield BadAdvisory(f"Line {number} is not JSON.")
            continue
        if is_advisories(document):
            yield from read_json(document, f"{name}:{number}")
        else:
            yield BadAdvisory(f"Line {number} is no advisory in a form that is known.")


def read_yaml(raw: bytes, name: str) -> Iterator[Read]:
    """The advisory of a YAML file, as FriendsOfPHP keeps them."""
    try:
        yield friendsofphp.read(friendsofphp.parse(raw.decode("utf-8", "replace")), name)
    except BadAdvisory as problem:
        yield problem
