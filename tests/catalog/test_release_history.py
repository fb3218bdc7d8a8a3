"""Reading release feeds: both shapes, the error answer, and documents that are meant to hurt."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from tests.catalog.published import beside
from webapp.catalog.feeds.release_history import DEEPEST, BadFeed, UnknownProject, parse_available, parse_feed
from webapp.catalog.values.releases import Line
from webapp.catalog.verdicts import calculate
from webapp.catalog.verdicts.coverage import support_of_branch

MODERN = """<?xml version="1.0" encoding="utf-8"?>
<project xmlns:dc="http://purl.org/dc/elements/1.1/">
  <title>Tiny</title><short_name>tiny</short_name><dc:creator>somebody</dc:creator><type>project_module</type>
  <supported_branches>8.x-1.,2.0.</supported_branches><project_status>published</project_status>
  <link>https://www.drupal.org/project/tiny</link>
  <releases>
    <release><name>tiny 2.0.1</name><version>2.0.1</version><status>published</status><release_link>https://example.org/2.0.1</release_link>
      <date>1700000300</date><terms><term><name>Release type</name><value>Security update</value></term>
      <term><name>Release type</name><value>Bug fixes</value></term></terms>
      <security covered="1">Covered</security><core_compatibility>^10.3 || ^11</core_compatibility></release>
    <release><version>2.0.0</version><status>published</status><release_link>https://example.org/2.0.0</release_link><date>1700000200</date>
      <terms><term><name>Release type</name><value>Insecure</value></term></terms></release>
    <release><version>8.x-1.4</version><status>published</status><release_link>https://example.org/1.4</release_link>
      <date>1700000100</date></release>
    <release><version>2.0.x-dev</version><status>published</status><release_link>https://example.org/dev</release_link></release>
  </releases>
