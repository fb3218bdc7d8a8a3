"""Where files are kept: the same promises on a disk, in S3 and in Azure Blob Storage."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import socketserver
import subprocess
import threading
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from tests.kit import buckets
from webapp.kit.local.processes import free_port
from webapp.kit.settings import BadSetting
from webapp.kit.storage import Address, Bucket, Disk, StorageDown, is_key, storage_at
from webapp.kit.storage.address import storage_address

BIG = bytes(range(256)) * 48 * 1024  # 12 MB: three parts of S3
AZURE_USER, AZURE_KEY = "tester", b64encode(b"only for tests, and long enough").decode()


def program(name: str) -> str:
    """A server that some machines have; it is no dependency, as it would weigh more than all the others together."""
    found = shutil.which(name) or shutil.which(name, path=str(config.ROOT / "node_modules" / ".bin"))
    if found is None:
        pytest.skip(f"{name} is not installed on this machine")
    return found


def wait_for(port: int) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError


@pytest.fixture(scope="module")
def s3() -> Iterator[Address]:
    with buckets.serving() as server:
        yield Address("s3", buckets.BUCKET, "all/of-it", server.address, buckets.REGION, buckets.USER, buckets.SECRET)


@pytest.fixture(scope="module")
def moto() -> Iterator[Address]:
    port = free_port()
    with subprocess.Popen([program("moto_server"), "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            endpoint = f"http://127.0.0.1:{port}"
            urllib.request.urlopen(urllib.request.Request(f"{endpoint}/patchboard", method="PUT"), timeout=60).close()
            yield Address("s3", "patchboard", "", endpoint, "us-east-1", "tester", "only-for-tests")
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    port, folder = free_port(), tmp_path_factory.mktemp("azurite")
    command = [program("azurite-blob"), "--blobPort", str(port), "--location", str(folder), "--silent", "--skipApiVersionCheck",
               "--disableTelemetry"]
    with subprocess.Popen(command, env={**os.environ, "AZURITE_ACCOUNTS": f"{AZURE_USER}:{AZURE_KEY}"}, stdout=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            address = Address("az", "patchboard", "all", f"http://127.0.0.1:{port}/{AZURE_USER}", "", AZURE_USER, AZURE_KEY)
            make_container(address)
            yield address
        finally:
            server.terminate()


def make_container(address: Address) -> None:
    """Asks for the container, signed as Azure's Shared Key wants it."""
    import hmac
    from base64 import b64decode
    from email.utils import formatdate

    dated, version = formatdate(usegmt=True), "2021-12-02"
    said = f"PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{dated}\nx-ms-version:{version}\n/{AZURE_USER}/{AZURE_USER}/{address.bucket}\nrestype:container"
    signature = b64encode(hmac.digest(b64decode(AZURE_KEY), said.encode(), "sha256")).decode()
    asked = urllib.request.Request(f"{address.endpoint}/{address.bucket}?restype=container", method="PUT", headers={
        "x-ms-date": dated, "x-ms-version": version, "Authorization": f"SharedKey {AZURE_USER}:{signature}", "Content-Length": "0"})
    urllib.request.urlopen(asked, timeout=60).close()


