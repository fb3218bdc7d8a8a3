"""Reports that come late: inferred runs follow the history, and no newer observation is overruled."""

from __future__ import annotations

import itertools

from tests.patching.conftest import at, steps_of, update

SAME = {"token": "8.x-1.14"}


def test_a_late_report_splits_an_inferred_run(a_site):
    inferred = a_site.report({"webform": "6.2.9", **SAME}, hours=2)["patch_run_id"]
    between = a_site.report({"webform": "6.2.8", **SAME}, hours=5)["patch_run_id"]
    assert a_site.inferred() == [(at(5), [("webform", "6.2.7", "6.2.8")]), (at(2), [("webform", "6.2.8", "6.2.9")])]
    assert a_site.run(inferred)["started_at"] == at(5)
    assert a_site.run(between)["started_at"] == at(10)
    assert [row[2] for row in a_site.history("webform")][:2] == [inferred, between]
    assert a_site.audited("patch_run.corrected")


def test_a_late_report_that_shows_the_step_earlier_moves_the_run(a_site):
    later = a_site.report({"webform": "6.2.9", **SAME}, hours=2)["patch_run_id"]
    earlier = a_site.report({"webform": "6.2.9", **SAME}, hours=5)["patch_run_id"]
    assert a_site.inferred() == [(at(5), [("webform", "6.2.7", "6.2.9")])]
    assert a_site.cast.viewer.get(f"/patch-runs/{later}").status_code == 404
    assert a_site.history("webform")[0] == ("6.2.7", "6.2.9", earlier)


def test_a_late_report_leaves_other_modules_of_a_run_alone(a_site):
    run_id = a_site.report({"webform": "6.2.9", "token": "8.x-1.15"}, hours=2)["patch_run_id"]
    a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=5)
    assert steps_of(a_site.run(run_id)) == [("token", "8.x-1.14", "8.x-1.15")]
    assert a_site.run(run_id)["updates_count"] == 1
    assert len(a_site.runs()) == 2


def test_a_late_report_makes_a_step_up_of_an_installation(a_site):
    assert a_site.runs() == []
    a_site.report({"webform": "6.2.5", **SAME}, hours=20)
    assert a_site.inferred() == [(at(10), [("webform", "6.2.5", "6.2.7")])]


def test_a_security_update_stays_one_when_its_run_is_split(a_site):
    said = {"update_available": True, "security_update": True, "latest_version": "6.2.9"}
    a_site.report({"webform": "6.2.7"}, hours=9, full=False, **said)
    a_site.report({"webform": "6.2.9", **SAME}, hours=2)
    a_site.report({"webform": "6.2.8", **SAME}, hours=5)
    found = [(each["security_updates_count"], each["updates"][0]["security"]) for each in a_site.runs()]
    assert found == [(1, True), (1, True)]


def test_a_late_report_without_news_changes_no_run(a_site):
    run_id = a_site.report({"webform": "6.2.9", **SAME}, hours=2)["patch_run_id"]
    assert a_site.report({"webform": "6.2.7", **SAME}, hours=5)["patch_run_id"] is None
    assert a_site.inferred() == [(at(2), [("webform", "6.2.7", "6.2.9")])]
    assert a_site.run(run_id)["started_at"] == at(5)


def test_a_late_report_contradicts_nothing(a_site):
    run_id = a_site.post_run(started_at=at(8), finished_at=at(7))
    a_site.report({"token": "8.x-1.15"}, hours=2, full=False)
    a_site.report({"webform": "6.2.7", **SAME}, hours=5)
    assert a_site.evidence(run_id) == "claimed"


def test_a_late_report_proves_a_run_that_is_still_open(a_site):
    run_id = a_site.post_run(started_at=at(8), finished_at=at(7))
    a_site.report({"token": "8.x-1.15"}, hours=2, full=False)
    told = a_site.report({"webform": "6.2.9"}, hours=5, full=False)
    assert (a_site.evidence(run_id), told["patch_run_id"]) == ("proven", run_id)
    assert ("6.2.7", "6.2.9", run_id) in a_site.history("webform")
    assert a_site.run(run_id)["evidence_at"] == at(5)


def test_a_late_report_from_before_the_run_proves_nothing(a_site):
    run_id = a_site.post_run()
    a_site.report({"token": "8.x-1.14"}, hours=1, full=False)
    a_site.report({"webform": "6.2.9", **SAME}, hours=5)
    assert a_site.evidence(run_id) == "claimed"


def test_what_newer_reports_decided_stays(a_site):
    proven = a_site.post_run(started_at=at(8), finished_at=at(7))
    a_site.report({"webform": "6.2.9", **SAME}, hours=2)
    a_site.report({"webform": "6.2.7", **SAME}, hours=5)
    assert a_site.evidence(proven) == "proven"
    wrong = a_site.post_run(started_at=at(4), finished_at=at(3), updates=[update("token", "8.x-1.14", "8.x-1.20")])
    a_site.report({"webform": "6.2.9", "token": "8.x-1.15"}, hours=1)
    a_site.report({"token": "8.x-1.20"}, hours=2.5, full=False)
    assert a_site.evidence(wrong) == "contradicted"


def test_a_posted_run_keeps_the_step_that_a_late_report_writes_anew(a_site):
    run_id = a_site.post_run(started_at=at(4), finished_at=at(3))
    a_site.report({"webform": "6.2.9", **SAME}, hours=2)
    a_site.report({"webform": "6.2.8", **SAME}, hours=5)
    assert a_site.history("webform")[0] == ("6.2.8", "6.2.9", run_id)
    assert a_site.inferred() == [(at(5), [("webform", "6.2.7", "6.2.8")])]


def test_any_order_gives_the_same_runs(a_site):
    reports = [(8, "6.2.8"), (6, "6.2.9"), (4, "6.2.6"), (2, "6.2.10")]
    expected = [(at(8), [("webform", "6.2.7", "6.2.8")]), (at(6), [("webform", "6.2.8", "6.2.9")]),
                (at(2), [("webform", "6.2.6", "6.2.10")])]
    number = itertools.count(1)
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]):
        site = fresh(a_site, next(number))
        for place in order:
            site.report({"webform": reports[place][1], **SAME}, hours=reports[place][0])
        assert site.inferred() == expected, order
        linked = {row[2] for row in site.history("webform")} - {None}
        assert linked == {each["id"] for each in site.runs()}, order


def fresh(a_site, number):
    """Another site that began as the first one."""
    from tests import factories
    from tests.patching.conftest import PatchedSite

    with factories.writing(a_site.cast.app):
        made = factories.site(a_site.cast.organization, name=f"Fresh {number}")
    site = PatchedSite(a_site.cast, str(made.id), str(made.organization_id), a_site.cast.key(site=made))
    site.report({"webform": "6.2.7", **SAME}, hours=10)
    return site


def test_deriving_twice_changes_nothing(app, a_site):
    from uuid import UUID

    from tests import factories
    from webapp.fleet.models import Site
    from webapp.kit.db import db
    from webapp.kit.permissions import SYSTEM
    from webapp.patching.actions import rederive

    a_site.report({"webform": "6.2.9", "token": "8.x-1.15"}, hours=2)
    a_site.post_run(started_at=at(4), finished_at=at(3))
    before = (a_site.runs(), a_site.history("webform"), a_site.history("token"))
    with factories.writing(app):
        site = db.session.get(Site, UUID(a_site.id))
        rederive(SYSTEM, site, {"webform", "token"}, factories.ago(hours=11), None, factories.ago(hours=0))
    assert (a_site.runs(), a_site.history("webform"), a_site.history("token")) == before
