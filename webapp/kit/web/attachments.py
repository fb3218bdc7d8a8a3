"""Files as answers: always as attachments, sent from wherever they are kept, portion by portion."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from flask import Response, request
from werkzeug.http import dump_options_header

from webapp.kit.storage import Content

UNQUOTED = "!#$&+-.^_`|~"
NOTHING_RUNS = "default-src 'none'; sandbox"


def attachment(open_it: Callable[[], Content], name: str, content_type: str, sha256: str) -> Response:
    """A stored file to be saved under this name; 304 to whoever has it already, and then it is not opened.

    Nothing in it runs, should a browser show it after all. `name` is said twice where it is more than ASCII (RFC 6266, RFC 8187).
    """
    answer = Response(content_type=content_type)
    answer.headers.update({"Content-Disposition": disposition(name), "Cache-Control": "private, no-cache",
                           "Content-Security-Policy": NOTHING_RUNS})
    answer.set_etag(sha256)
    answer.make_conditional(request)
    if answer.status_code == 304:
        return answer
    content = open_it()
    answer.response = iter(content)
    answer.content_length = content.size
    answer.call_on_close(content.close)
    return answer


def disposition(name: str) -> str:
    """`Content-Disposition` for a file of this name: in ASCII for old programs, and as it is for all others."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    options = {"filename": plain} if plain == name else {"filename": plain, "filename*": f"UTF-8''{quote(name, safe=UNQUOTED)}"}
    return dump_options_header("attachment", options)
