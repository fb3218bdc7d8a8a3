"""A site's report from the door to the answer: what changes, what does not, and what is refused with its place and reason."""

from __future__ import annotations

import gzip
import json
import threading
from datetime import datetime, timedelta

import pytest

from tests import factories
from tests.cast import Caller
from webapp.kit.clock import now, stamp
from webapp.kit.db import execute

BASE = {"modules": [{"name": "webform", "version": "6.2.7"}, {"name": "token", "version": "8.x-1.14"}]}


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization)


@pytest.fixture
def agent(cast, site):
    """A caller with the site's own key."""
    return cast.key(site=site)


def path(site):
    return f"/sites/{site.id}/modules"


def installed(cast, site, **query):
    return {row["name"]: row["version"] for row in cast.admin.get(path(site), per_page=200, **query).json["data"]}


def received(cast, site):
    return cast.admin.get(f"/sites/{site.id}/inventory-reports").json["data"]


def refused(answer, status, field=None):
    assert answer.status_code == status, answer.json
    assert {"status_code", "error", "message", "details", "timestamp", "request_id"} <= set(answer.json)
    if field:
        assert field in [detail["field"] for detail in answer.json["details"]]
    return answer.json


def test_the_answer_says_what_changed(cast, site, agent):
    first = agent.post(path(site), BASE).json["data"]
    assert (first["received"], first["added"], first["unchanged"]) == (2, 2, 0)
    second = agent.post(path(site), {"modules": [{"name": "webform", "version": "6.2.9"}, {"name": "pathauto", "version": "1.13"}]}).json["data"]
    assert {name: second[name] for name in ("received", "added", "updated", "removed", "unchanged")} == {
        "received": 2, "added": 1, "updated": 1, "removed": 1, "unchanged": 0}
    assert installed(cast, site) == {"webform": "6.2.9", "pathauto": "1.13"}


def test_the_same_body_again_is_one_row_and_one_comparison(cast, site, agent):
    agent.post(path(site), BASE)
    again = agent.post(path(site), BASE).json["data"]
    assert (again["received"], again["added"], again["updated"], again["removed"], again["unchanged"]) == (2, 0, 0, 0, 2)
    assert [row["outcome"] for row in received(cast, site)] == ["unchanged", "accepted"]
    assert len(cast.admin.get(f"/sites/{site.id}/history").json["data"]) == 2


def test_the_same_undated_body_says_that_the_site_lives(app, cast, site, agent):
    last = []
    for _ in range(2):
        agent.post(path(site), BASE)
        last.append(datetime.fromisoformat(cast.admin.get(f"/sites/{site.id}").json["data"]["last_report_at"]))
    assert last[0] < last[1]


def test_a_replayed_dated_body_does_not_make_a_site_look_fresh(cast, site, agent):
    body = {**BASE, "reported_at": stamp(factories.ago(hours=5))}
    agent.post(path(site), body)
    agent.post(path(site), body)
    assert cast.admin.get(f"/sites/{site.id}").json["data"]["last_report_at"] == body["reported_at"]


def test_equal_reports_at_once_have_one_effect(app, cast, site, agent):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(agent.post(path(site), BASE).json["data"])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer["added"] for answer in answers) == 2
    assert sorted(row["outcome"] for row in received(cast, site)) == ["accepted"] + ["unchanged"] * 5


def test_a_key_names_its_site(cast, site, agent):
    assert agent.post("/ingest", BASE).status_code == 200
    assert installed(cast, site) == {"webform": "6.2.7", "token": "8.x-1.14"}
    refused(cast.key("ingest").post("/ingest", BASE), 422)


def test_gzip_is_taken(cast, site, agent):
    body = gzip.compress(json.dumps(BASE).encode())
    sent = agent.send("POST", path(site), data=body, content_type="application/json", headers={"Content-Encoding": "gzip"})
    assert sent.status_code == 200
    assert len(installed(cast, site)) == 2


@pytest.mark.parametrize(("raw", "status"), [
    (b'{"modules": [', 400), (b"{]", 400), (b"\xff\xfe{}", 400), (b'{"modules": NaN}', 400), (b"[" * 100_000, 400),
    (b"", 422), (b"  \n", 422), (b"[]", 422), (b"7", 422), (b'{"hello": "world"}', 422),
])
def test_bodies_that_cannot_be_read(cast, site, agent, raw, status):
    agent.post(path(site), BASE)
    answer = agent.send("POST", path(site), data=raw, content_type="application/json")
    assert refused(answer, status)["message"]
    assert len(installed(cast, site)) == 2
    assert received(cast, site)[0]["outcome"] == "refused"
    assert received(cast, site)[0]["error"]


