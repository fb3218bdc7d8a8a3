"""A world in which every kind of thing exists, and requests to it that leave no trace.

`things` are ids by name: a path's `<uuid:site_id>` is filled with `things["site"]`, and so is the documented example of a site's id
in a body. A new kind of thing is one line in `things_of`.
"""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tests import factories, outbox
from tests.cast import Browser, gather
from tests.house.things import deliveries_of, findings_of, made, notifications_of, people_of, repositories_of, tasks_of, uploads_of, work_of
from webapp.kit.db import db, rows
from webapp.kit.web.openapi_examples import identity

PEOPLE = {"stranger": "stranger", "viewer": "viewer", "member": "member", "admin": "admin", "superuser": "root"}
EVERYBODYS = {"advisory", "advisory_source", "number", "project"}  # what is published for all, and names of numbers
LOGO = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
KEYS = {"site key": ("ingest",), "read key": ("read",), "write key": ("write",)}


class World:
    """The cast, what lies in their organization, and who may ask for it: `callers` by the names of the matrix's columns."""

    def __init__(self, app: Any) -> None:
        self.app, self.cast = app, gather(app)
        self.things = things_of(app, self.cast)
        self.markers = [*(each for name, each in self.things.items() if name not in EVERYBODYS), "of Meridian", "leaver@meridian.example", "viewer@meridian.example"]
        site = {"site_id": self.things["site"]}
        self.callers: dict[str, dict[str, str]] = {"anonymous": {}}
        self.cookies: dict[str, tuple[str, str]] = {}
        self.remember("anonymous", Browser(app))
        for name, role in PEOPLE.items():
            person = getattr(self.cast, role)
            self.callers[name] = person.headers
            self.remember(name, person.browser())
        for name, scopes in KEYS.items():
            body = {"name": name, "scopes": scopes, "organization_id": self.things["organization"], **(site if "site" in name else {})}
            self.callers[name] = {"X-API-Key": made(self.cast.admin.post("/api-keys", body))["secret"]}

    def remember(self, caller: str, browser: Browser) -> None:
        """Keeps the session cookie of this browser, and the CSRF token that goes with it."""
        token = browser.token()
        kept = browser.client.get_cookie(self.app.config["SESSION_COOKIE_NAME"])
        self.cookies[caller] = (f"{kept.key}={kept.value}", token)

    def send(self, caller: str, method: str, path: str, body: Any = None, *, is_page: bool = False, raw: bytes | None = None) -> Any:
        """A real request as this caller; a page's body goes as a form with its CSRF token. Use within `untouched`."""
        headers = {"Accept": Browser.HTML if is_page else "application/json"}
        more: dict[str, Any] = {}
        if is_page and caller in self.cookies:
            cookie, token = self.cookies[caller]
            headers |= {"Cookie": cookie, "X-CSRFToken": token}
        else:
            headers |= self.callers[caller]
        if isinstance(body, dict) and "file" in body:
            more |= {"data": {**body, "file": (BytesIO(body["file"].encode()), "list.csv")}, "content_type": "multipart/form-data"}
        elif is_page and method != "GET":
            more["data"] = body or {}
        elif raw is not None:
            more |= {"data": raw, "content_type": "application/json"}
        elif body is not None:
            more |= {"data": jsonlib.dumps(body), "content_type": "application/json"}
        return self.app.test_client(use_cookies=False).open(path, method=method, headers=headers, **more)


