"""Reading advisories of every source, and making several sources' words about one advisory one."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from webapp.catalog.actions.advisories import Imported, import_advisories
from webapp.catalog.feeds import drupal_nodes, friendsofphp, osv, psa
from webapp.catalog.feeds.osv import BadAdvisory
from webapp.catalog.models import Advisory, AdvisoryPackage
from webapp.catalog.values.severity import BadRisk, Severity, read_risk, severity_of_cvss
from webapp.catalog.verdicts.advisories import AdvisoryRecord, Affected, ids_of, merged, module_of
from webapp.kit.clock import now
from webapp.kit.db import db

OSV = {
    "schema_version": "1.7.0", "id": "DRUPAL-CORE-2031-004", "modified": "2031-05-02T10:00:00.000Z", "published": "2031-05-01T17:00:00Z",
    "aliases": ["CVE-2031-1234"], "details": "A made-up hole.", "affected": [{
        "package": {"ecosystem": "Packagist", "name": "drupal/core"}, "severity": [],
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "10.0.0"}, {"fixed": "10.2.1"}]}],
        "database_specific": {"affected_versions": ">=10.0 <10.2.1"}}],
    "references": [{"type": "WEB", "url": "https://www.drupal.org/sa-core-2031-004"}]}
NODE = {
    "nid": "3900001", "type": "sa", "title": "Drupal core - Moderately critical - Access bypass - SA-CORE-2031-004", "created": "1935421200",
    "url": "https://www.drupal.org/sa-core-2031-004", "field_sa_criticality": "AC:Basic/A:Admin/CI:All/II:All/E:Proof/TD:All",
    "field_project": {"uri": "https://www.drupal.org/api-d7/node/3060", "id": "3060"}, "field_is_psa": "0", "field_sa_cve": ["CVE-2031-1234"],
    "field_affected_versions": ">=10.0 <10.2.1"}
YAML = """
title: Drupal core - Less critical - Access bypass
link: https://www.drupal.org/sa-core-2031-004
cve: CVE-2031-1234
branches:
    10.0.x: {time: 2031-05-01 17:00:00, versions: ['>=10.0', '<10.2.1']}
    11.0.x: {time: ~, versions: ['>=11.0', '<11.0.4']}