@pytest.mark.parametrize(("change", "field"), [
    ({"colour": "red"}, "colour"),
    ({"modules": [{"name": "a", "version": "1", "colour": "red"}]}, "modules.0.colour"),
    ({"modules": [{"name": "a", "version": "1"}, {"name": "b", "version": 7}]}, "modules.1.version"),
    ({"modules": [{"name": "a", "version": "1"}, {"name": "B A D", "version": "1"}]}, "modules.1.name"),
    ({"modules": [{"name": "a"}]}, "modules.0.version"),
    ({"modules": [{"name": "a", "version": "1", "enabled": "maybe"}]}, "modules.0.enabled"),
    ({"drupal": {"core_version": ["10"]}}, "drupal.core_version"),
    ({"reported_at": "yesterday"}, "reported_at"),
    ({"reported_at": 12}, "reported_at"),
    ({"full": "yes"}, "full"),
])
def test_what_is_wrong_is_named_by_its_place(cast, site, agent, change, field):
    refused(agent.post(path(site), {**BASE, **change}), 422, field)
    assert installed(cast, site) == {}


def test_a_module_named_twice(site, agent):
    twice = [{"name": "a", "version": "1.0.0"}, {"name": "a", "version": "1.1.0"}]
    refused(agent.post(path(site), {"modules": twice}), 422, "modules.1.name")


def test_one_bad_module_changes_nothing(cast, site, agent):
    agent.post(path(site), BASE)
    bad = [*BASE["modules"], {"name": "new_one", "version": "1"}, {"name": "BAD NAME", "version": "1"}]
    refused(agent.post(path(site), {"modules": bad}), 422)
    assert "new_one" not in installed(cast, site)


def test_five_thousand_modules_and_no_more(cast, site, agent):
    many = [{"name": f"m_{number}", "version": "1.0.0"} for number in range(5000)]
    assert agent.post(path(site), {"modules": many}).json["data"]["added"] == 5000
    refused(agent.post(path(site), {"modules": [*many, {"name": "one_more", "version": "1"}]}), 422, "modules")


def test_six_megabytes_are_refused_before_they_are_read(site, agent):
    body = b'{"modules": [], "padding": "' + b"x" * 6_000_000 + b'"}'
    assert refused(agent.send("POST", path(site), data=body, content_type="application/json"), 413)["error"] == "payload_too_large"


def test_a_gzip_bomb(site, agent):
    bomb = gzip.compress(b" " * 100_000_000)
    sent = agent.send("POST", path(site), data=bomb, content_type="application/json", headers={"Content-Encoding": "gzip"})
    assert refused(sent, 413)["error"] == "payload_too_large"


@pytest.mark.parametrize(("body", "encoding", "status"), [
    (gzip.compress(b"{}", mtime=0)[:-9], "gzip", 400), (b"no gzip", "gzip", 400), (b"{}", "zstd", 415)])
def test_broken_encodings(site, agent, body, encoding, status):
    sent = agent.send("POST", path(site), data=body, content_type="application/json", headers={"Content-Encoding": encoding})
    refused(sent, status)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "image/png"])
def test_other_content_types(site, agent, kind):
    refused(agent.send("POST", path(site), data=json.dumps(BASE).encode(), content_type=kind), 415)


def test_who_may_not_report(app, cast, site):
    with factories.writing(app):
        other = factories.site(cast.organization)
    refused(Caller(app).post(path(site), BASE), 401)
    refused(Caller(app, {"X-API-Key": "pb_" + "x" * 43}).post(path(site), BASE), 401)
    refused(cast.key(site=other).post(path(site), BASE), 404)
    refused(cast.key("read").post(path(site), BASE), 403)
    refused(cast.viewer.post(path(site), BASE), 403)
    refused(cast.stranger.post(path(site), BASE), 404)
    assert installed(cast, site) == {}


def test_a_revoked_key_and_an_expired_one(app, cast, site):
    made = cast.admin.post("/api-keys", {"name": "k", "scopes": ["ingest"], "organization_id": str(cast.organization.id),
                                         "site_id": str(site.id)}).json["data"]
    agent = Caller(app, {"X-API-Key": made["secret"]})
    assert agent.post(path(site), BASE).status_code == 200
    with factories.writing(app):
        execute("UPDATE api_keys SET expires_at = :past WHERE id = :id", past=factories.ago(hours=1), id=made["id"])
    refused(agent.post(path(site), BASE), 401)
    cast.admin.patch(f"/api-keys/{made['id']}", {"expires_at": None})
    assert cast.admin.delete(f"/api-keys/{made['id']}").status_code == 200
    refused(agent.post(path(site), BASE), 401)


