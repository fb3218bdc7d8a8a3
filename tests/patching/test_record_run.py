"""Posting a patch run: what is taken, what is refused, and what earlier reports already say of it."""

from __future__ import annotations

import pytest

from tests import factories
from tests.patching.conftest import at, run_body, steps_of, update


def fields_of(answer):
    assert answer.status_code == 422, answer.json
    assert answer.json["error"] == "validation_error"
    return [detail["field"] for detail in answer.json["details"]]


def test_a_posted_run_is_claimed(a_site):
    said = {"operator": "Dana", "notes": "evening round", "commit_sha": "a" * 40, "ci_url": "https://ci.example.com/1",
            "environment": "live", "trigger": "manual"}
    answer = a_site.try_run(**said, updates=[update(security=True, status="success")])
    assert answer.status_code == 201
    run = answer.json["data"]
    assert answer.headers["Location"] == f"/api/v1/patch-runs/{run['id']}"
    assert {name: run[name] for name in said} == said
    assert (run["evidence"], run["evidence_at"], run["evidence_report_id"]) == ("claimed", None, None)
    assert run["updates"] == [update(security=True, status="success")]
    assert (run["updates_count"], run["security_updates_count"]) == (1, 1)
    assert run["site"]["id"] == a_site.id
    assert run["organization_id"] == a_site.organization_id
    assert run["created_by"] == a_site.cast.member.id
    assert a_site.run(run["id"]) == run


def test_a_run_is_audited(a_site):
    run_id = a_site.post_run()
    [row] = a_site.audited("patch_run.recorded")
    assert row["resource_id"] == run_id
    assert row["changes"]["trigger"] == [None, "ci"]


def test_the_environment_is_the_sites_where_none_is_given(a_site):
    for fields in ({}, {"environment": None}, {"environment": ""}):
        assert a_site.try_run(**fields).json["data"]["environment"] == "production"


def test_a_run_that_goes_on_has_no_end(a_site):
    assert a_site.try_run(finished_at=...).json["data"]["finished_at"] is None


def test_who_may_post(a_site):
    cast = a_site.cast
    site = type("Site", (), {"id": a_site.id})
    for caller in (cast.admin, cast.root, cast.key("write"), cast.key("write", site=site)):
        assert a_site.try_run(by=caller).status_code == 201
    for caller in (cast.viewer, cast.key("read"), cast.key("ingest"), a_site.agent):
        assert a_site.try_run(by=caller).status_code == 403
    assert a_site.try_run(by=cast.stranger).status_code == 404


def test_a_sites_key_posts_for_its_own_site_only(app, a_site):
    with factories.writing(app):
        other = factories.site(a_site.cast.organization)
    key = a_site.cast.key("write", site=other)
    assert a_site.try_run(by=key).status_code == 404


def test_a_deleted_site_takes_no_runs(a_site):
    a_site.cast.admin.delete(f"/sites/{a_site.id}")
    assert a_site.try_run().status_code == 404


@pytest.mark.parametrize("name", ["started_at", "status", "trigger", "updates"])
def test_required_fields(a_site, name):
    assert fields_of(a_site.try_run(**{name: ...})) == [name]


@pytest.mark.parametrize(("name", "value"), [
    ("status", "splendid"), ("trigger", "moon"), ("trigger", "inferred"), ("started_at", "noon"), ("colour", "red"),
    ("started_at", lambda: at(-1)), ("started_at", "1970-01-01T00:00:00Z"), ("finished_at", lambda: at(4)), ("finished_at", lambda: at(-1)),
    ("operator", "x" * 201), ("operator", "a\u0000b"), ("notes", "x" * 10_001), ("environment", "x" * 51),
    ("commit_sha", "abc"), ("commit_sha", "g" * 40), ("commit_sha", "a" * 65), ("commit_sha", "a" * 40 + "\n"),
    ("ci_url", "javascript:alert(1)"), ("ci_url", "ftp://ci.example.com/"), ("ci_url", "https://"),
    ("ci_url", "https://me:secret@ci.example.com/1"), ("ci_url", "https://ci.example.com/" + "x" * 2000),
    ("ci_url", "https://ci.example.com/a b"), ("ci_url", "https://ci.example.com:99999/"), ("updates", "all"),
    ("updates", []),
])
def test_refused_values(a_site, name, value):
    value = value() if callable(value) else value  # a time in a test's name would differ from process to process
    assert fields_of(a_site.try_run(**{name: value})) == [name]
    assert a_site.runs() == []


@pytest.mark.parametrize(("one", "field"), [
    (update("Webform!"), "updates.0.module"), (update("x" * 129), "updates.0.module"),
    (update(before="x" * 256), "updates.0.from_version"), (update(after=""), "updates.0.to_version"),
    (update(before=None, after=None), "updates.0.to_version"), (update(status="splendid"), "updates.0.status"),
    (update(security="maybe"), "updates.0.security"), (update(colour="red"), "updates.0.colour"),
    ({"module": "webform", "to_version": "1"}, "updates.0.from_version"),
])
def test_refused_updates(a_site, one, field):
    assert fields_of(a_site.try_run(updates=[one])) == [field]


def test_a_module_named_twice_is_refused_at_its_place(a_site):
    answer = a_site.try_run(updates=[update("token"), update(), update("drupal/webform")])
    assert fields_of(answer) == ["updates.2.module"]


def test_more_modules_than_a_report_can_have_are_refused(a_site):
    many = [update(f"m{number}") for number in range(5001)]
    assert fields_of(a_site.try_run(updates=many)) == ["updates"]