def things_of(app: Any, cast: Any) -> dict[str, str]:
    """One of each kind, by name."""
    place, admin = cast.organization, cast.admin
    with factories.writing(app):
        site, gone = factories.site(place, name="Town hall of Meridian"), factories.site(place, name="Old shop of Meridian")
        factories.reported(site, {"webform": factories.module("webform", "6.2.6", "6.2.9", security=True)}, at=factories.ago(hours=9))
        factories.reported(site, {"webform": factories.module("webform", "6.2.7", "6.2.9", security=True)}, at=factories.ago(hours=3))
        colleague = factories.user("ada@meridian.example", place, "member", full_name="Ada Lindqvist")
        leaver = factories.user("leaver@meridian.example", place, "member")
        closed = factories.organization(name="Meridian Archive")
        for name in ("admin", "member", "viewer"):
            add_role(closed, getattr(cast, name).id, name)
    things = {"organization": place.id, "closed_organization": closed.id, "site": site.id, "deleted_site": gone.id,
              "user": colleague.id, "deleted_user": leaver.id}
    things = {name: str(each) for name, each in things.items()}
    made(admin.delete(f"/sites/{things['deleted_site']}"))
    made(cast.root.delete(f"/users/{things['deleted_user']}"))
    made(cast.root.delete(f"/organizations/{things['closed_organization']}"))
    key = {"name": "Key of Meridian", "scopes": ["read"], "organization_id": things["organization"]}
    for name in ("key", "revoked_key"):
        things[name] = made(admin.post("/api-keys", key))["id"]
    things["site_key"] = made(admin.post("/api-keys", {**key, "scopes": ["ingest"], "site_id": things["site"]}))["id"]
    made(admin.delete(f"/api-keys/{things['revoked_key']}"))
    things |= teams_of(app, cast)
    run = {"started_at": "2026-01-18T16:05:00Z", "status": "success", "trigger": "ci",
           "updates": [{"module": "webform", "from_version": "6.2.5", "to_version": "6.2.6"}]}
    things["run"] = made(admin.post(f"/sites/{things['site']}/patch-run", run))["id"]
    things |= repositories_of(cast) | people_of(app, cast) | findings_of(app, cast, things) | reports_of(app, cast, things)
    things |= deliveries_of(cast, things) | notifications_of(app, cast) | work_of(app) | tasks_of(cast, things)
    things |= uploads_of(cast, things)
    with app.app_context():
        from webapp.kit.db import ALL, enter_scope

        enter_scope(ALL)
        things["module"] = str(db.session.scalar(text("SELECT public_id FROM modules WHERE name = 'webform'")))
        found = rows("SELECT id FROM audit_log WHERE organization_id = :place LIMIT 1", place=place.id)
        things["row"], things["project"] = str(found[0].id), "webform"
    return things


def add_role(place: Any, user_id: str, role: str) -> None:
    from webapp.accounts.models import Membership
    from webapp.kit.clock import now

    db.session.add(Membership(organization_id=place.id, user_id=UUID(user_id), role=role, created_at=now()))


def teams_of(app: Any, cast: Any) -> dict[str, str]:
    """A team with one person in it, and a deleted one."""
    with factories.writing(app):
        member = factories.user("bela@meridian.example", cast.organization, "member", full_name="Bela Sandor")
    place = str(cast.organization.id)
    team, gone = (made(cast.admin.post("/teams", {"name": name, "organization_id": place}))["id"] for name in ("Web of Meridian", "Past of Meridian"))
    made(cast.admin.put(f"/teams/{team}/members/{member.id}"))
    made(cast.admin.delete(f"/teams/{gone}"))
    return {"team": team, "deleted_team": gone, "team_member": str(member.id)}


def reports_of(app: Any, cast: Any, things: dict[str, str]) -> dict[str, str]:
    """A report of the member that is done, one that waits, and one that was cancelled."""
    body = {"kind": "module_updates", "formats": ["csv"], "parameters": {"organization_id": things["organization"]}}
    done = made(cast.member.post("/reports", body))["id"]
    outbox.work(app)
    queued, cancelled = (made(cast.member.post("/reports", body))["id"] for _ in range(2))
    made(cast.member.post(f"/reports/{cancelled}/cancel"))
    return {"report": done, "queued_report": queued, "cancelled_report": cancelled, **schedules_of(cast, things)}


def schedules_of(cast: Any, things: dict[str, str]) -> dict[str, str]:
    """A schedule of the member with a logo, one that is paused, and a deleted one."""
    body = {"name": "Evidence of Meridian", "organization_id": things["organization"], "kind": "module_updates", "cron": "0 6 * * 1", "logo": LOGO}
    schedule, paused, gone = (made(cast.member.post("/report-schedules", body))["id"] for _ in range(3))
    made(cast.member.post(f"/report-schedules/{paused}/pause"))
    made(cast.member.delete(f"/report-schedules/{gone}"))
    return {"schedule": schedule, "paused_schedule": paused, "deleted_schedule": gone}


def with_things(body: Any, things: dict[str, str]) -> Any:
    """A body in which each documented example of an id is that of the thing in this world."""
    told = jsonlib.dumps(body)
    for name, each in things.items():
        told = told.replace(identity(name), each)
    return jsonlib.loads(told)


@contextmanager
def untouched(app: Any) -> Iterator[None]:
    """All that is written inside, commits included, goes through one connection and is rolled back at the end."""
    with app.app_context():
        engines, engine, options = db._app_engines[app], db.engine, db.session.session_factory.kw
    with engine.connect() as connection:
        outer = connection.begin()
        engines[None] = connection
        options["join_transaction_mode"] = "create_savepoint"
        try:
            yield
        finally:
            engines[None] = engine
            del options["join_transaction_mode"]
            outer.rollback()
