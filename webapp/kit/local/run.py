"""`make run`: everything on one machine, from an empty directory to a page in the browser, until Ctrl-C."""

from __future__ import annotations

import fcntl
import http.client
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import dotenv

from webapp.kit.local import processes, state
from webapp.kit.local.cluster import APP, OWNER
from webapp.kit.local.errors import CannotStart
from webapp.kit.local.postgres import Postgres
from webapp.kit.local.redis import Redis
from webapp.kit.local.signals import Signals, Stopped
from webapp.kit.local.supervisor import Supervisor, say

READY_SECONDS = 90
LEAST_FREE_BYTES = 300_000_000
HIGHEST_PORT = 65_535
# What a server that listens on all addresses has for a HOST; compared here, never bound.
EVERY_ADDRESS = (str(IPv4Address(0)), str(IPv6Address(0)))
ERROR_LINE = re.compile(r"[A-Za-z_][\w.]*: \S")
ADDRESSES = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "SECRET_KEY")


def run(root: Path = state.ROOT) -> int:
    """Runs everything until it is told to end, and answers 0; raises CannotStart for what is in the way."""
    signals = Signals().heed()
    instance = root / "instance"
    with ExitStack() as started:
        try:
            instance.mkdir(parents=True, exist_ok=True)
            started.enter_context(only_one(instance))
            env = environment(root)
            check_room(instance, env)
            servers = start_servers(instance, env, started)
            state.remember({name: env[name] for name in ADDRESSES if name in env}, instance)
            prepare(root, env, servers)
            supervisor = Supervisor(root, env)
            started.callback(supervisor.stop, lambda: signals.hurried)
            supervisor.start()
            wait_until_ready(supervisor, env)
            print(welcome(root, env), flush=True)
            watch(supervisor, servers)
        except Stopped:
            print("\nStopping; what is being answered is finished first (Ctrl-C again: at once).", flush=True)
        finally:
            signals.end()
    return 0


