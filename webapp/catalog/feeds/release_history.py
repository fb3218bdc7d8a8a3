"""drupal.org's release history: the XML of `updates.drupal.org/release-history/{project}/{current|7.x}`.

Source: drupal.org/node/3095201; read as core's UpdateProcessor::parseXml does, but by a parser that takes no DTD and no entities,
and stops at a size, a depth and a number of releases that no real feed comes near.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import orjson
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from webapp.catalog.values.releases import Line, Release, ReleaseFeed

LARGEST = 24 * 1024 * 1024
"""Bytes; the largest real feed, core's, has about two million."""
DEEPEST = 12
MOST_RELEASES = 20_000
LONGEST_TEXT = 4_096
RELEASE_TYPE = "Release type"
is_short_name = re.compile(r"[a-z0-9_][a-z0-9_-]{0,127}", re.IGNORECASE | re.ASCII).fullmatch


class BadFeed(ValueError):
    """What came is no release feed; `reason` says why in words of ours, without repeating what came."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class UnknownProject(BadFeed):
    """drupal.org's answer (HTTP 200) for a project without releases, or that it does not have."""

    def __init__(self) -> None:
        super().__init__("Drupal.org has no release history of this project")


class _ShallowTree(TreeBuilder):
    """Builds a tree of limited depth, so that nothing is kept of a document that nests without end."""

    depth = 0

    def start(self, tag: Any, attrs: Any, /) -> Element:
        self.depth += 1
        if self.depth > DEEPEST:
            raise BadFeed(f"it is nested deeper than {DEEPEST} elements")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self.depth -= 1
        return super().end(tag)


def parse_feed(raw: bytes | str) -> ReleaseFeed:
    """Reads a feed; raises UnknownProject for drupal.org's "No release history", BadFeed for what is none."""
    data = raw.encode() if isinstance(raw, str) else raw
    if len(data) > LARGEST:
        raise BadFeed(f"it is larger than {LARGEST // 1024 // 1024} MB")
    if not data.strip():
        raise BadFeed("it is empty")
    root = _tree(data)
    if root.tag == "error":
        _refuse_error(root)
    if root.tag != "project":
        raise BadFeed("its root element is not “project”")
    short_name = _text(root, "short_name")
    if not short_name:
        raise BadFeed("it names no project")
    if not is_short_name(short_name):
        raise BadFeed("its short name is none that Drupal.org gives")
    return _feed(root, short_name)


def _tree(data: bytes) -> Element:
    parser = DefusedXMLParser(target=_ShallowTree(), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(data)
        root: Element = parser.close()
    except DefusedXmlException:
        raise BadFeed("it declares a document type or entities") from None
    except (ParseError, ValueError, LookupError) as problem:
        if isinstance(problem, BadFeed):
            raise
        raise BadFeed("it is not well-formed XML") from None
    return root


def _refuse_error(root: Element) -> NoReturn:
    if "no release history" in (root.text or "").lower():
        raise UnknownProject()
    raise BadFeed("Drupal.org answered with an error")


def _feed(root: Element, short_name: str) -> ReleaseFeed:
    is_seven = root.find("api_version") is not None
    return ReleaseFeed(
        short_name=short_name, title=_text(root, "title") or "", type=_text(root, "type") or "",
        project_status=_text(root, "project_status") or "", link=_text(root, "link") or "",
        supported_branches=_list(root, "supported_branches"), line=Line.SEVEN if is_seven else Line.CURRENT,
        supported_majors=_list(root, "supported_majors"), recommended_major=_text(root, "recommended_major"),
        default_major=_text(root, "default_major"), releases=_releases(root))


def _releases(root: Element) -> dict[str, Release]:
    """The releases by version: one that is there twice keeps its first place and has its last content, as in PHP's array."""
    found: dict[str, Release] = {}
    for element in root.findall("releases/release"):
        release = _release(element)
        found[release.version] = release
        if len(found) > MOST_RELEASES:
            raise BadFeed(f"it has more than {MOST_RELEASES} releases")
    return found


def _release(element: Element) -> Release:
    security = element.find("security")
    types = tuple(
        _text(term, "value") or "" for term in element.findall("terms/term") if _text(term, "name") == RELEASE_TYPE)
    return Release(
        version=_text(element, "version") or "", status=_text(element, "status") or "",
        release_link=_text(element, "release_link") or "", download_link=_text(element, "download_link") or "",
        date=_text(element, "date"), terms=types, core_compatibility=_text(element, "core_compatibility"),
        security=_text(element, "security"), covered=security is not None and security.get("covered") == "1",
        major=_text(element, "version_major"), patch=_text(element, "version_patch"), extra=_text(element, "version_extra"))


def _text(parent: Element, name: str) -> str | None:
    """A child's text; None where there is no such child. The last of several counts, as in PHP."""
    found = parent.findall(name)
    if not found:
        return None
    text = found[-1].text or ""
    if len(text) > LONGEST_TEXT:
        raise BadFeed(f"its element “{name}” is longer than {LONGEST_TEXT} characters")
    return text.replace("\0", "")


def _list(parent: Element, name: str) -> tuple[str, ...] | None:
    text = _text(parent, name)
    return None if text is None else tuple(text.split(","))


def parse_available(raw: bytes) -> list[ReleaseFeed]:
    """Reads the JSON of a site's update_get_available(), which is many parsed feeds by project; raises BadFeed."""
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BadFeed("it is not well-formed JSON") from None
    if not isinstance(document, dict) or not document or not all(_is_available(each) for each in document.values()):
        raise BadFeed("it is not the output of update_get_available()")
    return [_from_available(each) for each in document.values()]


def _is_available(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("short_name"), str) and bool(is_short_name(value["short_name"]))


def _from_available(value: Mapping[str, Any]) -> ReleaseFeed:
    given = value.get("releases")
    releases = [each for each in given.values() if isinstance(each, dict)] if isinstance(given, dict) else []
    branches = value.get("supported_branches")
    return ReleaseFeed(
        short_name=value["short_name"], title=_string(value, "title") or "", type=_string(value, "type") or "",
        project_status=_string(value, "project_status") or "", link=_string(value, "link") or "",
        supported_branches=tuple(branches.split(",")) if isinstance(branches, str) else None,
        releases={release.version: release for release in map(_release_of, releases)})


def _release_of(value: Mapping[str, Any]) -> Release:
    terms = value.get("terms")
    types = terms.get(RELEASE_TYPE) if isinstance(terms, dict) else None
    return Release(
        version=_string(value, "version") or "", status=_string(value, "status") or "",
        release_link=_string(value, "release_link") or "", download_link=_string(value, "download_link") or "",
        date=_string(value, "date"), terms=tuple(str(each) for each in types) if isinstance(types, list) else (),
        core_compatibility=_string(value, "core_compatibility"), security=_string(value, "security"))


def _string(value: Mapping[str, Any], name: str) -> str | None:
    given = value.get(name)
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    return given.replace("\0", "")[:LONGEST_TEXT] if isinstance(given, str) else None
