"""`make run` on a tiny application: from nothing to ready, once, kept, and gone without a trace when told to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import click
import psutil
import pytest

from webapp.kit.local import CannotStart, addresses, processes, state, supervisor
from webapp.kit.local import run as runner
from webapp.kit.local.supervisor import Supervisor

ROOT = Path(__file__).parents[2]
APPLICATION = """
import os, pathlib, click, flask, psycopg2
app = flask.Flask(__name__)
here = pathlib.Path(__file__).parent
def ask(name, statement):
    connection = psycopg2.connect(os.environ[name].replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []
@app.get("/health/ready")
def ready():
    return {"status": "ready"}
@app.get("/count")
def count():
    return {"demos": ask("DATABASE_URL", "SELECT count(*) FROM demos")[0][0]}
@app.cli.command("init-db")
def init_db():
    ask("MIGRATION_DATABASE_URL", "CREATE TABLE IF NOT EXISTS demos (at timestamptz)")
    ask("MIGRATION_DATABASE_URL", "GRANT SELECT ON demos TO patchboard_app")
@app.cli.command("demo")
def demo():
    ask("MIGRATION_DATABASE_URL", "INSERT INTO demos VALUES (now())")
    (here / "instance" / "demo-logins.txt").write_text("admin@example.org  a-password")
"""
PROCFILE = """web: gunicorn --config python:webapp.kit.local.webserver wsgi:app
worker: python -c "import time; time.sleep(600)"
"""


class Run:
    """One `make run` of the tiny application."""

    def __init__(self, place, port, **env):
        # A suite in the background of a shell has SIGINT ignored, and its children with it; a terminal has not.
        command = (
            "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
            "import sys; from pathlib import Path; from webapp.kit.local import run, __main__ as main; one = run.run; "
            f"run.run = lambda: one(Path({str(place)!r})); sys.exit(main.main(['run']))"
        )
        clean = {
            k: v for k, v in os.environ.items() if not k.endswith(("DATABASE_URL", "REDIS_URL")) and k != "SECRET_KEY"
        }
        self.port = port
        self.process = subprocess.Popen(
            [sys.executable, "-c", command],
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=clean | {"PORT": str(port), "PYTHONPATH": str(ROOT), "WEB_CONCURRENCY": "1"} | env,
        )
        self.said = []

    def until(self, words):
        for line in self.process.stdout:
            self.said.append(line)
            if words in line:
                return
        raise AssertionError(f"never said {words!r}: {''.join(self.said)}")

    def family(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return answer.read().decode()

    def end(self, sign=signal.SIGTERM):
        family = self.family()
        self.process.send_signal(sign)
        self.said.extend(self.process.stdout)
        return self.process.wait(90), family


@pytest.fixture
def place():
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o711)
        (path / "wsgi.py").write_text(APPLICATION)
        (path / "Procfile").write_text(PROCFILE)
        yield path


@pytest.fixture
def start(place):
    begun = []

    def start(port=None, **env):
        begun.append(Run(place, port or processes.free_port(), **env))
        return begun[-1]

    yield start
    for one in begun:
        if one.process.poll() is None:
            one.end()
        one.process.stdout.close()


def gone(family):
    return not psutil.wait_procs(family, timeout=60)[1]


def test_first_start_loads_the_demo_and_the_second_keeps_everything(start, place):
    first = start()
    first.until("Stop with Ctrl-C")
    assert "admin@example.org  a-password" in "".join(first.said)
    assert first.get("/count") == '{"demos":1}\n'
    assert (place / "instance" / "local.json").stat().st_mode & 0o777 == 0o600
    assert addresses(place / "instance")["DATABASE_URL"].endswith("/patchboard")
    key = state.secret_key(place / "instance")
    status, family = first.end()
    assert status == 0
    assert len(family) >= 5
    assert gone(family)

    second = start()
    second.until("Stop with Ctrl-C")
    assert second.get("/count") == '{"demos":1}\n'
    assert state.secret_key(place / "instance") == key
    assert addresses(place / "instance")["SECRET_KEY"] == key
    status, family = second.end(signal.SIGINT)
    assert status == 0
    assert gone(family)
    with pytest.raises(CannotStart, match="make run"):
        addresses(place / "instance")


def test_interrupted_demo_is_loaded_at_the_next_start(start, place):
    first = start(DEMO="no")
    first.until("Stop with Ctrl-C")
    assert "create-superuser" in "".join(first.said)
    first.end()
    second = start()
    second.until("Stop with Ctrl-C")
    assert second.get("/count") == '{"demos":1}\n'
    assert (place / "instance" / "demo-loaded").exists()


def test_second_runner_is_refused_and_killed_web_process_comes_back(start):
    first = start()
    first.until("Stop with Ctrl-C")
    second = start()
    second.until(f"stop process {first.process.pid} first")
    assert second.process.wait(60) == 1

    web = next(one for one in psutil.Process(first.process.pid).children() if "gunicorn" in " ".join(one.cmdline()))
    web.kill()
    first.until("it is started again")
    assert processes.wait_until(lambda: not runner.ready({"HOST": "127.0.0.1", "PORT": str(first.port)}), 60)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_killed_runner_leaves_nothing_behind(start):
    first = start()
    first.until("Stop with Ctrl-C")
    _, family = first.end(signal.SIGKILL)
    assert gone(family)


def test_port_in_use_is_a_sentence(start, free_socket):
    with free_socket() as port:
        one = start(port)
        one.until(f"Port {port} is in use")
        assert one.process.wait(60) == 1
    assert "Traceback" not in "".join(one.said)


@pytest.mark.parametrize("port", ["http", "0", "65536"])
def test_port_that_is_none_is_a_sentence(tmp_path, port):
    with pytest.raises(CannotStart, match="PORT must be a number"):
        runner.check_room(tmp_path, {"PORT": port, "HOST": "127.0.0.1"})


def test_full_disk_is_a_sentence(tmp_path, monkeypatch):
    usage = type("usage", (), {"free": 1_000_000})
    monkeypatch.setattr(runner.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(CannotStart, match="disk is full"):
        runner.check_room(tmp_path, {"PORT": str(processes.free_port()), "HOST": "127.0.0.1"})


def test_migration_that_fails_names_its_last_line_and_the_log(start, place):
    (place / "wsgi.py").write_text(APPLICATION.replace("CREATE TABLE IF", "CREATE TABEL IF"))
    one = start()
    one.until("The database could not be prepared: psycopg2.errors.SyntaxError: ")
    one.end() if one.process.poll() is None else None
    assert "instance/init-db.log" in "".join(one.said)
    assert "Traceback" not in "".join(one.said)


def test_process_that_does_not_stay_up_ends_it_all(tmp_path, monkeypatch):
    (tmp_path / "Procfile").write_text("worker: exit 3\n")
    monkeypatch.setattr(supervisor, "SHORT_LIVES_ALLOWED", 2)
    kept = Supervisor(tmp_path, os.environ)
    kept.start()

    def fails():
        try:
            kept.check()
        except CannotStart as problem:
            return "worker" in str(problem)
        return False

    assert processes.wait_until(fails, 60)
    kept.stop()


def test_procfile_line_without_a_command_is_refused(tmp_path):
    (tmp_path / "Procfile").write_text("# a remark\n\nweb: serve\nworker\n")
    with pytest.raises(CannotStart, match="worker"):
        supervisor.procfile(tmp_path / "Procfile")


def test_settings_come_from_the_environment_then_the_file(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("PORT=9000\nLOG_LEVEL=DEBUG\n")
    (tmp_path / "instance" / "metrics").mkdir(parents=True)
    (tmp_path / "instance" / "metrics" / "old.db").touch()
    monkeypatch.setenv("PORT", "9001")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    env = runner.environment(tmp_path)
    assert (env["PORT"], env["LOG_LEVEL"]) == ("9001", "DEBUG")
    assert len(env["SECRET_KEY"]) >= 32
    assert not list((tmp_path / "instance" / "metrics").iterdir())


def test_nothing_was_ever_started(tmp_path):
    with pytest.raises(CannotStart, match="DATABASE_URL") as problem:
        addresses(tmp_path)
    assert isinstance(problem.value, click.ClickException)
    assert str(problem.value) == problem.value.format_message()