def test_only_a_run_that_changed_nothing_may_name_no_modules(a_site):
    for status, code in (("failed", 201), ("rolled_back", 201), ("success", 422), ("partial", 422)):
        assert a_site.try_run(status=status, updates=[]).status_code == code


def test_composers_names_become_the_sites(a_site):
    run = a_site.try_run(updates=[update("drupal/webform"), update("drupal/core", "10.3.7", "10.3.8")]).json["data"]
    assert [each["module"] for each in run["updates"]] == ["drupal", "webform"]


def test_the_same_post_with_one_key_makes_one_run(a_site):
    body = run_body()
    for _ in range(2):
        answer = a_site.cast.member.post(f"/sites/{a_site.id}/patch-run", body, headers={"Idempotency-Key": "one"})
        assert answer.status_code == 201
    assert len(a_site.runs()) == 1


def test_a_run_posted_after_its_report_takes_over_what_was_inferred(a_site):
    inferred = a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)["patch_run_id"]
    run_id = a_site.post_run()
    run = a_site.run(run_id)
    assert (run["evidence"], run["evidence_at"]) == ("proven", at(1))
    assert a_site.cast.viewer.get(f"/patch-runs/{inferred}").status_code == 404
    assert [each["id"] for each in a_site.runs()] == [run_id]
    assert a_site.history("webform")[0] == ("6.2.7", "6.2.9", run_id)
    assert [row["resource_id"] for row in a_site.audited("patch_run.withdrawn")] == [inferred]
    assert [row["resource_id"] for row in a_site.audited("patch_run.proven")] == [run_id]


def test_it_takes_only_its_own_modules(a_site):
    inferred = a_site.report({"webform": "6.2.9", "token": "8.x-1.15"}, hours=1)["patch_run_id"]
    run_id = a_site.post_run()
    left = a_site.run(inferred)
    assert steps_of(left) == [("token", "8.x-1.14", "8.x-1.15")]
    assert left["updates_count"] == 1
    assert a_site.history("token")[0][2] == inferred
    assert a_site.history("webform")[0][2] == run_id
    assert a_site.evidence(run_id) == "proven"


def test_what_the_site_had_announced_as_security_stays_so(a_site):
    site, said = a_site, {"update_available": True, "security_update": True, "latest_version": "6.2.9"}
    site.report({"webform": "6.2.7", "token": "8.x-1.14"}, hours=9, **said)
    site.report({"webform": "6.2.9", "token": "8.x-1.15"}, hours=1)
    quiet = site.run(site.post_run())
    assert (quiet["updates"][0]["security"], quiet["security_updates_count"]) == (True, 1)
    denied = site.run(site.post_run(updates=[update("token", "8.x-1.14", "8.x-1.15", security=False)]))
    assert (denied["updates"][0]["security"], denied["security_updates_count"]) == (False, 0)


def test_a_report_before_the_end_merges_but_does_not_prove(a_site):
    a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=2.5)
    run_id = a_site.post_run()
    assert a_site.evidence(run_id) == "claimed"
    assert [each["id"] for each in a_site.runs()] == [run_id]
    a_site.report({"webform": "6.2.9", "token": "8.x-1.14", "new": "1.0.0"}, hours=1)
    assert a_site.evidence(run_id) == "proven"


def test_a_report_from_before_the_run_says_nothing(a_site):
    inferred = a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=5)["patch_run_id"]
    run_id = a_site.post_run()
    assert a_site.evidence(run_id) == "claimed"
    assert {each["id"] for each in a_site.runs()} == {run_id, inferred}


def test_a_report_that_shows_no_step_says_nothing_of_a_run_posted_later(a_site):
    a_site.report({"webform": "6.2.7", "token": "8.x-1.15"}, hours=1)
    assert a_site.evidence(a_site.post_run()) == "claimed"


def test_the_first_report_of_a_site_proves_no_run_posted_later(app, cast):
    from tests.patching.conftest import PatchedSite

    with factories.writing(app):
        made = factories.site(cast.organization)
    site = PatchedSite(cast, str(made.id), str(made.organization_id), cast.key(site=made))
    site.report({"webform": "6.2.9"}, hours=1)
    run_id = site.post_run()
    assert site.evidence(run_id) == "claimed"
    assert site.history("webform") == [(None, "6.2.9", None)]


def test_a_run_posted_late_is_not_proven_by_half_of_it(a_site):
    a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)
    whole = a_site.post_run(updates=[update(), update("token", "8.x-1.14", "8.x-1.15")])
    assert a_site.evidence(whole) == "claimed"
    assert [each["id"] for each in a_site.runs()] == [whole]


def test_a_partial_run_posted_late_is_proven_by_half_of_it(a_site):
    a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)
    run_id = a_site.post_run(status="partial", updates=[update(), update("token", "8.x-1.14", "8.x-1.15")])
    assert a_site.evidence(run_id) == "proven"


def test_a_failed_run_posted_late_takes_nothing(a_site):
    inferred = a_site.report({"webform": "6.2.9", "token": "8.x-1.14"}, hours=1)["patch_run_id"]
    run_id = a_site.post_run(status="failed")
    assert a_site.evidence(run_id) == "claimed"
    assert a_site.evidence(inferred) == "proven"


def test_installations_and_removals_posted_late_are_proven(a_site):
    a_site.report({"webform": "6.2.7", "pathauto": "1.0.0"}, hours=1)
    run_id = a_site.post_run(updates=[update("pathauto", None, "1.0.0"), update("token", "8.x-1.14", None)])
    assert a_site.evidence(run_id) == "proven"
    assert a_site.history("pathauto")[0] == (None, "1.0.0", run_id)
    assert a_site.history("token")[0] == ("8.x-1.14", None, run_id)
