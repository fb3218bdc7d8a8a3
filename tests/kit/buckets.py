"""A server that speaks enough of S3 for the storage, over a real socket, and believes nobody whose signature is wrong.

Written from the S3 API reference and AWS Signature Version 4; where Amazon's or another's own imitation is installed, the tests of
the storage run against that too.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

REGION, USER, SECRET, BUCKET = "eu-central-1", "tester", "only-for-tests", "patchboard"


class Server(ThreadingHTTPServer):
    """What it holds: `objects` by key, and `parts` of uploads that are not whole yet. `is_down` makes it answer 503 to all."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.refused = 0
        self.is_down = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", headers.get("Size", str(len(body))))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.is_down:
            self.answer(503)
        elif not self.is_signed(body):
            self.server.refused += 1
            self.answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        else:
            self.serve(body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do

    def serve(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
        if bucket != BUCKET:
            self.answer(404, b"<Error><Code>NoSuchBucket</Code></Error>")
        elif self.command == "GET" and "list-type" in asked:
            self.list(asked)
        elif self.command == "POST" and "uploads" in asked:
            number = str(len(self.server.parts))
            self.server.parts[number] = {}
            self.answer(200, f"<InitiateMultipartUploadResult><UploadId>{number}</UploadId></InitiateMultipartUploadResult>".encode())
        elif self.command == "PUT" and "partNumber" in asked:
            self.server.parts[asked["uploadId"]][int(asked["partNumber"])] = body
            self.answer(200, ETag=f'"{hashlib.md5(body).hexdigest()}"')
        elif self.command == "POST" and "uploadId" in asked:
            held = self.server.parts.pop(asked["uploadId"])
            self.keep(key, b"".join(held[number] for number in sorted(held)))
            self.answer(200, b'<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>')
        elif self.command == "PUT":
            self.keep(key, body)
            self.answer(200, ETag=f'"{hashlib.md5(body).hexdigest()}"')
        elif self.command == "POST" and "delete" in asked:
            names = re.findall(r"<Key>([^<]*)</Key>", body.decode())
            for name in names:
                self.server.objects.pop(name, None)
            gone = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
            self.answer(200, f"<DeleteResult>{gone}</DeleteResult>".encode())
        elif self.command == "DELETE":
            self.server.parts.pop(asked.get("uploadId", ""), None)
            if "uploadId" not in asked:
                self.server.objects.pop(key, None)
            self.answer(204)
        else:
            self.show(key)

    def keep(self, key: str, content: bytes) -> None:
        self.server.objects[key] = (content, datetime.now(UTC))

    def show(self, key: str) -> None:
        if key not in self.server.objects:
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        content, at = self.server.objects[key]
        dated = at.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return self.answer(200, content, ETag=f'"{hashlib.md5(content).hexdigest()}"', Last_Modified=dated, Size=str(len(content)))

    def list(self, asked: dict[str, str]) -> None:
        found = sorted(key for key in self.server.objects if key.startswith(asked.get("prefix", "")))
        rows = "".join(f"<Contents><Key>{key}</Key><LastModified>{self.server.objects[key][1]:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
                       f"<Size>{len(self.server.objects[key][0])}</Size><ETag>x</ETag></Contents>" for key in found)
        self.answer(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode())

    def is_signed(self, body: bytes) -> bool:
        """AWS Signature Version 4, from the specification."""
        said = re.match(r"AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
                        self.headers.get("Authorization", ""))
        if said is None:
            return False
        user, day, region, service, _ = said[1].split("/")
        digest = self.headers["x-amz-content-sha256"]
        if digest not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()) or (user, region, service) != (USER, REGION, "s3"):
            return False
        parts = urlsplit(self.path)
        query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
                         for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True)))
        names = said[2].split(";")
        headers = "".join(f"{name}:{' '.join(self.headers[name].split())}\n" for name in names)
        canonical = "\n".join([self.command, parts.path, query, headers, said[2], digest])
        text = "\n".join(["AWS4-HMAC-SHA256", self.headers["x-amz-date"], f"{day}/{region}/s3/aws4_request",
                          hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{SECRET}".encode()
        for part in (day, region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), said[3])


@contextmanager
def serving() -> Iterator[Server]:
    """Such a server, for a while."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
