"""Signed reports: taken once, within five minutes, unaltered; with or without the key beside them; required where a site says so."""

import gzip
import threading
import time
from datetime import timedelta

import pytest

from tests import factories
from tests.cast import Caller
from tests.ingest.signing import BASE, headers, new_key, raw, send
from webapp.accounts.actions import nonces
from webapp.accounts.actions.nonces import KEPT, forget_nonces
from webapp.kit.clock import now
from webapp.kit.db import rows
from webapp.kit.signatures import KEY, NONCE, SIGNATURE, TIMESTAMP


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization)


@pytest.fixture
def secret(cast, site):
    return new_key(cast, site)["secret"]


@pytest.fixture
def nobody(app):
    return Caller(app)


def refused(answer, words, code="invalid_signature"):
    assert answer.status_code == 401, answer.json
    assert answer.json["error"] == code
    assert words in answer.json["message"]
    assert "WWW-Authenticate" in answer.headers


def outcomes(cast, site):
    return [row["outcome"] for row in cast.admin.get(f"/sites/{site.id}/inventory-reports").json["data"]]


@pytest.mark.parametrize("key", [True, False])
def test_a_signed_report_is_taken_once(cast, site, nobody, secret, key):
    sent = headers(secret, raw(), key=key)
    assert send(nobody, raw(), sent).json["data"]["added"] == 2
    for _ in range(3):
        refused(send(nobody, raw(), sent), "used before")
    assert outcomes(cast, site) == ["accepted"]


def test_with_the_site_in_the_path(site, nobody, secret):
    path = f"/api/v1/sites/{site.id}/modules"
    assert send(nobody, raw(), headers(secret, raw(), path=path), path).status_code == 200
    refused(send(nobody, raw(), headers(secret, raw()), path), "does not fit")


def test_a_gzip_body_is_signed_as_it_is_sent(nobody, secret):
    packed = gzip.compress(raw())
    assert send(nobody, packed, {**headers(secret, packed), "Content-Encoding": "gzip"}).status_code == 200
    refused(send(nobody, packed, {**headers(secret, raw()), "Content-Encoding": "gzip"}), "does not fit")


def test_what_is_altered_late_or_not_whole(cast, site, nobody, secret):
    refused(send(nobody, raw() + b" ", headers(secret, raw())), "does not fit")
    refused(send(nobody, raw(), {**headers(secret, raw()), NONCE: "another-nonce-0123"}), "does not fit")
    refused(send(nobody, raw(), headers(secret, raw(), moment=time.time() - 310)), "more than five minutes ago")
    refused(send(nobody, raw(), headers(secret, raw(), moment=time.time() + 400)), "has not come")
    refused(send(nobody, raw(), {**headers(secret, raw()), SIGNATURE: "v1=\u00e9"}), SIGNATURE)
    for name in (TIMESTAMP, NONCE, SIGNATURE):
        refused(send(nobody, raw(), {each: value for each, value in headers(secret, raw()).items() if each != name}), name)
    refused(send(nobody, raw(), headers(secret, raw()), "/api/v1/ingest?a=b"), "no query")
    assert outcomes(cast, site) == ["refused", "refused"]  # those that were only late: the key was right


@pytest.mark.parametrize(("seconds", "words"), [(-310, "more than five minutes ago: here it is 20"), (400, "has not come: here it is 20")])
def test_a_wrong_clock_is_listed_beside_the_site(cast, site, nobody, secret, seconds, words):
    refused(send(nobody, raw(), headers(secret, raw(), moment=time.time() + seconds)), words)
    refused(send(nobody, raw() + b" ", headers(secret, raw(), moment=time.time() + seconds)), "does not fit")
    listed = cast.admin.get(f"/sites/{site.id}/inventory-reports").json["data"]
    assert [row["outcome"] for row in listed] == ["refused"]
    assert words in listed[0]["error"]


def test_by_whom(cast, site, nobody, secret):
    other = new_key(cast, site)["secret"]
    refused(send(nobody, raw(), {**headers(other, raw()), KEY: secret[:12]}), "does not fit")
    refused(send(nobody, raw(), {**headers(secret, raw()), KEY: "pb_000000000"}), "names no key")
    refused(send(nobody, raw(), {each: value for each, value in headers(secret, raw()).items() if each != KEY}), "names no key")
    refused(send(cast.admin, raw(), headers(secret, raw())), "Only an API key")
    bearer = {**headers(secret, raw(), key=False), "Authorization": f"Bearer {secret}"}
    bearer.pop("X-API-Key")
    assert send(nobody, raw(), bearer).status_code == 200


def test_a_key_with_more_scopes_signs_only_beside_itself(cast, site, nobody):
    made = new_key(cast, site, "ingest", "read")
    refused(send(nobody, raw(), headers(made["secret"], raw())), "names no key")
    assert send(nobody, raw(), headers(made["secret"], raw(), key=False)).status_code == 200


