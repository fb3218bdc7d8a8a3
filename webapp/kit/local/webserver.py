"""Settings of the web server: `gunicorn --config python:webapp.kit.local.webserver wsgi:app`.

Gunicorn with threads rather than an asynchronous server, because every request waits for PostgreSQL, a stuck worker is
noticed and replaced, and a long answer (a download, live events) takes one thread and starves nobody else.
"""

from __future__ import annotations

import os
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from webapp.kit.folding import fold

# A container's port is published by its owner; `make run` sets HOST to the loopback.
bind = f"{os.environ.get('HOST') or IPv4Address(0)}:{os.environ.get('PORT') or '8000'}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "webapp.kit.local.patience.PatientWorker"
threads = int(os.environ.get("WEB_THREADS") or 8)
# Loaded once and then divided: a start takes half the time, and the processes share the memory of the code. Nothing is
# connected while loading, and uuid-utils and prometheus-client notice the division by themselves.
preload_app = True

# A worker that has not been heard of for so long is replaced; long answers are not affected under gthread.
timeout = 60
graceful_timeout = 25
keepalive = 15
# A leak anywhere becomes a restart every few hours instead of a machine out of memory.
max_requests = 50_000
max_requests_jitter = 5_000
# The heartbeat file must not wait for a busy disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # nosec B108

limit_request_line = 8190
limit_request_fields = 100
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = "warning"


def child_exit(_server: Any, worker: Any) -> None:
    """Adds up what a worker that ended has counted, and drops its gauges, so that `/metrics` counts the living only."""
    fold(worker.pid)


def on_starting(_server: Any) -> None:
    """Adds up what the processes of an earlier server have left."""
    fold()


def worker_exit(_server: Any, _worker: Any) -> None:
    """Writes what this worker has counted of who asks for what; it ends without the interpreter's farewells."""
    from wsgi import app  # loaded already, in this process

    app.extensions["patchboard_usage"].flush()
