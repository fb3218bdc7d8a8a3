"""Putting a file beside an organization: what is taken, what is not, and what is left of it."""

from __future__ import annotations

import gzip
import hashlib
import io
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests import factories
from tests.files.conftest import CSV, page_saying, pdf_of, picture, png_of
from webapp.files.values import ENDINGS, LONGEST_NAME, MediaType, safe_name

KINDS = [
    (CSV, "list.csv", "text/csv"), (b"a;b\n1;2\n3;4\n", "list", "text/csv"), (b"Just words, of no kind.\nMore.", "notes.txt", "text/plain"),
    (b'{"a": [1, "zwei"]}', "x.txt", "application/json"), ("Größe ☂".encode(), "a.md", "text/plain"), (b"\xef\xbb\xbfa,b\n1,2\n", "b.csv", "text/csv"),
    (pdf_of(*page_saying(b"Words")), "a.png", "application/pdf"), (picture("PNG"), "a.txt", "image/png"),
    (picture("JPEG"), "a", "image/jpeg"), (picture("GIF"), "a.gif", "image/gif"), (picture("WEBP"), "a.webp", "image/webp"),
]


def test_its_type_is_found_in_its_content(upload: Any, cast: Any) -> None:
    for content, name, kind in KINDS:
        answer = upload(content, name, kind="text/x-something-else")
        assert answer.status_code == 201, answer.text
        made = answer.json["data"]
        assert (made["media_type"], made["scan"]) == (kind, "skipped"), name
        assert (made["organization_id"], made["created_by"]) == (str(cast.organization.id), cast.member.id)
        assert answer.headers["Location"] == f"/api/v1/uploads/{made['id']}"
        shown = cast.viewer.get(f"/uploads/{made['id']}").json["data"]
        assert [shown[name] for name in ("id", "name", "bytes", "sha256", "text")] == [made[name] for name in ("id", "name", "bytes", "sha256", "text")]


REFUSED = {
    "page.png": b"<!doctype html><html><script>alert(1)</script></html>", "a.txt": b"  \n<svg xmlns='http://www.w3.org/2000/svg'/>",
    "b.txt": b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "c.txt": b"#!/bin/sh\nrm -rf /\n", "d.csv": b"<?php system($_GET['c']);", "e.pdf": b"\x7fELF\x02\x01\x01" + bytes(60),
    "f.exe": b"MZ" + bytes(200), "g.docx": b"PK\x03\x04" + bytes(100), "h.gz": gzip.compress(b"0" * 1000), "i.txt": b"a\0b", "j.txt": b"\xff\xfea\0b\0",
    "k.txt": bytes(range(128, 256)), "l.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "m.mht": b"MIME-Version: 1.0\nContent-Type: text/html\n\n", "n.bat": b"@echo off\nformat c:\n",
    "o.tif": b"II*\0" + bytes(50), "p.txt": b"a" * 70_000 + b"\0", "q.ico": b"\0\0\1\0" + bytes(20), "r.rtf": b"{\\rtf1 hello}",
}


def test_what_is_not_on_the_list_is_refused_with_a_sentence(upload: Any, kept: Any) -> None:
    for name, content in REFUSED.items():
        answer = upload(content, name, kind="image/png")
        assert (answer.status_code, answer.json["error"], name) == (422, "validation_error", name)
        assert answer.json["details"][0]["field"] == "file"
        assert "taken" in answer.json["message"]
    assert kept() == []


BROKEN = [
    picture("PNG")[:60], b"\x89PNG\r\n\x1a\n" + bytes(100), picture("JPEG")[:300], b"GIF89a=1;alert(document.domain)//", b"RIFF\x24\0\0\0WEBPVP8 " + bytes(24),
    png_of(30_000, 10), png_of(19_999, 19_999),
]


def test_a_broken_or_monstrous_picture_is_refused(upload: Any, kept: Any) -> None:
    for content in BROKEN:
        answer = upload(content, "photo.png", kind="image/png")
        assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "file"), answer.text
    assert kept() == []


def test_a_picture_that_moves_for_too_long_is_refused(upload: Any) -> None:
    frames = [Image.new("L", (8, 8), number % 256) for number in range(302)]
    made = io.BytesIO()
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:], duration=10)
    answer = upload(made.getvalue(), "long.gif")
    assert "moves for too long" in answer.json["message"]