def test_a_key_that_is_given_more_scopes_signs_no_more_by_itself(cast, site, nobody):
    made = new_key(cast, site)
    assert cast.admin.patch(f"/api-keys/{made['id']}", {"name": "renamed"}).status_code == 200
    assert send(nobody, raw(), headers(made["secret"], raw())).status_code == 200
    assert cast.admin.patch(f"/api-keys/{made['id']}", {"scopes": ["ingest", "read"]}).status_code == 200
    refused(send(nobody, raw(), headers(made["secret"], raw())), "names no key")


def test_a_revoked_key_signs_nothing(cast, site, nobody):
    made = new_key(cast, site)
    assert cast.admin.delete(f"/api-keys/{made['id']}").status_code == 200
    refused(send(nobody, raw(), headers(made["secret"], raw())), "names no key")


def test_both_keys_sign_while_one_takes_over_from_the_other(cast, site, nobody):
    old = new_key(cast, site)
    new = cast.admin.post(f"/api-keys/{old['id']}/rotate", {}).json["data"]
    assert new["secret"] != old["secret"]
    for each in (old, new):
        assert send(nobody, raw(), headers(each["secret"], raw())).status_code == 200


def test_of_twenty_at_once_one_is_taken(app, cast, site, secret):
    sent, statuses = headers(secret, raw()), []
    threads = [threading.Thread(target=lambda: statuses.append(send(Caller(app), raw(), sent).status_code)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [401] * 19
    assert outcomes(cast, site) == ["accepted"]


def test_a_nonce_is_used_up_also_by_a_report_that_is_refused(cast, site, nobody, secret):
    body = raw({"modules": [{"name": "BAD NAME", "version": "1"}]})
    sent = headers(secret, body)
    assert send(nobody, body, sent).status_code == 422
    refused(send(nobody, body, sent), "used before")
    assert outcomes(cast, site) == ["refused"]


def test_where_nonces_cannot_be_looked_up_nothing_is_taken(cast, site, nobody, secret, monkeypatch):
    sent = headers(secret, raw())
    monkeypatch.setattr(nonces, "TAKE", nonces.TAKE.replace("seen_nonces", "a_table_that_is_gone"))
    assert send(nobody, raw(), sent).status_code >= 500
    assert outcomes(cast, site) == []
    monkeypatch.undo()
    assert send(nobody, raw(), sent).status_code == 200


def test_two_keys_may_use_the_same_nonce(cast, site, nobody, secret):
    for each in (secret, new_key(cast, site)["secret"]):
        assert send(nobody, raw(), headers(each, raw(), nonce="the-very-same-nonce")).status_code == 200


def test_a_site_that_takes_signed_reports_only(cast, site, nobody, secret):
    path = f"/sites/{site.id}"
    assert cast.admin.get(path).json["data"]["require_signed_reports"] is False
    assert cast.member.patch(path, {"require_signed_reports": True}).status_code == 403
    assert cast.member.patch(path, {"require_signed_reports": False, "description": "x"}).status_code == 200
    assert cast.admin.patch(path, {"require_signed_reports": True}).json["data"]["require_signed_reports"] is True
    refused(Caller(nobody.app, {"X-API-Key": secret}).post("/ingest", BASE), "signed reports only", "signature_required")
    assert outcomes(cast, site) == ["refused"]
    assert "signed reports only" in cast.admin.get(f"{path}/inventory-reports").json["data"][0]["error"]
    assert send(nobody, raw(), headers(secret, raw())).status_code == 200
    assert cast.member.patch(path, {"require_signed_reports": False}).status_code == 403


def test_a_member_registers_no_site_that_refuses(cast):
    body = {"organization_id": str(cast.organization.id), "name": "New", "url": "https://new.example.org", "require_signed_reports": True}
    assert cast.member.post("/sites", body).status_code == 403
    assert cast.admin.post("/sites", body).json["data"]["require_signed_reports"] is True


def test_the_secret_is_nowhere_in_the_clear(app, cast, site, secret):
    with factories.writing(app):
        kept = rows("SELECT signing_secret FROM api_keys WHERE prefix = :prefix", prefix=secret[:12])[0].signing_secret
        logged = rows("SELECT changes::text AS changes FROM audit_log WHERE action = 'api_key.created'")
    assert kept
    assert secret not in kept
    assert not any(secret in row.changes or "signing_secret" in row.changes for row in logged)
    assert "signing_secret" not in cast.admin.get("/api-keys").get_data(as_text=True)


def test_nonces_are_forgotten_when_nothing_of_their_time_is_taken_any_more(app, nobody, secret):
    assert send(nobody, raw(), headers(secret, raw())).status_code == 200
    with factories.writing(app):
        assert forget_nonces(now() + KEPT - timedelta(minutes=2)) == 0
        assert forget_nonces(now() + KEPT + timedelta(seconds=5)) == 1
