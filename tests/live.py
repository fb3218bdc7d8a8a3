"""The application as a server on a port, for what speaks HTTP by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import make_server


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Answers on a free port of this machine, in threads of this process; gives the address."""
    running = make_server("127.0.0.1", 0, app, threaded=True)
    running.daemon_threads = False  # so that closing waits for the last answer, and no connection outlives the database
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        running.shutdown()
        thread.join()
        running.server_close()
