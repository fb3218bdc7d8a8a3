"""The embedded PostgreSQL: its roles, what outlives a restart or a crash, and every account that it may run under."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import psycopg2
import pytest

from webapp.kit.local import CannotStart, account, cluster
from webapp.kit.local.cluster import APP, DATABASE, OWNER
from webapp.kit.local.postgres import Postgres

AS_ROOT = os.geteuid() == 0
ROOT = Path(__file__).parents[2]


@pytest.fixture
def postgres(tmp_path):
    tmp_path.chmod(0o711)
    server = Postgres(tmp_path / "postgres", throwaway=True)
    yield server
    server.stop()


def ask(server, role, statement, database=DATABASE):
    connection = psycopg2.connect(server.url(role, database).replace("+psycopg2", ""))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def crash(server):
    """Kills the server and its children outright, as a power cut does."""
    process = psutil.Process(server.process.pid)
    children = process.children(recursive=True)
    process.kill()
    server.process.wait(60)
    psutil.wait_procs(children, timeout=60)


def test_owner_migrates_and_application_owns_nothing(postgres):
    postgres.start()
    ask(postgres, OWNER, "CREATE EXTENSION btree_gist")
    ask(postgres, OWNER, "CREATE EXTENSION pg_trgm")
    ask(postgres, OWNER, "CREATE TABLE sites (name text)")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(postgres, APP, "SELECT * FROM sites")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(postgres, APP, "CREATE TABLE mine (name text)")
    rights = "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert ask(postgres, OWNER, rights) == (False, False)
    assert ask(postgres, APP, rights) == (False, False)


def test_letters_beyond_ascii_are_letters(postgres):
    postgres.start()
    assert ask(postgres, OWNER, "SELECT lower('ÄÉŽ')") == ("äéž",)


def test_nobody_connects_without_the_password(postgres):
    postgres.start()
    port = postgres.remembered()["port"]
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(host="127.0.0.1", port=port, user=APP, dbname=DATABASE, password="guess")
    assert (postgres.home / "server.json").stat().st_mode & 0o777 == 0o600


def test_data_port_and_passwords_outlive_a_restart(postgres):
    postgres.start()
    before = postgres.url(OWNER)
    assert postgres.fresh
    ask(postgres, OWNER, "CREATE TABLE kept AS SELECT 7 AS n")
    postgres.stop()
    assert postgres.running_pid() is None

    again = Postgres(postgres.home, throwaway=True)
    again.start()
    try:
        assert not again.fresh
        assert again.url(OWNER) == before
        assert ask(again, OWNER, "SELECT n FROM kept") == (7,)
    finally:
        again.stop()


def test_another_port_where_the_remembered_one_was_taken(postgres, free_socket):
    postgres.start()
    postgres.stop()
    taken = int(postgres.remembered()["port"])
    with free_socket(taken):
        postgres.start()
        assert int(postgres.remembered()["port"]) != taken
        assert ask(postgres, APP, "SELECT 1") == (1,)


def test_crashed_server_leaves_a_pid_that_now_is_another_process(postgres):
    postgres.start()
    crash(postgres)
    pid_file = postgres.data / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))

    again = Postgres(postgres.home, throwaway=True)
    again.start()
    try:
        assert again.running_pid() == again.process.pid
        assert ask(again, APP, "SELECT 1") == (1,)
    finally:
        again.stop()


def test_running_server_is_used_and_not_started_twice(postgres):
    postgres.start()
    other = Postgres(postgres.home, throwaway=True)
    other.start()
    assert other.process is None
    assert ask(other, APP, "SELECT 1") == (1,)
    assert other.stop_by_pid()
    assert postgres.process.wait(60) == 0


def test_path_too_long_for_a_socket(tmp_path):
    tmp_path.chmod(0o711)
    server = Postgres(tmp_path / ("deep" * 20) / "postgres", throwaway=True)
    try:
        server.start()
        assert ask(server, APP, "SELECT 1") == (1,)
        with server.connect() as superuser, superuser.cursor() as cursor:
            cursor.execute("SELECT current_setting('unix_socket_directories')")
            (directory,) = cursor.fetchone()
        superuser.close()
        assert directory != str(server.data)
        assert Path(directory, f".s.PGSQL.{server.remembered()['port']}").is_socket()
    finally:
        server.stop()


def test_cluster_of_another_version_is_refused_with_what_to_do(postgres):
    postgres.start()
    postgres.stop()
    (postgres.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(CannotStart, match="made by PostgreSQL 12"):
        postgres.start()


def test_full_disk_is_a_sentence():
    said = "FATAL: could not write to file: No space left on device"
    assert cluster.explain(said, "PostgreSQL did not start").startswith("The disk is full")


@pytest.mark.skipif(not AS_ROOT, reason="only root runs a server as somebody else")
def test_root_lends_it_to_another_account():
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o711)
        users = [who for who in account.accounts_for_root() if not who.in_namespace]
        if not any(who.can_run(cluster.program("postgres"), place) for who in users):
            pytest.skip("no other account can reach this checkout")
        server = Postgres(place / "postgres", throwaway=True)
        try:
            server.start()
            assert psutil.Process(server.process.pid).uids().real in {who.uid for who in users}
            assert ask(server, APP, "SELECT 1") == (1,)
        finally:
            server.stop()


@pytest.mark.skipif(not AS_ROOT, reason="only root needs a namespace")
def test_root_in_a_directory_of_its_own_uses_a_namespace(tmp_path):
    tmp_path.chmod(0o700)
    server = Postgres(tmp_path / "postgres", throwaway=True)
    shown_as_another = next(who for who in account.accounts_for_root() if who.in_namespace)
    if not shown_as_another.can_run(cluster.program("postgres"), tmp_path):
        pytest.skip("user namespaces are not allowed here")
    try:
        server.start()
        assert ask(server, APP, "SELECT 1") == (1,)
        assert psutil.Process(server.process.pid).uids().real == 0
        assert server.data.stat().st_uid == 0
    finally:
        server.stop()


@pytest.mark.skipif(not AS_ROOT, reason="the other tests run as an ordinary user already")
def test_ordinary_user(tmp_path):
    """An ordinary user is played in a namespace, where root is nobody, since no other account may reach this Python."""
    nobody = pwd.getpwnam("nobody")
    code = (
        "import sys; from pathlib import Path; from webapp.kit.local.postgres import Postgres\n"
        "import os, psycopg2; assert os.geteuid() != 0\n"
        "server = Postgres(Path(sys.argv[1]), throwaway=True); server.start()\n"
        "psycopg2.connect(server.url('patchboard_app').replace('+psycopg2', '')).close()\n"
        "server.stop(); print('served')"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "postgres"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: account.enter_namespace(nobody.pw_uid, nobody.pw_gid),
        )
    except subprocess.SubprocessError:
        pytest.skip("user namespaces are not allowed here")
    assert done.stdout.strip() == "served", done.stderr


def test_no_account_at_all_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(account.os, "geteuid", lambda: 0)
    monkeypatch.setattr(account, "accounts_for_root", lambda: iter(()))
    with pytest.raises(CannotStart, match="run as an ordinary user"):
        account.choose(cluster.program("postgres"), tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_server_ends_with_a_parent_that_was_killed(tmp_path):
    tmp_path.chmod(0o711)
    code = (
        "import sys, time; from pathlib import Path; from webapp.kit.local.postgres import Postgres\n"
        "server = Postgres(Path(sys.argv[1]), throwaway=True); server.start(); print(server.process.pid, flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "postgres"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        server = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs([server], timeout=60)
    assert not alive
