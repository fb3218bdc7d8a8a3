"""Answers: the envelope of the contract, pages of lists with their links, ETags, and streamed exports."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request
from marshmallow import Schema

from webapp.kit.listing import Page
from webapp.kit.web.cursors import write_cursor

OPTIONS = orjson.OPT_NON_STR_KEYS


def json_answer(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body, option=OPTIONS, default=str), status, mimetype="application/json")


def one(data: Mapping[str, Any], status: int = 200, self_link: str | None = None) -> Response:
    """One object in its envelope, with its ETag."""
    answer = json_answer({"data": data, "meta": {}, "links": {"self": self_link or here()}}, status)
    answer.set_etag(etag_of(data))
    return answer


def many(page: Page, schema: Schema) -> Response:
    """One page of a list in its envelope."""
    body = {"data": schema.dump(page.rows, many=True), "meta": meta_of(page), "links": links_of(page)}
    answer = json_answer(body)
    answer.set_etag(etag_of(body))
    return answer


def meta_of(page: Page) -> dict[str, Any]:
    """How many rows there are, and which of them these are; after a cursor nobody knows how many came before."""
    size = {"per_page" if page.by_page else "limit": page.size}
    place: dict[str, Any] = {}
    if not page.at_cursor:
        place = {"page": page.number, "pages": page.pages} if page.by_page else {"skip": page.first}
    following = {"next_cursor": write_cursor(page.next_place, page.sort)} if page.takes_cursor else {}
    return {"total": page.total, **size, **place, **following}


def links_of(page: Page) -> dict[str, str | None]:
    """Self, first, last, prev and next; null where there is none."""
    if page.at_cursor:
        after = here(cursor=write_cursor(page.next_place, page.sort)) if page.next_place else None
        return {"self": here(), "first": here(cursor=""), "last": None, "prev": None, "next": after}
    size, last = page.size, max(page.pages, 1)
    places: dict[str, int | None]
    if page.by_page:
        name, places = "page", {"first": 1, "last": last, "prev": min(page.number - 1, last) or None,
                                "next": page.number + 1 if page.number < last else None}
    else:
        before, behind = max(min(page.first, page.total) - size, 0), page.first + size
        name, places = "skip", {"first": 0, "last": (last - 1) * size, "prev": before if page.first else None,
                                "next": behind if behind < page.total else None}
    links = {each: here(**{name: place}) if place is not None else None for each, place in places.items()}
    return {"self": here(), **links}


def here(**changes: Any) -> str:
    """The address of this request, with some parameters changed."""
    query = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    query += [(name, value) for name, value in changes.items() if value is not None]
    return request.path + (f"?{urlencode(query)}" if query else "")


def etag_of(value: Any) -> str:
    """A strong ETag: the same representation, the same tag."""
    return hashlib.blake2b(orjson.dumps(value, option=OPTIONS, default=str), digest_size=12).hexdigest()
