"""`/clients/…`: the programs that report, for anybody to fetch: a site's server knows nothing yet but this address."""

from __future__ import annotations

import gzip
import io
import tarfile
from functools import cache
from typing import Final

from flask import Response, request

import config
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors

pages = Doors("ingest_pages", __name__, is_page=True)
CLIENTS: Final = config.ROOT / "clients"
MODULE: Final = CLIENTS / "drupal" / "patchboard"


@pages.get("/clients/report.sh", needs=Permission.PUBLIC)
def fetch_script(actor: Actor) -> Response:
    """The shell script, as a file."""
    return _file((CLIENTS / "report.sh").read_bytes(), "report.sh", "text/x-shellscript")


@pages.get("/clients/patchboard-drupal.tar.gz", needs=Permission.PUBLIC)
def fetch_module(actor: Actor) -> Response:
    """The Drupal module, packed."""
    return _file(packed_module(), "patchboard-drupal.tar.gz", "application/gzip")


@cache
def packed_module() -> bytes:
    """The module without its tests as a tar file, the same bytes each time: names in order, no times, nobody's user id."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(path for path in MODULE.rglob("*") if path.is_file() and MODULE / "tests" not in path.parents):
            entry = tarfile.TarInfo(str(path.relative_to(MODULE.parent)))
            entry.size, entry.mode = path.stat().st_size, 0o644
            with path.open("rb") as content:
                archive.addfile(entry, content)
    return gzip.compress(buffer.getvalue(), mtime=0)


def _file(content: bytes, name: str, kind: str) -> Response:
    answer = Response(content, mimetype=kind, headers={
        "Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "public, max-age=300"})
    answer.add_etag()
    answer.make_conditional(request)
    return answer