@contextmanager
def only_one(instance: Path) -> Iterator[None]:
    """Holds the instance for this process; raises CannotStart where another one runs it."""
    with (instance / "run.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStart(
                f"Patchboard runs from this directory already: stop process {lock.read().strip() or '?'} first, "
                "with Ctrl-C or kill."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def environment(root: Path) -> dict[str, str]:
    """What the processes get: the environment, what `.env` adds to it, and what is made up for one machine."""
    instance = root / "instance"
    said = {name: value for name, value in dotenv.dotenv_values(root / ".env").items() if value}
    env = said | {name: value for name, value in os.environ.items() if value}
    env.setdefault("PORT", "8000")
    # The demo's people have known names, so other machines see the page only when that is asked for.
    env.setdefault("HOST", processes.LOOPBACK)
    if "SECRET_KEY_FILE" not in env:
        env.setdefault("SECRET_KEY", state.secret_key(instance))
    env["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), env.get("PATH", os.defpath)))
    env["PYTHONUNBUFFERED"] = "1"
    # Compiling everything anew in every process makes a start three times as long.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    metrics = instance / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir()
    env["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
    return env


def check_room(instance: Path, env: Mapping[str, str]) -> None:
    """Raises CannotStart where the port or the disk will not do, before anything is started."""
    port = env["PORT"]
    if not port.isdigit() or not 0 < int(port) <= HIGHEST_PORT:
        raise CannotStart("PORT must be a number between 1 and 65535, as in: PORT=8001 make run")
    if not processes.port_is_free(int(port), env["HOST"]):
        raise CannotStart(
            f"Port {port} is in use or not allowed: stop the program that listens there, or choose another one, "
            f"as in: PORT={int(port) % HIGHEST_PORT + 1} make run"
        )
    if shutil.disk_usage(instance).free < LEAST_FREE_BYTES:
        raise CannotStart(f"The disk is full: {instance} needs at least 300 MB; free some space and start again.")


def start_servers(instance: Path, env: dict[str, str], started: ExitStack) -> list[Postgres | Redis]:
    """Starts the servers whose addresses are not set, and adds their addresses to the environment."""
    servers: list[Postgres | Redis] = []
    if not {"DATABASE_URL", "DATABASE_URL_FILE"} & env.keys():
        postgres = Postgres(instance / "postgres")
        print("Starting PostgreSQL …", flush=True)
        started.callback(postgres.stop)
        postgres.start()
        env |= {"DATABASE_URL": postgres.url(APP), "MIGRATION_DATABASE_URL": postgres.url(OWNER)}
        servers.append(postgres)
    if not {"REDIS_URL", "REDIS_URL_FILE"} & env.keys():
        redis = Redis(instance / "redis")
        print("Starting Redis …", flush=True)
        started.callback(redis.stop)
        redis.start()
        env["REDIS_URL"] = redis.url()
        servers.append(redis)
    return servers


def prepare(root: Path, env: Mapping[str, str], servers: list[Postgres | Redis]) -> None:
    """Brings the database up to date, and loads the demo fleet into an embedded one that has just been made.

    `demo-pending` lies beside the cluster until the fleet is whole, so that an interrupted first start is made good.
    """
    instance = root / "instance"
    print("Preparing the database …", flush=True)
    flask(root, env, "init-db", "The database could not be prepared")
    for server in servers:
        pending = server.home / "demo-pending"
        if isinstance(server, Postgres) and server.fresh:
            pending.touch()
        if not pending.exists() or env.get("DEMO", "yes").lower() in {"no", "0", "false", "off"}:
            continue
        print("Loading the demo fleet (the first time only; DEMO=no leaves it out) …", flush=True)
        flask(root, env, "demo", "The demo fleet could not be loaded (DEMO=no make run starts without it)")
        (instance / "demo-loaded").touch()
        pending.unlink()


def flask(root: Path, env: Mapping[str, str], command: str, failure: str) -> None:
    """Runs one of the application's commands; its output goes to `instance/<command>.log`."""
    log = root / "instance" / f"{command}.log"
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", command],
            cwd=root,
            env=dict(env),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    if done.returncode:
        raise CannotStart(f"{failure}: {last_error(log)} (all of it: instance/{log.name})")


def last_error(log: Path) -> str:
    """The line that names the error, which Python follows with hints and a command with nothing."""
    lines = processes.tail(log, 40).splitlines()
    named = [line for line in lines if ERROR_LINE.match(line)]
    return (named or lines or ["it gave no reason"])[-1].strip()


def wait_until_ready(supervisor: Supervisor, env: Mapping[str, str]) -> None:
    """Returns when the web process says that it and all it needs are ready."""
    answer = "nothing"
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        supervisor.check()
        answer = ready(env)
        if not answer:
            return
        time.sleep(0.2)
    raise CannotStart(f"Patchboard did not become ready within {READY_SECONDS} seconds: /health/ready says {answer}.")


def ready(env: Mapping[str, str]) -> str:
    """Empty when the application is ready, else what it says instead."""
    host = processes.LOOPBACK if env["HOST"] in EVERY_ADDRESS else env["HOST"]
    connection = http.client.HTTPConnection(host, int(env["PORT"]), timeout=10)
    try:
        connection.request("GET", "/health/ready", headers={"Accept": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")[:300]
        return "" if answer.status == http.client.OK else f"{answer.status} {text}"
    except (OSError, http.client.HTTPException) as problem:
        return str(problem)
    finally:
        connection.close()


def welcome(root: Path, env: Mapping[str, str]) -> str:
    """Where to look, and how to sign in."""
    host = "localhost" if env["HOST"] in {processes.LOOPBACK, *EVERY_ADDRESS} else env["HOST"]
    address = f"http://{host}:{env['PORT']}"
    logins = root / "instance" / "demo-logins.txt"
    how = (
        [
            "Sign in as (instance/demo-logins.txt):",
            *(f"    {line}" for line in logins.read_text("utf-8").strip().splitlines()),
        ]
        if logins.exists()
        else ["Make the first account in another terminal:", "    .venv/bin/flask --app wsgi create-superuser"]
    )
    lines = (
        f"Patchboard is ready:  {address}/",
        f"API documentation:    {address}/docs",
        *how,
        "Stop with Ctrl-C. Everything is kept in instance/ and is there again at the next start.",
    )
    rule = "─" * 78
    return "\n".join(("", rule, *lines, rule, ""))


def watch(supervisor: Supervisor, servers: list[Postgres | Redis]) -> None:
    """Starts again what falls, for as long as nobody says stop."""
    while True:
        supervisor.check()
        for server in servers:
            if server.process and server.process.poll() is not None:
                before = server.remembered()["port"]
                say(
                    "local",
                    f"{type(server).__name__} ended with status {server.process.returncode}; it is started again",
                )
                server.start()
                if server.remembered()["port"] != before:
                    raise CannotStart(f"The port of {type(server).__name__} was taken by another program: start again.")
        time.sleep(0.5)
