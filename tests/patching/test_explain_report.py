"""What a new report says of the posted runs of its site, and the runs that are inferred from it."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests import factories
from tests.patching.conftest import at, steps_of, update

BOTH = [update(), update("token", "8.x-1.14", "8.x-1.15")]


def test_a_report_proves_a_run(a_site):
    run_id = a_site.post_run()
    told = a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)
    run = a_site.run(run_id)
    assert told["patch_run_id"] == run_id
    assert (run["evidence"], run["evidence_at"], run["evidence_report_id"]) == ("proven", at(1), told["report_id"])
    assert a_site.history("webform")[0] == ("6.2.7", "6.2.9", run_id)
    assert [each["id"] for each in a_site.runs()] == [run_id]
    [row] = a_site.audited("patch_run.proven")
    assert (row["resource_id"], row["changes"]["evidence"]) == (run_id, ["claimed", "proven"])


def test_a_report_that_shows_the_old_version_contradicts(a_site):
    run_id = a_site.post_run()
    told = a_site.report({"webform": "6.2.7", "token": "8.x-1.15"}, hours=1)
    assert a_site.evidence(run_id) == "contradicted"
    assert told["patch_run_id"] != run_id
    assert [row["resource_id"] for row in a_site.audited("patch_run.contradicted")] == [run_id]


def test_a_report_from_before_the_end_decides_nothing(a_site):
    before, during = a_site.post_run(), a_site.post_run(started_at=at(7), finished_at=at(4))
    a_site.report({"webform": "6.2.7", "token": "8.x-1.14", "new": "1.0.0"}, hours=5)
    assert (a_site.evidence(before), a_site.evidence(during)) == ("claimed", "claimed")


def test_a_step_seen_while_the_run_goes_on_is_the_runs(a_site):
    run_id = a_site.post_run(updates=BOTH)
    told = a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=2.5)
    assert told["patch_run_id"] is None
    assert a_site.history("webform")[0][2] == run_id
    assert a_site.evidence(run_id) == "claimed"
    assert a_site.report({"webform": "6.2.9", "token": "8.x-1.15"}, hours=1)["patch_run_id"] == run_id
    assert [each["id"] for each in a_site.runs()] == [run_id]


def test_a_partial_list_says_nothing_of_what_it_leaves_out(a_site):
    run_id = a_site.post_run()
    a_site.report({"token": "8.x-1.15"}, hours=1.5, full=False)
    assert a_site.evidence(run_id) == "claimed"
    a_site.report({"webform": "6.2.9"}, hours=1, full=False)
    assert a_site.evidence(run_id) == "proven"


def test_partial_lists_prove_a_run_together(a_site):
    run_id = a_site.post_run(updates=BOTH)
    a_site.report({"webform": "6.2.9"}, hours=1.5, full=False)
    assert a_site.evidence(run_id) == "claimed"
    assert a_site.report({"token": "8.x-1.15"}, hours=1, full=False)["patch_run_id"] == run_id
    assert a_site.evidence(run_id) == "proven"


def test_one_module_that_did_not_move_contradicts(a_site):
    run_id = a_site.post_run(updates=BOTH)
    a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)
    assert a_site.evidence(run_id) == "contradicted"
    assert a_site.history("webform")[0][2] == run_id
    assert [each["id"] for each in a_site.runs()] == [run_id]


def test_a_partial_run_is_proven_by_one_and_contradicted_by_none(a_site):
    run_id, other = a_site.post_run(status="partial", updates=BOTH), a_site.post_run(
        status="partial", updates=[update("token", "8.x-1.14", "8.x-1.15")])
    a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)
    assert (a_site.evidence(run_id), a_site.evidence(other)) == ("proven", "contradicted")


@pytest.mark.parametrize("status", ["failed", "rolled_back"])
def test_a_failed_run_is_proven_by_the_old_version(a_site, status):
    run_id = a_site.post_run(status=status)
    told = a_site.report({"webform": "6.2.7", "token": "8.x-1.14", "new": "1.0.0"}, hours=1)
    assert (a_site.evidence(run_id), told["patch_run_id"]) == ("proven", run_id)


def test_a_failed_run_is_contradicted_by_the_new_version(a_site):
    run_id = a_site.post_run(status="failed")
    told = a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)
    assert a_site.evidence(run_id) == "contradicted"
    assert a_site.run(told["patch_run_id"])["trigger"] == "inferred"


def test_a_higher_version_proves_too_and_its_step_is_the_runs(a_site):
    run_id = a_site.post_run()
    told = a_site.report({"webform": "6.2.10", "token": "8.x-1.14"}, hours=1)
    assert (a_site.evidence(run_id), told["patch_run_id"]) == ("proven", run_id)
    assert a_site.history("webform")[0] == ("6.2.7", "6.2.10", run_id)
    assert len(a_site.runs()) == 1


def test_a_lower_version_than_claimed_contradicts_and_is_inferred(a_site):
    run_id = a_site.post_run()
    told = a_site.report({"webform": "6.2.8", "token": "8.x-1.14"}, hours=1)
    assert a_site.evidence(run_id) == "contradicted"
    assert steps_of(a_site.run(told["patch_run_id"])) == [("webform", "6.2.7", "6.2.8")]


def test_a_removal_is_proven_by_a_full_report_that_lacks_it(a_site):
    run_id = a_site.post_run(updates=[update("token", "8.x-1.14", None)])
    a_site.report({"webform": "6.2.9"}, hours=1.5, full=False)
    assert a_site.evidence(run_id) == "claimed"
    a_site.report({"webform": "6.2.9"}, hours=1)
    assert a_site.evidence(run_id) == "proven"
    assert a_site.history("token")[0] == ("8.x-1.14", None, run_id)


def test_a_removal_is_contradicted_by_what_is_still_there(a_site):
    run_id = a_site.post_run(updates=[update("token", "8.x-1.14", None)])
    a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)
    assert a_site.evidence(run_id) == "contradicted"


def test_a_module_that_the_site_does_not_know_says_nothing(a_site):
    run_id = a_site.post_run(updates=[update(), update("vendor/library", "1.0.0", "1.0.1")])
    told = a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)
    assert (a_site.evidence(run_id), told["patch_run_id"]) == ("claimed", None)
    assert a_site.history("webform")[0][2] == run_id


def test_a_run_contradicted_too_early_is_proven_when_its_versions_come(a_site):
    run_id = a_site.post_run(finished_at=...)
    a_site.report({"webform": "6.2.7", "token": "8.x-1.14", "new": "1.0.0"}, hours=2.9)
    assert a_site.evidence(run_id) == "contradicted"
    told = a_site.report({"webform": "6.2.9", "token": "8.x-1.14", "new": "1.0.0"}, hours=1)
    assert (a_site.evidence(run_id), told["patch_run_id"]) == ("proven", run_id)
    assert len(a_site.runs()) == 1


def test_a_contradicted_run_stays_so_when_another_run_did_the_work(a_site):
    wrong = a_site.post_run()
    a_site.report({"webform": "6.2.7", "token": "8.x-1.14", "new": "1.0.0"}, hours=1.8)
    right = a_site.post_run(started_at=at(1.5), finished_at=at(1.4))
    told = a_site.report({"webform": "6.2.9", "token": "8.x-1.14", "new": "1.0.0"}, hours=1)
    assert (a_site.evidence(wrong), a_site.evidence(right)) == ("contradicted", "proven")
    assert told["patch_run_id"] == right


def test_versions_that_went_up_without_a_run_make_one(a_site):
    said = {"update_available": True, "security_update": True, "latest_version": "6.2.9"}
    a_site.report({"webform": "6.2.7"}, hours=9, full=False, **said)
    told = a_site.report({"webform": "6.2.9", "token": "8.x-1.15"}, hours=1)
    run = a_site.run(told["patch_run_id"])
    assert (run["trigger"], run["status"], run["evidence"]) == ("inferred", "success", "proven")
    assert (run["started_at"], run["finished_at"], run["evidence_at"]) == (at(9), at(1), at(1))
    assert run["evidence_report_id"] == told["report_id"]
    assert run["environment"] == "production"
    assert [(each["module"], each["security"]) for each in run["updates"]] == [("webform", True), ("token", False)]
    assert (run["updates_count"], run["security_updates_count"]) == (2, 1)
    assert a_site.history("webform")[0][2] == a_site.history("token")[0][2] == run["id"]
    assert [row["resource_id"] for row in a_site.audited("patch_run.inferred")] == [run["id"]]


def test_only_the_steps_that_no_run_accounts_for_are_inferred(a_site):
    run_id = a_site.post_run()
    told = a_site.report({"webform": "6.2.9", "token": "8.x-1.15"}, hours=1)
    assert told["patch_run_id"] == run_id
    [inferred] = a_site.runs(trigger="inferred")
    assert steps_of(inferred) == [("token", "8.x-1.14", "8.x-1.15")]


def test_installations_removals_and_downgrades_make_no_run(a_site):
    told = a_site.report({"webform": "6.2.6", "brand_new": "1.0.0"}, hours=1)
    assert told["patch_run_id"] is None
    assert a_site.runs() == []


def test_versions_are_not_compared_as_text(a_site):
    a_site.report({"webform": "6.2.9", "token": "8.x-1.9"}, hours=3)
    told = a_site.report({"webform": "6.2.10", "token": "8.x-1.10"}, hours=1)
    steps = [("token", "8.x-1.9", "8.x-1.10"), ("webform", "6.2.9", "6.2.10")]
    assert steps_of(a_site.run(told["patch_run_id"])) == steps


def test_the_same_report_again_makes_nothing(a_site):
    a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)
    assert a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)["patch_run_id"] is None
    assert len(a_site.runs()) == 1


def test_a_run_too_old_for_the_step_proves_but_does_not_account_for_it(a_site):
    old = a_site.post_run(started_at=at(31 * 24), finished_at=at(31 * 24 - 1))
    told = a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)
    assert a_site.evidence(old) == "proven"
    assert told["patch_run_id"] == old
    assert a_site.run(a_site.history("webform")[0][2])["trigger"] == "inferred"


def test_going_up_again_after_a_rollback_is_another_run(a_site):
    run_id = a_site.post_run()
    a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1.8)
    a_site.report({"webform": "6.2.7", "token": "8.x-1.14"}, hours=1.5)
    again = a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)["patch_run_id"]
    assert again != run_id
    assert [row[2] for row in a_site.history("webform")][:3] == [again, None, run_id]
    assert a_site.evidence(run_id) == "proven"


def test_runs_of_another_site_are_left_alone(a_site, app):
    with factories.writing(app):
        other = factories.site(a_site.cast.organization)
    run_id = a_site.post_run()
    agent = a_site.cast.key(site=other)
    for hours, version in ((1.5, "6.2.7"), (1, "6.2.9")):
        body = {"reported_at": at(hours), "modules": [{"name": "webform", "version": version}]}
        assert agent.post(f"/sites/{other.id}/modules", body).status_code == 200
    assert a_site.evidence(run_id) == "claimed"


def test_a_report_is_awaited_while_a_run_is_claimed(app, a_site):
    from sqlalchemy import select

    from webapp.kit.db import db
    from webapp.patching.queries import awaits_report

    def awaited():
        with factories.writing(app):
            return db.session.scalar(select(awaits_report(UUID(a_site.id), factories.ago(hours=0))))

    assert not awaited()
    a_site.post_run()
    assert awaited()
    a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)
    assert not awaited()


def about_runs(found):
    return [each for each in found if "patch_run" in each and not each.startswith("INSERT INTO audit_log")]


def test_what_a_report_costs(a_site, statements):
    many = {f"m{number}": "1.0.0" for number in range(300)}
    a_site.report(many, hours=9)
    with statements() as quiet:
        a_site.report({**many, "extra": "1.0.0"}, hours=8)
    assert [each.split()[0] for each in about_runs(quiet)] == ["SELECT"] * 2
    with statements() as busy:
        told = a_site.report(dict.fromkeys(many, "1.1.0"), hours=7)
    assert a_site.run(told["patch_run_id"])["updates_count"] == 300
    follows = [each for each in about_runs(busy) if "deployments" in each]
    assert sorted(each.split()[0] for each in follows) == ["INSERT", "SELECT"]
    assert sorted(each.split()[0] for each in about_runs(busy) if each not in follows) == ["INSERT", "INSERT", "SELECT", "SELECT", "UPDATE"]
