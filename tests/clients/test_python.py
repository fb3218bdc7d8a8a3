"""The Python client against a running server."""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests import factories, outbox
from tests.live import serving

SOURCE = Path(__file__).resolve().parents[2] / "clients/python/patchboard_client.py"
spec = importlib.util.spec_from_file_location("patchboard_client", SOURCE)
client = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = client  # where dataclasses look their module up
spec.loader.exec_module(client)


@pytest.fixture
def address(app):
    with serving(app) as found:
        yield found


@pytest.fixture
def board(address, cast):
    return client.Patchboard(address, token=cast.admin.headers["Authorization"].removeprefix("Bearer "), sleep=lambda _: None)


class Script:
    """A server that answers what it was told to, in turn, and keeps what it was sent."""

    def __init__(self, *answers):
        self.answers, self.seen = list(answers), []
        script = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self):
                size = int(self.headers.get("Content-Length") or 0)
                script.seen.append((self.command, self.path, dict(self.headers), self.rfile.read(size)))
                status, headers, body = script.answers.pop(0)
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            do_GET = do_POST = do_PATCH = handle_any

            def log_message(self, *_):
                """Says nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


DONE = (200, {}, {"data": {"id": "1"}, "meta": {}, "links": {}})


def refused(status, code, **headers):
    return status, headers, {"status_code": status, "error": code, "message": "No.", "details": [], "request_id": "r1"}


def test_a_person_signs_in_and_out(address, cast):
    person = client.Patchboard(address)
    assert person.sign_in(cast.member.email, factories.PASSWORD)["email"] == cast.member.email
    assert person.get("auth/me")["id"] == cast.member.id
    assert person._renew()
    assert person.get("auth/me")["id"] == cast.member.id
    person.sign_out()
    with pytest.raises(client.ApiError) as problem:
        person.get("auth/me")
    assert (problem.value.status, problem.value.code) == (401, "not_authenticated")


def test_a_list_is_all_rows_however_many_pages_it_has(app, board, cast):
    with factories.writing(app):
        made = {str(factories.site(cast.organization, environment="staging").id) for _ in range(5)}
    assert {each["id"] for each in board.list("sites", per_page=2)} == made
    assert {each["id"] for each in board.list("sites", per_page=2, sort="name", environment=["staging", "production"])} == made
    assert list(board.list("sites", environment="production")) == []
    assert board.count("sites") == 5


def test_a_long_list_is_read_by_cursor(board, cast):
    for number in range(5):
        board.create("sites", {"name": f"Site {number}", "url": f"https://s{number}.example", "organization_id": str(cast.organization.id)})
    every = [row["id"] for row in board.list("audit-logs")]
    assert [row["id"] for row in board.list("audit-logs", per_page=2)] == every
    assert len(every) == len(set(every)) >= 5


def test_making_changing_deleting_restoring(board, cast):
    site = board.create("sites", {"organization_id": str(cast.organization.id), "name": "Pool", "url": "https://pool.example"})
    read = board.read(f"sites/{site['id']}")
    assert board.change(f"sites/{site['id']}", {"criticality": "high"}, if_match=read.etag)["criticality"] == "high"
    with pytest.raises(client.ApiError) as problem:
        board.change(f"sites/{site['id']}", {"criticality": "low"}, if_match=read.etag)
    assert (problem.value.status, problem.value.code) == (412, "precondition_failed")
    assert board.delete(f"sites/{site['id']}")["is_active"] is False
    assert board.restore(f"sites/{site['id']}")["is_active"] is True


def test_the_same_idempotency_key_makes_one_thing(board, cast):
    body = {"organization_id": str(cast.organization.id), "name": "Pool", "url": "https://pool.example"}
    one, other = (board.create("sites", body, idempotency_key="import-1") for _ in range(2))
    assert one["id"] == other["id"]


def test_an_error_has_its_code_and_its_details(board):
    with pytest.raises(client.ApiError, match="422 validation_error") as problem:
        board.create("sites", {"name": "No address"})
    assert {each["field"] for each in problem.value.details} == {"organization_id", "url"}
    assert problem.value.request_id


def test_a_site_reports_from_a_body_and_from_a_file(app, address, cast, tmp_path):
    with factories.writing(app):
        site = factories.site(cast.organization)
    key = cast.key(site=site).headers["X-API-Key"]
    board = client.Patchboard(address, key=key)
    many = [{"name": f"module_{number}", "version": "1.0.0"} for number in range(400)]  # long enough to be sent compressed
    assert board.post_report({"modules": many})["added"] == 400
    lock = tmp_path / "composer.lock"
    lock.write_text(json.dumps({"packages": [{"name": "drupal/webform", "version": "6.2.7"}], "packages-dev": []}))
    assert board.post_report(lock, site_id=str(site.id))["received"] == 1


def test_a_report_is_built_and_downloaded(app, address, cast, tmp_path):
    with factories.writing(app):
        factories.reported(factories.site(cast.organization), {"webform": factories.module("webform", "6.2.7", "6.2.9", security=True)})

    board = client.Patchboard(address, token=cast.admin.headers["Authorization"].removeprefix("Bearer "), sleep=lambda _: outbox.work(app))
    report = board.build_report("module_updates", ("csv", "json"), organization_id=str(cast.organization.id))
    assert "webform" in board.download_report(report["id"], tmp_path).read_text()
    assert json.loads(board.download_report(report["id"], tmp_path / "updates.json", "json").read_text())


def test_a_report_that_never_comes_is_given_up(board, cast):
    with pytest.raises(client.ReportFailed, match="still queued"):
        board.build_report("module_updates", wait=-1, organization_id=str(cast.organization.id))


def test_it_waits_as_long_as_it_is_told_and_sends_the_same_key_again():
    waits = []
    with Script(refused(429, "rate_limited", **{"Retry-After": "7"}), refused(503, "service_unavailable", **{"Retry-After": "2"}), DONE) as server:
        board = client.Patchboard(server.address, key="pb_x", sleep=waits.append)
        assert board.create("sites", {"name": "x"}) == {"id": "1"}
    assert waits == [7, 2]
    assert len({headers["Idempotency-Key"] for _, _, headers, _ in server.seen}) == 1
    assert {body for *_, body in server.seen} == {b'{"name": "x"}'}


def test_what_is_refused_for_good_is_asked_once():
    with Script(refused(403, "permission_denied")) as server, pytest.raises(client.ApiError):
        client.Patchboard(server.address, key="pb_x", sleep=pytest.fail).get("sites/1")
    assert len(server.seen) == 1


def test_an_expired_token_is_renewed_once():
    tokens = {"access_token": "a2", "refresh_token": "r2"}
    with Script((200, {}, {"data": {"access_token": "a1", "refresh_token": "r1", "user": {}}}), refused(401, "token_expired"),
                (200, {}, {"data": tokens}), DONE) as server:
        board = client.Patchboard(server.address, sleep=pytest.fail)
        board.sign_in("a@example.org", "secret")
        assert board.get("auth/me") == {"id": "1"}
    assert [path for _, path, *_ in server.seen] == ["/api/v1/auth/login", "/api/v1/auth/me", "/api/v1/auth/refresh", "/api/v1/auth/me"]
    assert server.seen[-1][2]["Authorization"] == "Bearer a2"


def test_nobody_there_is_unreachable_and_a_redirect_is_not_followed():
    waits = []
    with pytest.raises(client.Unreachable):
        client.Patchboard("http://127.0.0.1:9", key="pb_x", tries=3, sleep=waits.append).get("sites")
    assert len(waits) == 2
    assert waits[0] < waits[1] <= 2
    with Script((302, {"Location": "http://127.0.0.1:9/"}, {})) as server, pytest.raises(client.ApiError):
        client.Patchboard(server.address, key="pb_x").get("sites")
    with pytest.raises(ValueError, match="http"):
        client.Patchboard("patchboard.example.org")