def test_a_key_is_held_to_its_addresses(app, cast, site):
    made = cast.admin.post("/api-keys", {"name": "k", "scopes": ["ingest"], "organization_id": str(cast.organization.id),
                                         "site_id": str(site.id), "allowed_ips": ["10.1.0.0/16"]}).json["data"]
    refused(Caller(app, {"X-API-Key": made["secret"]}).post(path(site), BASE), 401)


def test_the_future_is_refused_beyond_five_minutes(cast, site, agent):
    refused(agent.post(path(site), {**BASE, "reported_at": stamp(now() + timedelta(minutes=10))}), 422, "reported_at")
    assert agent.post(path(site), {**BASE, "reported_at": stamp(now() + timedelta(minutes=2))}).status_code == 200


def test_the_empty_output_of_a_removed_command_is_no_all_clear(cast, site, agent):
    agent.post(path(site), BASE)
    lock = {"packages": [{"name": "drupal/ctools", "version": "4.1.0", "type": "drupal-module"}], "packages-dev": [], "content-hash": "x"}
    for output in ("", 'Command "pm:list" is not defined.'):
        refused(agent.post(path(site), {"documents": {"composer.lock": lock, "pm:list": output}}), 422, "documents.pm:list")
    assert installed(cast, site) == {"webform": "6.2.7", "token": "8.x-1.14"}
    assert {row["outcome"] for row in received(cast, site)[:2]} == {"refused"}


def test_a_refusal_repeats_nothing_of_what_came(cast, site, agent):
    answer = agent.post(path(site), {"modules": [{"name": "BAD hunter2", "version": "1"}], "db-password": "hunter2"})
    assert "hunter2" not in json.dumps(refused(answer, 422)["message"])
    assert "hunter2" not in json.dumps(received(cast, site))


def test_a_deleted_site_takes_nothing(cast, site, agent):
    cast.admin.delete(f"/sites/{site.id}")
    refused(agent.post(path(site), BASE), 404)


def test_a_lock_says_what_is_there_and_a_list_what_is_on(cast, site, agent):
    lock = {"packages": [{"name": "drupal/core", "version": "10.3.8", "type": "drupal-core"},
                         {"name": "drupal/ctools", "version": "4.1.0", "type": "drupal-module"},
                         {"name": "drupal/devel", "version": "5.3.0", "type": "drupal-module"}], "packages-dev": [], "content-hash": "x"}
    listed = {"ctools": {"name": "ctools", "display_name": "Chaos Tools (ctools)", "project": "ctools", "type": "module",
                         "status": "Enabled", "version": "4.1.0", "path": "modules/contrib/ctools"}}
    assert agent.post(path(site), {"documents": {"composer.lock": lock, "pm:list": listed}}).status_code == 200
    rows = {row["name"]: row for row in cast.admin.get(path(site)).json["data"]}
    assert (rows["ctools"]["enabled"], rows["devel"]["enabled"]) == (True, False)
    assert cast.admin.get(f"/sites/{site.id}").json["data"]["core_version"] == "10.3.8"
    agent.post(path(site), {**lock, "packages": lock["packages"][:2]})
    assert "devel" not in installed(cast, site)


def test_what_a_lock_does_not_speak_of_stays(cast, site, agent):
    agent.post(path(site), BASE)
    agent.post(path(site), {"packages": [{"name": "drupal/ctools", "version": "4.1.0", "type": "drupal-module"}], "packages-dev": [],
                            "content-hash": "x"})
    assert installed(cast, site) == {"webform": "6.2.7", "token": "8.x-1.14", "ctools": "4.1.0"}


def test_every_write_of_a_report_is_in_the_audit_log(cast, site, agent):
    done = agent.post(path(site), BASE, headers={"X-Request-ID": "report-one"}).json["data"]
    rows = cast.admin.get("/audit-logs", request_id="report-one").json["data"]
    assert [(row["action"], row["resource_id"]) for row in rows] == [("inventory.recorded", str(site.id))]
    assert rows[0]["changes"]["report_id"] == [None, done["report_id"]]


def test_the_same_body_again_still_contradicts_a_run_posted_in_between(app, cast, site, agent):
    agent.post(path(site), BASE)
    run = {"started_at": stamp(now()), "status": "success", "trigger": "manual",
           "updates": [{"module": "webform", "from_version": "6.2.7", "to_version": "6.2.9"}]}
    made = cast.member.post(f"/sites/{site.id}/patch-run", run).json["data"]
    assert agent.post(path(site), BASE).json["data"]["unchanged"] == 2
    assert cast.member.get(f"/patch-runs/{made['id']}").json["data"]["evidence"] == "contradicted"