reference: composer://drupal/core
"""


def test_osv_takes_the_constraint_of_its_source_and_drupals_own_name() -> None:
    record = osv.read(OSV)
    assert record.ids == ("SA-CORE-2031-004", "CVE-2031-1234", "DRUPAL-CORE-2031-004")
    assert record.affected == (Affected("drupal", ">=10.0 <10.2.1"),)
    assert record.published_at == datetime(2031, 5, 1, 17, tzinfo=UTC)
    assert record.affected[0].covers("10.0.0-beta2"), "Composer's semantics, not those of the range of events"
    assert not record.affected[0].covers("10.2.1")


@pytest.mark.parametrize(("events", "constraint"), [
    ([{"introduced": "0"}, {"fixed": "1.2.3"}], "<1.2.3"),
    ([{"introduced": "1.0.0"}, {"last_affected": "1.4.0"}], ">=1.0.0 <=1.4.0"),
    ([{"introduced": "1.0.0"}], ">=1.0.0"), ([{"introduced": "0"}], "*"), ([], ""),
    ([{"introduced": "1"}, {"fixed": "1.5"}, {"introduced": "2"}, {"fixed": "2.3"}], ">=1 <1.5 || >=2 <2.3")])
def test_osv_ranges_become_constraints_where_there_is_none(events: list[Any], constraint: str) -> None:
    affected = [{"package": {"ecosystem": "Packagist", "name": "Acme/Lib"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]
    assert [each.constraint for each in osv.read({**OSV, "affected": affected}).affected] == [constraint]


@pytest.mark.parametrize("broken", [None, [], {}, {"id": 5}, {"id": " "}])
def test_what_is_no_advisory_is_refused(broken: Any) -> None:
    with pytest.raises(BadAdvisory):
        osv.read(broken)


@pytest.mark.parametrize("odd", [
    {"affected": "all"}, {"affected": [None, 5, {"package": "x"}, {"package": {"name": 7}}]}, {"aliases": {"a": 1}, "references": [{"url": 5}]},
    {"published": "yesterday", "modified": 12, "severity": [{"type": "CVSS_V3", "score": "nonsense"}]}])
def test_odd_fields_cost_only_themselves(odd: dict[str, Any]) -> None:
    record = osv.read({**OSV, **odd})
    assert record.source_id == "DRUPAL-CORE-2031-004"


def test_friends_of_php_and_the_nodes_of_drupal_org_name_the_same_advisory() -> None:
    yaml, node = friendsofphp.read(friendsofphp.parse(YAML), "drupal/core/CVE-2031-1234.yaml"), drupal_nodes.read(NODE)
    assert yaml.drupal_id == node.drupal_id == "SA-CORE-2031-004"
    assert yaml.affected == (Affected("drupal", ">=10.0,<10.2.1 || >=11.0,<11.0.4"),)
    assert node.affected == (Affected("drupal", ">=10.0 <10.2.1"),)
    with pytest.raises(BadAdvisory):
        friendsofphp.parse("!!python/object/apply:os.system ['true']")


def test_the_announcements_take_no_link_that_leads_elsewhere() -> None:
    item = {"title": "Webform - Critical - XSS - SA-CONTRIB-2031-007", "link": "https://evil.example.com/sa", "project": "webform", "type": "module",
            "is_psa": "0", "insecure": ["6.2.7", "8.x-5.1"], "pubDate": "Tue, 19 Mar 2031 12:50:00 +0000"}
    record = psa.read(item)
    assert (record.link, record.ids[0], record.kind) == (None, "SA-CONTRIB-2031-007", "advisory")
    assert record.affected[0].covers("6.2.7")
    assert record.affected[0].covers("6.x-dev"), "a development version could be any of its branch"
    assert not record.affected[0].covers("6.2.8")
    for name in ("title", "project", "is_psa", "insecure"):
        with pytest.raises(BadAdvisory):
            psa.read({key: value for key, value in item.items() if key != name})


def test_severity_is_the_risk_string_before_cvss_before_words_and_else_unknown() -> None:
    plain = osv.read(OSV)
    assert merged([plain]).severity is Severity.UNKNOWN
    rated = osv.read({**OSV, "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]})
    assert (merged([rated]).severity, merged([rated]).cvss_score) == (Severity.CRITICAL, 9.8)
    both = merged([rated, drupal_nodes.read(NODE)])
    assert (both.severity, both.risk and both.risk.score, both.provenance["severity"]) == (Severity.HIGH, 18, "drupal.org")


@pytest.mark.parametrize(("text", "score", "level"), [
    ("AC:None/A:None/CI:All/II:All/E:Exploit/TD:All", 25, "Highly critical"),
    ("ac:complex a:admin ci:none ii:none e:theoretical td:uncommon", 4, "Not critical"),
    ("TD:Default \u2215 E:Theoretical \u2215 II:Some \u2215 CI:Some \u2215 A:User \u2215 AC:Basic", 13, "Moderately critical")])
def test_risk_strings(text: str, score: int, level: str) -> None:
    assert (read_risk(text).score, read_risk(text).level) == (score, level)


@pytest.mark.parametrize("text", ["", "AC:None", "AC:None/AC:Basic/A:None/CI:All/II:All/E:Exploit/TD:All", "AC:Nobody/A:None", "13/25", "AC:None/" * 60])
def test_what_is_no_risk_string(text: str) -> None:
    with pytest.raises(BadRisk):
        read_risk(text)


def test_cvss_of_every_version_and_of_none() -> None:
    assert severity_of_cvss("AV:N/AC:L/Au:N/C:P/I:P/A:P") == (7.5, Severity.HIGH)
    assert severity_of_cvss("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N") == (6.9, Severity.MODERATE)
    assert severity_of_cvss("CVSS:3.1/AV:X") is None


def test_a_cve_shared_by_two_of_drupals_advisories_does_not_make_them_one() -> None:
    core = AdvisoryRecord("osv-drupal", "a", ids_of(["DRUPAL-CORE-2031-006", "CVE-2031-9"]), affected=(Affected("drupal", "<2"),))
    contrib = AdvisoryRecord("osv-drupal", "b", ids_of(["DRUPAL-CONTRIB-2031-028", "CVE-2031-9"]), affected=(Affected("entity_embed", "<2"),))
    other = AdvisoryRecord("osv", "c", ids_of(["GHSA-1", "CVE-2031-9"]), affected=(Affected("entity_embed", "<2"),))
    assert not core.is_about_the_same_as(contrib)
    assert other.is_about_the_same_as(contrib)
    assert not other.is_about_the_same_as(core)


def test_packages_are_named_as_modules_are() -> None:
    assert [module_of(name) for name in ("drupal/core", "drupal/drupal", "drupal/webform", "Symfony/Http-Kernel")] == [
        "drupal", "drupal", "webform", "symfony/http-kernel"]


def test_every_order_of_import_ends_in_the_same_advisories(app: Any) -> None:
    records = [osv.read(OSV), drupal_nodes.read(NODE), friendsofphp.read(friendsofphp.parse(YAML), "x.yaml"),
               AdvisoryRecord("osv", "GHSA-2", ids_of(["GHSA-2", "CVE-2031-1234"]), affected=(Affected("drupal", "<10.2.1"),), rating="LOW")]
    ends = []
    orders = list(itertools.permutations(records))
    for order in random.Random(7).sample(orders, 6):
        from tests.conftest import empty

        empty(app)
        for record in order:
            with factories.writing(app):
                import_advisories([record], now())
        ends.append(_stored(app))
    assert all(end == ends[0] for end in ends)
    assert [(name, severity) for name, severity, *_ in ends[0]] == [("SA-CORE-2031-004", "high")]
    assert ends[0][0][2] == [("drupal", ">=10.0 <10.2.1")], "OSV of Drupal's own database is believed first"


def _stored(app: Any) -> list[Any]:
    with factories.writing(app):
        every = db.session.scalars(select(Advisory).where(Advisory.merged_into.is_(None)).order_by(Advisory.name)).all()
        return [(each.name, each.severity, [(row.package, row.version_constraint) for row in db.session.scalars(
            select(AdvisoryPackage).where(AdvisoryPackage.advisory_id == each.id).order_by(AdvisoryPackage.package))],
                 sorted(each.aliases), each.title) for each in every]


def test_the_same_again_is_unchanged_and_a_later_word_makes_two_one(app: Any) -> None:
    cve = AdvisoryRecord("osv", "CVE-2031-1234", ids_of(["CVE-2031-1234"]), affected=(Affected("drupal", "<10"),))
    sa = AdvisoryRecord("osv-drupal", "DRUPAL-CORE-2031-004", ids_of(["DRUPAL-CORE-2031-004"]), affected=(Affected("drupal", "<10.2.1"),))

    def take(*records: AdvisoryRecord) -> Imported:
        with factories.writing(app):
            return import_advisories(records, now())

    assert (take(cve, sa).added, take(cve, sa).unchanged) == (2, 2)
    joined = take(osv.read(OSV))
    assert (joined.added, joined.changed) == (0, 1)
    assert [name for name, *_ in _stored(app)] == ["SA-CORE-2031-004"]