</project>"""
SEVEN = """<project><title>Old</title><short_name>old</short_name><api_version>7.x</api_version>
<recommended_major>2</recommended_major><supported_majors>1,2</supported_majors><default_major>2</default_major>
<project_status>published</project_status><releases>
%s</releases></project>"""


def seven(*releases: tuple[str, str, str, str]) -> Any:
    """A 7.x feed of (version, major, patch, release type)."""
    rows = "".join(
        f"<release><version>{version}</version><version_major>{major}</version_major><version_patch>{patch}</version_patch>"
        f"<status>published</status><release_link>x</release_link><date>1400000000</date>"
        f"<terms><term><name>Release type</name><value>{kind}</value></term></terms></release>"
        for version, major, patch, kind in releases)
    return parse_feed(SEVEN % rows)


def test_the_current_shape() -> None:
    feed = parse_feed(MODERN)
    assert (feed.short_name, feed.title, feed.type, feed.project_status) == ("tiny", "Tiny", "project_module", "published")
    assert feed.supported_branches == ("8.x-1.", "2.0.")
    assert list(feed.releases) == ["2.0.1", "2.0.0", "8.x-1.4", "2.0.x-dev"]
    newest = feed.releases["2.0.1"]
    assert newest.is_security
    assert not newest.is_insecure
    assert (newest.seconds, newest.covered, newest.core_compatibility) == (1700000300, True, "^10.3 || ^11")
    assert feed.releases["2.0.0"].is_insecure
    assert feed.releases["2.0.x-dev"].date is None


def test_branches_that_are_absent_are_none_and_empty_ones_are_all() -> None:
    absent = parse_feed(MODERN.replace("<supported_branches>8.x-1.,2.0.</supported_branches>", ""))
    empty = parse_feed(MODERN.replace("8.x-1.,2.0.</supp", "</supp"))
    assert absent.supported_branches is None
    assert empty.supported_branches == ("",)
    assert calculate(absent, "8.x-1.4").status == 3
    assert calculate(empty, "8.x-1.4").status == 4 or calculate(empty, "8.x-1.4").status == 5


def test_drupal_7_has_rules_of_its_own() -> None:
    feed = seven(("7.x-2.9", "2", "9", "Bug fixes"), ("7.x-2.8", "2", "8", "Security update"), ("7.x-2.7", "2", "7", "Bug fixes"))
    assert feed.line is Line.SEVEN
    behind = calculate(feed, "7.x-2.7")
    assert (behind.status, behind.rule, behind.security_updates) == (1, "security_updates", ["7.x-2.8"])
    assert calculate(feed, "7.x-2.8").status == 4
    assert calculate(feed, "7.x-2.9").status == 5
    assert calculate(feed, "7.x-1.0").recommended is None
    assert calculate(seven(("7.x-2.9", "2", "9", "Bug fixes")), "7.x-0.4").status == 3


def test_every_real_feed_of_drupal_7_is_read_and_its_newest_release_is_current() -> None:
    paths = sorted(beside("release-history-d7-real").glob("*.xml"))
    feeds = [parse_feed(path.read_bytes()) for path in paths]
    assert len(feeds) == 51
    assert {feed.line for feed in feeds} == {Line.SEVEN}
    for feed in feeds:
        if feed.project_status == "published" and feed.releases:
            recommended = calculate(feed, next(iter(feed.releases))).recommended
            if recommended is not None and "dev" not in recommended:
                assert calculate(feed, recommended).status == 5, feed.short_name


def test_no_release_history_is_told_from_a_failure() -> None:
    with pytest.raises(UnknownProject):
        parse_feed(b"<error>No release history was found for the requested project (nothing).</error>")
    with pytest.raises(BadFeed, match="error") as refused:
        parse_feed(b"<error>Something went wrong.</error>")
    assert not isinstance(refused.value, UnknownProject)


HOSTILE = {
    "an entity": '<!DOCTYPE project [<!ENTITY a "b">]><project><short_name>&a;</short_name></project>',
    "many entities": '<!DOCTYPE p [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;">]><project><short_name>&b;</short_name></project>',
    "a file": '<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd">]><project><short_name>&a;</short_name></project>',
    "a DTD alone": '<!DOCTYPE project SYSTEM "http://example.org/x.dtd"><project><short_name>a</short_name></project>',
    "depth": f"<project>{'<a>' * (DEEPEST + 5)}{'</a>' * (DEEPEST + 5)}</project>",
    "endless depth": "<project>" + "<a>" * 200_000,
    "length": f"<project><short_name>{'a' * 10_000}</short_name></project>",
    "another root": "<html><short_name>a</short_name></html>",
    "no name": "<project><title>a</title></project>",
    "a name that is a path": "<project><short_name>../../etc</short_name></project>",
    "no XML": "502 Bad Gateway",
    "nothing": "  \n ",
    "half of it": MODERN[:600],
    "an unknown encoding": '<?xml version="1.0" encoding="nonsense"?><project><short_name>a</short_name></project>',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_feed_is_refused_without_repeating_it(kind: str) -> None:
    with pytest.raises(BadFeed) as refused:
        parse_feed(HOSTILE[kind])
    assert not isinstance(refused.value, UnknownProject)
    assert "passwd" not in refused.value.reason
    assert "Gateway" not in refused.value.reason


def test_a_document_larger_than_any_feed_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.catalog.feeds.release_history.LARGEST", 100)
    with pytest.raises(BadFeed, match="larger"):
        parse_feed(MODERN)


def test_what_a_site_has_fetched_is_read_as_the_feed_itself() -> None:
    document = {"tiny": {"title": "Tiny", "short_name": "tiny", "type": "project_module", "project_status": "published", "terms": [],
                         "supported_branches": "2.0.", "releases": {"2.0.1": {
                             "version": "2.0.1", "status": "published", "release_link": "x", "date": 1700000300,
                             "terms": {"Release type": ["Security update"]}}}}, "empty": {"short_name": "empty", "releases": []}}
    tiny, empty = parse_available(json.dumps(document).encode())
    assert tiny.releases["2.0.1"].is_security
    assert calculate(tiny, "2.0.1").status == 5
    assert not empty.releases
    for wrong in (b"[]", b"{}", b'{"a": 1}', b"{", b'{"a": {"short_name": "../x"}}'):
        with pytest.raises(BadFeed):
            parse_available(wrong)


@pytest.mark.parametrize(("branch", "day", "state", "until"), [
    ("10.6", "2026-08-21", "ending", "2026-12-09"), ("10.5", "2026-08-21", "ended", "2026-06-17"), ("7", "2026-08-21", "ended", "2025-01-05"),
    ("11.4", "2026-08-21", "supported", "11.6.0"), ("11.3", "2026-08-21", "ending", "11.5.0"), ("11.2", "2026-08-21", "ended", "11.4.0"),
    ("9.3", "2026-08-21", "ended", None), ("12.0", "2026-08-21", None, None), ("main", "2026-08-21", None, None),
])
def test_until_when_a_branch_of_core_is_covered(branch: str, day: str, state: str | None, until: str | None) -> None:
    rows = "".join(f"<release><version>{version}</version><status>published</status><release_link>x</release_link></release>"
                   for version in ("11.4.5", "11.3.9", "10.6.7"))
    core = parse_feed("<project><short_name>drupal</short_name><supported_branches>11.4.,11.3.,10.6.</supported_branches>"
                      f"<project_status>published</project_status><releases>{rows}</releases></project>")
    found = support_of_branch(branch, core, date.fromisoformat(day))
    assert (found.state, found.until) == (state, until)