def test_pictures_are_drawn_anew_without_what_cameras_write(upload: Any, fetch: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "Camera of Meridian"
    exif.get_ifd(0x8825)[2] = (59.0, 19.0, 46.0)
    sent = picture("JPEG", (400, 200), exif=exif, comment=b"secret comment") + b"<script>alert(1)</script>PK\x03\x04"
    made = upload(sent, "photo.jpg").json["data"]
    assert (made["width"], made["height"]) == (200, 400)
    file = fetch(made)
    with Image.open(io.BytesIO(file.data)) as drawn:
        assert (drawn.size, dict(drawn.getexif()), "comment" in drawn.info) == ((200, 400), {}, False)
    assert all(word not in file.data for word in (b"Meridian", b"secret", b"script", b"PK\x03\x04"))
    assert (made["bytes"], made["sha256"]) == (len(file.data), hashlib.sha256(file.data).hexdigest())


def test_a_picture_has_smaller_sizes_and_a_small_one_is_not_enlarged(upload: Any, fetch: Any) -> None:
    large, small = (upload(picture("PNG", size, mode="RGBA", colour=(0, 90, 90, 128)), "a.png").json["data"] for size in ((1600, 1200), (40, 30)))
    assert [(each["size"], each["width"], each["height"]) for each in large["sizes"]] == [("thumb", 320, 240), ("medium", 1280, 960)]
    assert [(each["width"], each["height"]) for each in small["sizes"]] == [(40, 30), (40, 30)]
    thumb = fetch(large, "thumb")
    with Image.open(io.BytesIO(thumb.data)) as drawn:
        assert (drawn.format, drawn.size, drawn.mode) == ("WEBP", (320, 240), "RGBA")
    assert thumb.headers["Content-Disposition"] == "attachment; filename=a-thumb.webp"
    assert len(thumb.data) == large["sizes"][0]["bytes"]


NAMES = [
    ("../../etc/passwd.csv", "passwd.csv"), ("C:\\Users\\x\\list.csv", "list.csv"), ("a\u202egpj.csv", "agpj.csv"), ("tab\tand\u00a0 spaces.csv", "tab and spaces.csv"), ("evil.bat", "evil.bat.csv"),
    (".htaccess", "htaccess.csv"), ("a" * 500 + ".csv", "a" * 146 + ".csv"), ("Übersicht 2026.CSV", "Übersicht 2026.CSV"), ("...", "file.csv"), ("CON|?.csv", "CON__.csv"), ("100%.csv", "100_.csv"),
]


@pytest.mark.parametrize(("given", "name"), NAMES)
def test_names_are_made_harmless(given: str, name: str) -> None:
    assert safe_name(given, MediaType.CSV) == name


@given(st.text(), st.sampled_from(MediaType))
def test_no_name_leads_anywhere_or_hides_its_end(text: str, kind: MediaType) -> None:
    name = safe_name(text, kind)
    assert name == safe_name(name, kind)
    assert 0 < len(name) <= LONGEST_NAME
    assert name.rpartition(".")[2].lower() in ENDINGS[kind]
    assert not set(name) & set("/\\\0\r\n\u202e\u200f")
    assert not name.startswith(".")


def test_the_name_that_is_kept_is_the_harmless_one(upload: Any) -> None:
    assert upload(CSV, "../../etc/passwd.csv").json["data"]["name"] == "passwd.csv"


def test_a_download_is_an_attachment_that_runs_nothing(upload: Any, fetch: Any) -> None:
    file = fetch(upload(CSV, "Übersicht 100.csv").json["data"])
    assert file.data == CSV
    assert file.headers["Content-Disposition"] == f"attachment; filename=\"_bersicht 100.csv\"; filename*=UTF-8''{quote('Übersicht 100.csv')}"
    assert (file.headers["X-Content-Type-Options"], file.headers["Content-Type"]) == ("nosniff", "text/csv; charset=utf-8")
    assert file.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert file.headers["Cache-Control"] == "private, no-cache"


def test_no_file_an_empty_one_and_two_are_said_at_the_field(cast: Any, upload: Any) -> None:
    place = {"organization_id": str(cast.organization.id)}
    both = cast.member.send("POST", "/uploads", data={**place, "file": [(io.BytesIO(CSV), "a.csv"), (io.BytesIO(CSV), "b.csv")]}, content_type="multipart/form-data")
    none = cast.member.send("POST", "/uploads", data=place, content_type="multipart/form-data")
    words = cast.member.send("POST", "/uploads", data={**place, "file": "words"}, content_type="multipart/form-data")
    for answer in (both, none, words, upload(b"", "empty.csv")):
        assert (answer.status_code, answer.json["error"], answer.json["details"][0]["field"]) == (422, "validation_error", "file")
    other = upload(CSV, picture="x")
    assert (other.status_code, other.json["details"][0]["field"]) == (422, "picture")


def test_only_forms_are_read(cast: Any) -> None:
    answer = cast.member.post("/uploads", {"file": "x"})
    assert (answer.status_code, answer.json["error"]) == (415, "unsupported_media_type")


def test_what_is_too_large_is_413_before_it_is_read(app: Any, cast: Any, upload: Any, kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "UPLOAD_MAX_BYTES", 2**20)
    for content in (b"a" * (2**20 + 1), b"a" * 2**21):
        answer = upload(content, "a.txt")
        assert (answer.status_code, answer.json["error"], answer.json["message"]) == (413, "payload_too_large", "The file is larger than 1 MB.")
    assert upload(b"a" * 2**20, "a.txt").status_code == 201

    class Endless(io.RawIOBase):
        count = 0

        def read(self, size: int = -1) -> bytes:
            self.count += size
            assert self.count < 2**22, "it is read to its end"
            return b"a" * size

    body = Endless()
    sent = {"Content-Type": "multipart/form-data; boundary=b", **cast.member.headers}
    answer = app.test_client().post("/api/v1/uploads", headers=sent, environ_overrides={"CONTENT_LENGTH": str(2**40), "wsgi.input": body})
    assert (answer.status_code, body.count) == (413, 0)


def zipped(app: Any, caller: Any, body: bytes, **environ: Any) -> Any:
    sent = {"Content-Type": "multipart/form-data; boundary=b", "Content-Encoding": "gzip", **caller.headers}
    return app.test_client().post("/api/v1/uploads", headers=sent, data=body, environ_overrides=environ)


def form(content: bytes, place: Any) -> bytes:
    return (f'--b\r\nContent-Disposition: form-data; name="organization_id"\r\n\r\n{place}\r\n'
            '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n').encode() + content + b"\r\n--b--\r\n"


def test_a_gzip_body_is_taken_and_a_bomb_is_not(app: Any, cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = zipped(app, cast.member, gzip.compress(form(CSV, cast.organization.id)))
    assert (made.status_code, made.json["data"]["bytes"]) == (201, len(CSV))
    monkeypatch.setitem(app.config, "UPLOAD_MAX_BYTES", 2**20)
    bomb = gzip.compress(form(bytes(2**25), cast.organization.id))
    assert len(bomb) < 2**17
    assert zipped(app, cast.member, bomb).status_code == 413
    halves = gzip.compress(form(bytes(2**19), cast.organization.id)) + gzip.compress(bytes(2**19)) + gzip.compress(bytes(2**19))
    assert zipped(app, cast.member, halves).status_code == 413
    assert zipped(app, cast.member, b"no gzip").status_code == 400
    assert zipped(app, cast.member, gzip.compress(form(CSV, cast.organization.id))[:-20]).status_code == 400


def test_a_gzip_body_of_several_members_is_taken_whole(app: Any, cast: Any) -> None:
    whole = form(CSV, cast.organization.id)
    members = [gzip.compress(part) for part in (whole[:100], b"", whole[100:])]
    made = zipped(app, cast.member, b"".join(members))
    assert (made.status_code, made.json["data"]["bytes"]) == (201, len(CSV))
    for more in (b"more", b"\x1f\x8b", gzip.compress(b"more")[:-1]):
        assert zipped(app, cast.member, b"".join([*members, more])).status_code == 400, more


def test_where_it_belongs_is_said_or_clear(app: Any, cast: Any, upload: Any) -> None:
    assert upload(CSV, organization_id=None).json["data"]["organization_id"] == str(cast.organization.id)
    nowhere = upload(CSV, who=cast.root, organization_id=None)
    assert (nowhere.status_code, nowhere.json["details"][0]["field"]) == (422, "organization_id")
    with factories.writing(app):
        site, theirs = factories.site(cast.organization), factories.site(cast.elsewhere)
    mine = upload(CSV, site_id=site.id).json["data"]
    assert (mine["organization_id"], mine["site_id"]) == (str(cast.organization.id), str(site.id))
    assert upload(CSV, site_id=theirs.id).status_code == 404
    wrong = upload(CSV, who=cast.root, site_id=theirs.id, organization_id=cast.organization.id)
    assert (wrong.status_code, wrong.json["details"][0]["field"]) == (422, "site_id")
    assert upload(CSV, organization_id=cast.elsewhere.id).status_code == 404
    assert upload(CSV, organization_id="nonsense").status_code == 422


def test_viewers_read_and_members_upload(cast: Any, upload: Any, client: Any) -> None:
    assert upload(CSV, who=cast.viewer).status_code == 403
    assert upload(CSV, who=client).status_code == 401
    assert upload(CSV, who=cast.key("write")).status_code == 201
    assert upload(CSV, who=cast.key("read")).status_code == 403


def test_the_same_request_again_is_the_same_upload(cast: Any, upload: Any, kept: Any) -> None:
    first, again = (upload(CSV, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.json["data"]["id"], again.headers["Idempotent-Replayed"]) == (again.json["data"]["id"], "true")
    other = upload(CSV + b"a,b\n", headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json["error"]) == (422, "idempotency_key_reused")
    assert len(kept()) == 1


def test_uploads_have_a_limit_of_their_own(app: Any, cast: Any, upload: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "LIMITS_ENABLED", True)
    monkeypatch.setitem(app.config, "LIMIT_UPLOADS", "2/hour")
    assert [upload(CSV).status_code for _ in range(3)] == [201, 201, 429]
    assert upload(CSV, who=cast.admin).status_code == 201
    assert cast.member.get("/uploads").json["meta"]["total"] == 3


def test_it_is_in_the_audit_log_and_its_key_is_not(cast: Any, upload: Any, kept: Any) -> None:
    made = upload(CSV).json["data"]
    rows = cast.admin.get("/audit-logs", resource_id=made["id"]).json["data"]
    assert [(row["action"], row["resource_type"], row["changes"]["sha256"]) for row in rows] == [("upload.made", "upload", [None, made["sha256"]])]
    assert kept()[0].split("/")[2] not in cast.admin.get("/audit-logs").text + cast.admin.get("/uploads").text
