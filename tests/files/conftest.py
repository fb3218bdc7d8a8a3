"""What the tests of uploads share: files of every kind, hostile ones too, and how they are sent."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from PIL import Image

from tests import outbox
from webapp.files.formats import images, pdf
from webapp.kit.storage import KEPT, Disk

CSV = b"name,version\nwebform,6.2.9\n"


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), **more: Any) -> bytes:
    made = io.BytesIO()
    Image.new(more.pop("mode", "RGB"), size, more.pop("colour", "teal")).save(made, kind, **more)
    return made.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width: int, height: int, rows_there: int = 1) -> bytes:
    """A PNG that says that it is so large; only so many of its rows are there."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes((width + 7) // 8 + 1) * rows_there)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def pdf_of(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, the first of which is its root."""
    made, places = bytearray(b"%PDF-1.7\n"), []
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(made)


def page_saying(words: bytes) -> tuple[bytes, ...]:
    """The objects of a PDF with one page that says this."""
    drawn = b"BT /F1 12 Tf 72 720 Td (%s) Tj ET" % words
    return (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
            b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")


@pytest.fixture
def upload(cast: Any) -> Callable[..., Any]:
    """Sends a file as somebody (the member), for their organization unless it says otherwise; the answer comes back."""

    def send(content: bytes, name: str = "list.csv", who: Any = None, kind: str = "application/octet-stream", headers: Any = None, **fields: Any) -> Any:
        fields = {name: str(each) for name, each in ({} if "site_id" in fields else {"organization_id": cast.organization.id}).items()} | fields
        sent = {**{name: str(each) for name, each in fields.items() if each is not None}, "file": (io.BytesIO(content), name, kind)}
        return (who or cast.member).send("POST", "/uploads", data=sent, content_type="multipart/form-data", headers=headers)

    return send


@pytest.fixture
def fetch(cast: Any, client: Any) -> Callable[..., Any]:
    """The file of an upload, by the link that somebody (the member) is given, fetched by nobody known."""

    def get(made: Any, size: str | None = None, who: Any = None) -> Any:
        way = (who or cast.member).get(f"/uploads/{made['id']}/download", **({"size": size} if size else {}))
        assert way.status_code == 302, way.text
        return client.app.test_client(use_cookies=False).get(way.headers["Location"])

    return get


@pytest.fixture
def work(app: Any) -> Callable[[], int]:
    """Does, in this process, what stands in the outbox; says how many pieces there were."""
    return partial(outbox.work, app)


@pytest.fixture(autouse=True)
def store(app: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A storage of this test's own."""
    kept = Disk(tmp_path / "kept")
    monkeypatch.setitem(app.extensions, KEPT, kept)
    return kept


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader, and the turn to draw a picture, are waited for, however busy this machine is."""
    monkeypatch.setattr(pdf, "SECONDS", 120)
    monkeypatch.setattr(images, "PATIENCE", 120)


@pytest.fixture
def kept(store: Disk) -> Callable[[], list[str]]:
    """The keys of all that is kept."""
    return lambda: [each.key for each in store.keys("uploads")]