@pytest.fixture(params=["disk", "s3", "moto", "azurite"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An empty storage of each kind."""
    if request.param == "disk":
        return Disk(tmp_path / "storage")
    kept = storage_at(request.getfixturevalue(request.param), "")
    for each in list(kept.keys("a")):
        kept.delete(each.key)
    return kept


def text_of(stored: Any, key: str) -> bytes:
    content = stored.open(key)
    try:
        found = b"".join(content)
    finally:
        content.close()
    assert content.size == len(found)
    return found


def test_what_is_kept_is_there_until_it_is_deleted(stored: Any) -> None:
    assert not stored.exists("a/b.txt")
    stored.put("a/b.txt", BytesIO(b"some text"))
    assert stored.exists("a/b.txt")
    assert text_of(stored, "a/b.txt") == b"some text"
    stored.delete("a/b.txt")
    stored.delete("a/b.txt")
    assert not stored.exists("a/b.txt")
    with pytest.raises(FileNotFoundError):
        stored.open("a/b.txt")


def test_a_large_file_and_an_empty_one_are_kept_whole(stored: Any) -> None:
    content = BytesIO(BIG)
    content.seek(77)
    stored.put("a/large", content)
    stored.put("a/empty", BytesIO())
    assert hashlib.sha256(text_of(stored, "a/large")).digest() == hashlib.sha256(BIG).digest()
    assert text_of(stored, "a/empty") == b""


def test_a_file_in_the_making_is_taken_and_gone_from_there(stored: Any) -> None:
    with stored.making() as folder:
        (folder / "made").write_bytes(b"made")
        (folder / "left").write_bytes(b"left")
        assert list(stored.keys("a")) == []
        stored.take("a/made", folder / "made")
        assert not (folder / "made").exists()
    assert not folder.exists()
    assert text_of(stored, "a/made") == b"made"


def test_what_lies_below_is_told_by_whole_parts_of_its_key(stored: Any) -> None:
    for key in ("a/1/x", "a/1/y", "a/10/x"):
        stored.put(key, BytesIO(b"."))
    found = list(stored.keys("a/1"))
    assert sorted(each.key for each in found) == ["a/1/x", "a/1/y"]
    assert all(abs(time.time() - each.at.timestamp()) < 300 for each in found)
    assert stored.check() in (None, "nearly full")


def test_what_a_dead_process_left_in_the_making_goes(stored: Any) -> None:
    with stored.making() as folder:
        (folder / "half").write_bytes(b"half")
        stored.tidy(datetime.now(UTC) - timedelta(days=1))
        assert folder.exists()
        stored.tidy(datetime.now(UTC) + timedelta(minutes=1))
        assert folder.exists() is not isinstance(stored, Disk)


@pytest.mark.parametrize("key", ["", "/a", "../a", "a/../b", "a//b", "a/.", ".a", "a\0b", "a/b\n", "a\\b", "ä", "a" * 501])
def test_no_key_leads_out_of_the_storage(stored: Any, key: str) -> None:
    assert not is_key(key)
    for verb in (stored.open, stored.exists, stored.delete, lambda each: stored.put(each, BytesIO(b"."))):
        with pytest.raises(ValueError, match="no key"):
            verb(key)


@given(st.text(max_size=60))
def test_a_key_stays_below_its_directory(text: str) -> None:
    root = Path("/kept")
    if is_key(text):
        assert Path(os.path.normpath(root / text)).is_relative_to(root)
        assert Path(os.path.normpath(root / text)) != root


def verbs_of(kept: Bucket) -> list[Any]:
    return [lambda: kept.put("a/b", BytesIO(b".")), lambda: kept.open("a/b"), lambda: kept.exists("a/b"), lambda: kept.delete("a/b"),
            lambda: list(kept.keys("a")), kept.check]


@pytest.mark.parametrize("scheme", ["s3", "az"])
def test_a_service_that_is_down_is_said(scheme: str) -> None:
    kept = Bucket(Address(scheme, "patchboard", "", f"http://127.0.0.1:{free_port()}", "us-east-1", "tester", AZURE_KEY))
    for verb in verbs_of(kept):
        with pytest.raises(StorageDown) as problem:
            verb()
        assert (problem.value.status, problem.value.reason) == (503, "not reachable")


@pytest.mark.parametrize("scheme", ["s3", "az"])
def test_whoever_hangs_up_is_tried_three_times_at_most(scheme: str) -> None:
    tries: list[Any] = []

    class HangsUp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            tries.append(self.client_address)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), HangsUp) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        kept = Bucket(Address(scheme, "patchboard", "", f"http://127.0.0.1:{server.server_address[1]}", "us-east-1", "tester", AZURE_KEY))
        for verb in verbs_of(kept):
            tries.clear()
            with pytest.raises(StorageDown):
                verb()
            assert 1 <= len(tries) <= 3
        server.shutdown()
        thread.join()


def test_a_bucket_that_is_not_there_and_keys_that_are_wrong_are_told_apart() -> None:
    with buckets.serving() as server:
        given: dict[str, Any] = {"endpoint": server.address, "region": buckets.REGION, "user": buckets.USER}
        elsewhere = Bucket(Address("s3", "elsewhere", secret=buckets.SECRET, **given))
        stranger = Bucket(Address("s3", buckets.BUCKET, secret="wrong", **given))
        for kept, reason in ((elsewhere, "no such bucket"), (stranger, "refused")):
            with pytest.raises(StorageDown) as problem:
                kept.put("a/b", BytesIO(b"."))
            assert problem.value.reason == reason
            with pytest.raises(StorageDown):
                kept.check()
        assert server.refused >= 2
        assert server.objects == {}


def test_a_large_file_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 6 * 2**20:
                raise OSError("the file went away")
            return super().read(size)

    with buckets.serving() as server:
        kept = Bucket(Address("s3", buckets.BUCKET, "", server.address, buckets.REGION, buckets.USER, buckets.SECRET))
        with pytest.raises(StorageDown):
            kept.put("a/b", Broken(BIG))
        assert server.objects == {}
    disk = Disk(tmp_path)
    with pytest.raises(StorageDown):
        disk.put("a/b", Broken(BIG))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_disk_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    for verb in (lambda kept: kept.put("a", BytesIO(b".")), lambda kept: kept.check()):
        with pytest.raises(StorageDown, match="storage of files is down"):
            verb(Disk(tmp_path / "file"))


def test_a_process_that_was_divided_off_says_so_instead_of_hanging(s3: Address) -> None:
    kept = Bucket(s3)
    kept.put("a/b", BytesIO(b"."))
    kept._process = -1  # as it is seen from a child
    with pytest.raises(RuntimeError, match="divided off"):
        kept.exists("a/b")


def test_settings_name_a_bucket_or_a_container(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert storage_address() is None
    (tmp_path / "secret").write_text("from a file\n")
    for name, value in {"STORAGE_URL": "s3://bucket/some/prefix/", "AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY_FILE": str(tmp_path / "secret"),
                        "AWS_REGION": "eu-west-1", "STORAGE_ENDPOINT": "https://minio.example.com/"}.items():
        monkeypatch.setenv(name, value)
    found = storage_address()
    assert found == Address("s3", "bucket", "some/prefix", "https://minio.example.com", "eu-west-1", "me", "from a file")
    assert "from a file" not in repr(found)
    monkeypatch.setenv("STORAGE_URL", "az://container")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    assert storage_address() == Address("az", "container", "", "https://minio.example.com", "eu-west-1", "account")


@pytest.mark.parametrize("settings", [
    {"STORAGE_URL": "ftp://somewhere"}, {"STORAGE_URL": "s3://"}, {"STORAGE_URL": "s3://Bucket"}, {"STORAGE_URL": "s3://user:pass@bucket"},
    {"STORAGE_URL": "s3://bucket/../other"}, {"STORAGE_URL": "s3://bucket?x=1"}, {"STORAGE_URL": "/var/lib"},
    {"STORAGE_URL": "s3://bucket", "AWS_ACCESS_KEY_ID": "me"}, {"STORAGE_URL": "az://container"},
    {"STORAGE_URL": "az://container", "AZURE_STORAGE_ACCOUNT_NAME": "me", "AZURE_STORAGE_ACCOUNT_KEY": "not base64!"},
    {"STORAGE_URL": "s3://bucket", "STORAGE_ENDPOINT": "minio:9000"}, {"STORAGE_URL": "s3://bucket", "STORAGE_ENDPOINT": "https://u:p@minio"},
])
def test_settings_that_cannot_be_meant_are_refused(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting):
        storage_address()
