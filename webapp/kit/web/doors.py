"""Doors: routes that all say who may enter, what they take and what they answer.

A door guards, parses, makes one call and answers; the decorator does all but the call, and keeps what it was told
(`view.door`), so that the OpenAPI document, the house tests and the server cannot disagree.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError

from webapp.kit.cache import cached
from webapp.kit.db import commit, rollback
from webapp.kit.errors import Conflict, Invalid, NotFound, PermissionDenied, PreconditionFailed
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web import answers, bodies, csrf, exports, idempotency, multipart
from webapp.kit.web.cursors import read_cursor
from webapp.kit.web.deprecation import Deprecation
from webapp.kit.web.fields import ListQuery
from webapp.kit.web.forms import Form, form_values
from webapp.kit.web.parameters import load_query, wants_deleted

SAFE = ("GET", "HEAD")
CHANGES = ("PUT", "PATCH")


@dataclass(frozen=True, slots=True)
class Cached:
    """How a GET's answer is kept (`kit.cache`). `allows` is asked about the actor and the id before anything is looked up.

    Where a part of the answer moves by itself, `keeps` names the part that is kept, and `live` gives the rest at each look.
    """

    kind: str
    seconds: int
    allows: Callable[[Actor, UUID], bool]
    keeps: Schema | None = None
    live: Callable[[Actor, dict[str, Any]], dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """What a route was told: permission, schemas, how it finds its resource, and words for the document.

    A PUT or PATCH takes any subset of the fields, unless it is not `partial`. A door that `is_socket` takes the handshakes of
    WebSockets, and nothing else.
    `cached` names the kind under which a GET's answer is kept, for how many seconds, and who may see what was kept.
    `extra` tells the OpenAPI document what the other fields cannot, and changes nothing else:
    `request_schema`: the body of a door that reads it raw: a marshmallow schema, a JSON Schema, or a list of those (any);
    `or_gives`: another schema, where the answer depends on a parameter (the server does not use it);
    `examples`: bodies by name, each a value or `{"summary", "value"}`;
    `headers`: request headers of its own, `{name: description}`;
    `responses`: answers of its own by status (`{"200": {"description", "content"}}`); a 2xx takes the envelope's place;
    `produces`: media types, for a door that answers with a file.
    A door that `takes_file` reads a form with files, of up to UPLOAD_MAX_MB (`multipart`).
    `deprecated` is for an older path: its answers name the path that follows it, and the document marks it.
    """

    needs: Permission
    methods: tuple[str, ...]
    rule: str
    query: type[Schema] | None = None
    takes: type[Schema] | None = None
    gives: Schema | None = None
    lists: bool = False
    finds: Callable[..., Any] | None = None
    status: int = 200
    at: str | None = None
    accepts_form: bool = False
    takes_file: bool = False
    idempotent: bool = True
    partial: bool = True
    again: Callable[..., Any] | None = None
    is_page: bool = False
    hidden: bool = False
    is_socket: bool = False
    cached: Cached | None = None
    tag: str = ""
    deprecated: Deprecation | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Doors(Blueprint):
    """A blueprint of doors. `is_page`: for people, in HTML; else JSON under /api/v1."""

    def __init__(self, name: str, import_name: str, *, is_page: bool = False, tag: str = "", url_prefix: str | None = None) -> None:
        prefix = url_prefix if url_prefix is not None else (None if is_page else "/api/v1")
        super().__init__(name, import_name, url_prefix=prefix)
        self.is_page, self.tag = is_page, tag or name

    def door(self, rule: str, methods: tuple[str, ...], needs: Permission, **told: Any) -> Callable[[Callable[..., Any]], Any]:
        if told.get("deprecated"):
            told["extra"] = {**told.get("extra", {}), "deprecated": True}
        door = Door(needs=needs, methods=methods, rule=rule, is_page=self.is_page, tag=self.tag, **told)

        def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(view)
            def guarded(**path: Any) -> ResponseReturnValue:
                return (_enter_page if door.is_page else _enter_api)(door, view, path)

            guarded.door = door  # type: ignore[attr-defined]
            guarded.call = view  # type: ignore[attr-defined]
            more: dict[str, Any] = {"websocket": True} if door.is_socket else {}
            self.add_url_rule(rule, view_func=guarded, methods=list(methods), **more)
            return guarded

        return decorate

    def get(self, rule: str, *, needs: Permission, **told: Any) -> Any:  # type: ignore[override]
        return self.door(rule, ("GET",), needs, **told)

    def post(self, rule: str, *, needs: Permission, **told: Any) -> Any:  # type: ignore[override]
        return self.door(rule, ("POST",), needs, **told)

    def change(self, rule: str, *, needs: Permission, **told: Any) -> Any:
        """PUT and PATCH, which are the same here: any subset of the writable fields."""
        return self.door(rule, CHANGES, needs, **told)

    def delete(self, rule: str, *, needs: Permission, **told: Any) -> Any:  # type: ignore[override]
        return self.door(rule, ("DELETE",), needs, **told)


def _enter_api(door: Door, view: Callable[..., Any], path: dict[str, Any]) -> Response:
    g.actor.require(door.needs)
    if door.takes_file:
        multipart.read()
    csrf.check()
    kept = idempotency.recall(door)
    answer = _fresh_answer(door, view, path) if kept is None else kept
    return door.deprecated.mark(answer, path) if door.deprecated else answer


def _fresh_answer(door: Door, view: Callable[..., Any], path: dict[str, Any]) -> Response:
    answer = _kept(door, view, path) or _made(door, view, path)
    idempotency.remember(answer)
    commit()
    exports.begin(answer)
    answer.headers.setdefault("Cache-Control", "private, no-cache")
    if request.method in SAFE and answer.is_sequence:  # to do it to a stream would be to read all of it into memory first
        answer.make_conditional(request)
    return answer


def _made(door: Door, view: Callable[..., Any], path: dict[str, Any]) -> Response:
    given = _arguments(door, path)
    return _answer(door, view(g.actor, **given), given)


def _kept(door: Door, view: Callable[..., Any], path: dict[str, Any]) -> Response | None:
    """The answer as it is kept, or kept from now on; None where nothing is kept, or not for this actor."""
    if door.cached is None or request.method not in SAFE or request.args:
        return None
    key: UUID = next(iter(path.values()))
    if not door.cached.allows(g.actor, key):
        return None
    keeps = door.cached.keeps or door.gives
    assert keeps is not None
    kept = cached(door.cached.kind, key, door.cached.seconds, lambda: keeps.dump(view(g.actor, **_arguments(door, path))))
    return answers.one({**kept, **door.cached.live(g.actor, kept)} if door.cached.live else kept)


def _arguments(door: Door, path: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if door.finds:
        given["found"] = _found(door, *list(path.values())[:1])
        given |= dict(list(path.items())[1:])
        if door.gives and names_a_state(door, request.method):
            _check_if_match(door.gives, given["found"])
    else:
        given |= path
    if door.query:
        given["query"] = load_query(door.query)
    if door.takes:
        sent = multipart.values() if door.takes_file else bodies.read_body(door.accepts_form)
        given["body"] = door.takes(partial=door.partial and request.method in CHANGES).load(sent)
    return given


def _found(door: Door, *named: Any) -> Any:
    """What the path names (or, without a parameter, the actor's own), locked where it is to be changed.

    A deleted one, and what lies below it, is found by whoever may bring it back, and asks for it.
    """
    assert door.finds is not None
    if request.method not in SAFE:
        return door.finds(g.actor, *named, lock=True)
    knows_deleted = door.query is None or issubclass(door.query, ListQuery)
    if not knows_deleted or not wants_deleted():
        return door.finds(g.actor, *named, lock=False)
    try:
        return door.finds(g.actor, *named, lock=False)
    except NotFound:
        if "deleted" not in inspect.signature(door.finds).parameters:
            raise
        found = door.finds(g.actor, *named, deleted=True)
        if not g.actor.may(Permission.SITE_DELETE, getattr(found, "organization_id", None)):
            raise
        return found


def names_a_state(door: Door, method: str) -> bool:
    """Whether `If-Match` means something here: what is changed is what is answered, so that its ETag is one that a GET has shown.

    A POST that makes something else of what it finds (a report of its schedule) answers with that.
    """
    return method not in SAFE and bool(door.finds and door.gives) and (method != "POST" or door.at is None)


def _check_if_match(schema: Schema, found: Any) -> None:
    if request.if_match and not request.if_match.contains(answers.etag_of(schema.dump(found))):
        raise PreconditionFailed()


def _answer(door: Door, result: Any, given: dict[str, Any]) -> Response:
    if isinstance(result, Response):
        return result
    if isinstance(result, Listing):
        assert door.gives is not None
        asked = given["query"]
        if asked.get("cursor"):
            asked = {**asked, "cursor": read_cursor(asked["cursor"], result.order(asked["sort"]))}
        if asked.get("format", "json") != "json":
            return exports.export(result, door.gives, asked, door.rule)
        return answers.many(result.page(asked), door.gives)
    data = door.gives.dump(result) if door.gives else result
    if door.at is None:
        return answers.one(data, door.status)
    where = "/api/v1" + door.at.format(**data)
    answer = answers.one(data, door.status, where)
    answer.headers["Location"] = where
    return answer


def _enter_page(door: Door, view: Callable[..., Any], path: dict[str, Any]) -> ResponseReturnValue:
    from webapp.kit.web.pages import sign_in_first

    if not g.actor.is_known and door.needs is not Permission.PUBLIC:
        return sign_in_first()
    if g.actor.is_known and not g.actor.is_person and door.needs is not Permission.PUBLIC:
        raise PermissionDenied("Pages are for people. Programs use /api/v1.")
    g.actor.require(door.needs)
    if request.method not in SAFE:
        if door.takes_file:
            multipart.read(is_page=True)
        csrf.check()
    given = dict(path)
    if door.query:
        given["query"] = load_query(door.query, empty=False)
    answer: ResponseReturnValue = view(g.actor, **given) if door.takes is None else _submit(door, view, given)
    commit()
    return answer


def _submit(door: Door, view: Callable[..., Any], given: dict[str, Any]) -> Any:
    """A form: loaded by the same schema as the JSON door's body; with errors, the page again with what was typed, and nothing written."""
    from webapp.kit.web.errors import invalid  # errors draws pages

    assert door.takes is not None
    assert door.again is not None
    schema = door.takes()
    try:
        try:
            return view(g.actor, **given, body=schema.load(form_values(schema, request.form) | multipart.files()))
        except ValidationError as problem:
            raise invalid(problem) from None
    except (Invalid, Conflict) as problem:
        rollback()
        form = Form.refused(request.form, problem)
        page = door.again.call(g.actor, **given, form=form)  # type: ignore[attr-defined]
        return page, problem.status
