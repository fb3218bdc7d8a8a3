"""Scanning by clamd: a server that speaks its protocol over a real socket, and says what is asked of it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import config
from tests.files.conftest import CSV, picture
from webapp.kit.clamd import Scanner
from webapp.kit.settings import BadSetting

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Handler(socketserver.StreamRequestHandler):
    """INSTREAM as the manual of clamd has it: portions after their lengths, an empty one at the end."""

    server: Any

    def handle(self) -> None:
        asked, content = b"", b""
        while not asked.endswith(b"\0"):
            asked += self.rfile.read(1)
        assert asked == b"zINSTREAM\0"
        while length := int.from_bytes(self.rfile.read(4), "big"):
            content += self.rfile.read(length)
            if len(content) > self.server.most:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.server.seen.append(content)
        self.wfile.write(self.server.answer or (b"stream: Eicar-Test-Signature FOUND\0" if b"EICAR" in content else b"stream: OK\0"))


class Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True


class Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@pytest.fixture(params=["tcp", "unix"])
def clamd(request: pytest.FixtureRequest, app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server: Any = Tcp(("127.0.0.1", 0), Handler) if request.param == "tcp" else Unix(str(tmp_path / "clamd"), Handler)
    server.seen, server.answer, server.most = [], b"", 2**22
    url = f"tcp://127.0.0.1:{server.server_address[1]}" if request.param == "tcp" else f"unix://{tmp_path}/clamd"
    monkeypatch.setitem(app.config, "CLAMD_URL", url)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_what_is_clean_is_kept_and_what_is_not_is_refused_and_told(clamd: Any, cast: Any, upload: Any, kept: Any, caplog: Any) -> None:
    sent = picture("PNG", (900, 900))
    made = upload(sent, "photo.png").json["data"]
    assert made["scan"] == "clean"
    assert clamd.seen == [sent]
    refused = upload(EICAR, "letter.txt")
    assert (refused.status_code, refused.json["details"][0]["field"]) == (422, "file")
    assert len(kept()) == 3
    row = cast.admin.get("/audit-logs", action="upload.infected").json["data"][0]
    assert (row["status"], row["organization_id"], row["changes"]["found"]) == ("failure", str(cast.organization.id), [None, "Eicar-Test-Signature"])
    assert len(cast.viewer.get("/uploads").json["data"]) == 1


def test_a_scanner_without_a_clear_answer_takes_nothing(clamd: Any, app: Any, cast: Any, upload: Any, kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in (b"INSTREAM: Can't allocate memory ERROR\0", b"\0", b"stream: OK, perhaps\0", b"x" * 10_000):
        clamd.answer = answer
        refused = upload(CSV)
        assert (refused.status_code, refused.json["error"]) == (503, "service_unavailable")
    clamd.answer, clamd.most = b"", 1000
    assert upload(b"word " * 300_000, "large.txt").status_code == 503
    monkeypatch.setitem(app.config, "CLAMD_URL", "tcp://127.0.0.1:1")
    assert upload(CSV).status_code == 503
    assert kept() == []
    assert cast.viewer.get("/uploads").json["data"] == []


def test_settings_name_a_port_or_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Scanner.of("tcp://clamav") == Scanner(host="clamav", port=3310)
    assert Scanner.of("unix:///run/clamav/clamd.sock") == Scanner(path="/run/clamav/clamd.sock")
    for url in ("clamav:3310", "tcp://", "unix://run/clamd", "http://clamav", "tcp://clamav:x", "tcp://clamav/x"):
        monkeypatch.setenv("CLAMD_URL", url)
        with pytest.raises(BadSetting):
            config.clamd_url()
