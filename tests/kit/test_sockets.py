"""What only sockets show: bodies without a length, slow clients, downloads that break off, and clients that go away."""

from __future__ import annotations

import gzip
import json
import socket
import time
from contextlib import suppress

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests import factories
from tests.kit.serving import head, receive, send, served

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def port(app, database):
    with served() as found:
        yield found


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_body_without_end_is_refused_before_it_is_read_whole(port, cast):
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(head("POST", "/api/v1/organizations", {**JSON, **cast.root.headers, "Transfer-Encoding": "chunked"}))
        sent = 0
        try:
            while sent < 40 * 2**20:
                connection.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass
        assert sent < 20 * 2**20
        with suppress(ConnectionResetError):  # it had not read all that was sent, and may say so
            assert status(receive(connection)) == 413


def test_a_large_length_is_refused_at_once(port, cast):
    """Nothing of the body is ever sent: whoever waited for it would answer that it did not come."""
    answer = send(port, head("POST", "/api/v1/organizations", {**JSON, **cast.root.headers, "Content-Length": str(10**10)}))
    assert status(answer) == 413
    assert b'"error":"payload_too_large"' in answer


def test_a_bomb_is_refused_and_other_encodings_are_told_what_is_taken(port, cast):
    bomb = gzip.compress(b'{"name": "' + b"0" * 200_000_000 + b'"}')
    told = {**JSON, **cast.root.headers, "Content-Encoding": "gzip", "Content-Length": str(len(bomb))}
    assert status(send(port, head("POST", "/api/v1/organizations", told) + bomb)) == 413
    answer = send(port, head("POST", "/api/v1/organizations", {**told, "Content-Encoding": "br", "Content-Length": "2"}) + b"{}")
    assert status(answer) == 415
    assert b"Accept-Encoding: gzip" in answer


def test_chunked_and_zipped_bodies_are_read(port, cast):
    body = gzip.compress(b'{"name": "By chunks"}')
    half = len(body) // 2
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:])) + b"0\r\n\r\n"
    told = {**JSON, **cast.root.headers, "Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}
    assert status(send(port, head("POST", "/api/v1/organizations", told) + chunks)) == 201


def sites(app, cast, number):
    with factories.writing(app):
        from webapp.kit.db import execute

        execute("INSERT INTO sites (id, organization_id, name, url, description, created_at, updated_at)"
                " SELECT gen_random_uuid(), :org, 'Site ' || n, 'https://s' || n || '.example', repeat('words ', 60), now(), now()"
                " FROM generate_series(1, :number) n", org=cast.organization.id, number=number)


def connections(app, state):
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)
    with engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = :state"),
                                  {"state": state}).scalar()


def waits_until(check, seconds=60.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(0.1)
    return False


def test_a_client_that_goes_away_frees_its_connection(app, port, cast):
    sites(app, cast, 20_000)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(head("GET", "/api/v1/sites?format=csv", cast.admin.headers))
        connection.recv(1000)
        assert waits_until(lambda: connections(app, "idle in transaction") >= 1)
    assert waits_until(lambda: connections(app, "idle in transaction") == 0)
    assert status(send(port, head("GET", "/api/v1/sites?per_page=1", cast.admin.headers))) == 200


def test_an_export_whose_database_goes_away_breaks_off(app, port, cast):
    sites(app, cast, 20_000)
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(head("GET", "/api/v1/sites?format=csv", cast.admin.headers))
        began = connection.recv(2000)
        assert status(began) == 200
        assert waits_until(lambda: connections(app, "idle in transaction") >= 1)
        with engine.connect() as owner:
            owner.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                               " AND state = 'idle in transaction'"))
        try:
            rest = receive(connection)
        except ConnectionResetError:
            rest = b""
    assert not rest.endswith(b"0\r\n\r\n")
    assert status(send(port, head("GET", "/health/live", {}))) == 200


def test_a_file_says_what_every_answer_says(port):
    answer = send(port, head("GET", "/static/vendor/htmx.min.js", {})) + send(port, head("GET", "/static/no-such-file", {}))
    assert answer.count(b"X-Content-Type-Options: nosniff") == 2
    assert answer.count(b"Cross-Origin-Resource-Policy: same-origin") == 2


@pytest.mark.parametrize("path", ["/api/v1/sites", "/sites", "/nowhere", "/login", "/health/live", "/openapi.json"])
def test_every_answer_guards_its_reader(client, path):
    for headers in ({}, {"Accept": "text/html"}):
        answer = client.app.test_client().get(path, headers=headers)
        for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy",
                     "Cross-Origin-Opener-Policy", "X-Request-ID"):
            assert answer.headers.get(name), (path, name)
        assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


def test_an_error_is_kept_by_nobody(client):
    assert client.get("/nowhere").headers["Cache-Control"] == "no-store"
    assert json.loads(client.get("/nowhere").data)["status_code"] == 404


def test_slow_heads_and_bodies_hold_no_thread_for_long(app, database, cast):
    """As many slow clients as there are threads: at first they hold all, and soon none."""
    with served() as port:
        body = head("POST", "/api/v1/organizations", {**JSON, **cast.root.headers, "Content-Length": "100"})
        slow = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(4)]
        for connection, began in zip(slow, (body, b"GET /api", body, b"GET /api"), strict=True):
            connection.sendall(began)
        assert status(send(port, head("GET", "/health/live", {}))) == 200
        assert status(receive(slow[0])) == 400
        assert receive(slow[1]) == b""
        for connection in slow:
            connection.close()
