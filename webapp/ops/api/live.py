"""`/api/v1/events` and `/api/v1/ws`: what happens, told while it happens. Neither holds a thread or a database connection."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, current_app, g, request

from webapp.accounts.identity import read_token
from webapp.accounts.queries import actor_of_key, person_of_sign_in
from webapp.kit.clock import now
from webapp.kit.errors import NotAuthenticated, PermissionDenied, Unavailable
from webapp.kit.live.desk import Desk, Rules
from webapp.kit.live.lines import EventStream, Guest, WebSocketLine, shake_hands
from webapp.kit.live.takeover import Takeover, can_take_over
from webapp.kit.permissions import Actor, Origin, Permission
from webapp.kit.web.doors import Doors
from webapp.ops.policy import may_hear
from webapp.ops.queries import require_topic
from webapp.ops.schemas.live import EVENTS, PLACE, SOCKET, EventsQuery

P = Permission
DESK = "patchboard_live"
# The last is nginx's: it would gather events into portions.
HEAD = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "Connection": "close", "X-Accel-Buffering": "no"}
live_api = Doors("ops_live", __name__, tag="Live events")
_making = threading.Lock()


@live_api.get("/events", needs=P.SITE_READ, query=EventsQuery, extra=EVENTS)
def stream_events(actor: Actor, query: dict[str, Any]) -> Response:
    """Events of these topics as server-sent events, by session cookie, token or API key."""
    for topic in query["topics"]:
        require_topic(actor, topic)
    if request.method == "HEAD":
        return Response(headers=HEAD)
    guest = guest_of_request(actor)
    desk, address = desk_with_place(guest.key), request.remote_addr or ""
    since = query.get("after") or _last_event_id()

    def serve(sock: socket.socket, head: bytes) -> None:
        g.pop("live_place")
        desk.open(EventStream(sock, guest, address, guest.key, time.monotonic(), actor, query["topics"], since), head)

    return Takeover(serve, headers=HEAD)


@live_api.get("/ws", needs=P.PUBLIC, is_socket=True, extra=SOCKET)
def open_socket(actor: Actor) -> Response:
    """The same by WebSocket: whoever opens it says who they are in the first message, or by the session cookie of a page from here."""
    is_own = check_origin(request.headers.get("Origin"))
    machine, greeting = shake_hands(request.headers)
    guest = guest_of_request(actor) if actor.is_known and (is_own or not g.get("by_cookie")) else None
    address = request.remote_addr or ""
    place = guest.key if guest else f"ip:{address}"
    desk = desk_with_place(place)

    def serve(sock: socket.socket, head: bytes) -> None:
        g.pop("live_place")
        line = WebSocketLine(sock, guest, address, place, time.monotonic(), actor if guest else None, machine=machine)
        desk.open(line, greeting)

    return Takeover(serve, 101)


def check_origin(origin: str | None) -> bool:
    """Whether a page of this server opens the socket (or no page at all), so that its cookie counts; PermissionDenied for pages
    from elsewhere that CORS_ORIGINS does not name. A browser sends cookies along whoever asks it to, but never hides the origin."""
    if origin is None:
        return True
    host, public = urlsplit(origin).netloc, urlsplit(current_app.config["PUBLIC_URL"])
    if host and host in (request.host, public.netloc):
        return True
    if origin in current_app.config["CORS_ORIGINS"]:
        return False
    raise PermissionDenied("WebSockets from this origin are not taken.", code="origin_refused")


def _last_event_id() -> str | None:
    """The header of a stream that comes back; what is none of our ids is as good as one that is long gone."""
    given = request.headers.get("Last-Event-ID")
    return None if not given else given if PLACE.match(given) else "0-0"


def guest_of_request(actor: Actor) -> Guest:
    """Who listens, to be asked again later: behind the session cookie, the token or the API key of this request."""
    if g.get("by_cookie") and actor.sign_in_id is not None:
        return guest_of_sign_in(actor.sign_in_id, actor.origin)
    token = request.headers.get("X-API-Key") or request.headers.get("Authorization", "").partition(" ")[2]
    return guest_of_token(token.strip(), request.remote_addr or "")


def guest_of_token(token: str, address: str) -> Guest:
    """Who an access token or an API key belongs to; NotAuthenticated for what is neither."""
    origin = Origin(address or None)
    if not token.startswith("pb_"):
        claims = read_token(token, "access")
        return guest_of_sign_in(UUID(claims["sid"]), origin, float(claims["exp"]))
    secret = current_app.config["SECRET_KEY"]
    digest = hashlib.sha256(token.encode()).hexdigest()
    return Guest(f"key:{digest[:32]}", lambda: actor_of_key(token, secret, origin, now())[0])


def guest_of_sign_in(sign_in_id: UUID, origin: Origin, until: float | None = None) -> Guest:
    def find() -> Actor:
        found = person_of_sign_in(sign_in_id, origin)
        if found is None:
            raise NotAuthenticated("This session has ended. Sign in again.", code="token_revoked")
        return found[0]

    return Guest(f"sign_in:{sign_in_id}", find, until)


def desk_with_place(key: str) -> Desk:
    """The desk of this process, with a place for one more line; Unavailable where there is none, or no server that hands lines out."""
    if not can_take_over(request.environ):
        raise Unavailable("This web server cannot keep live connections. Ask now and then instead.", headers={"Retry-After": "60"})
    desk = desk_of_process()
    desk.places.take(key)
    g.live_place = (desk, key)
    return desk


def desk_of_process() -> Desk:
    """Made when the first line comes, and not before: threads do not survive the division of a process."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with _making:
        pid, desk = app.extensions.get(DESK, (0, None))
        if desk is None or pid != os.getpid():
            desk = Desk(app, Rules(require_topic, may_hear, guest_of_token), app.config["LIVE_CONNECTIONS"])
            desk.start()
            app.extensions[DESK] = (os.getpid(), desk)
    return desk


@live_api.teardown_request
def give_place_back(problem: BaseException | None) -> None:
    """Where the answer was another one after all, the place that was taken for it is free again."""
    if "live_place" in g:
        desk, key = g.pop("live_place")
        desk.places.give_back(key)
