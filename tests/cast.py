"""The people of the tests: an admin, a member and a viewer of one organization, and a stranger who must see nothing of it."""

from __future__ import annotations

import json as jsonlib
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient

from tests import factories

API = "/api/v1"


class Caller:
    """A client that speaks JSON to `/api/v1`, with a token or key if it has one. `answer.json["data"]` is the object or list."""

    def __init__(self, app: Any, headers: dict[str, str] | None = None) -> None:
        self.app, self.headers = app, headers or {}

    def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
        return self.send("GET", path, headers=headers, **({"query_string": query} if query else {}))

    def post(self, path: str, json: Any = None, headers: dict[str, str] | None = None, **more: Any) -> Any:
        return self.send("POST", path, json=json, headers=headers, **more)

    def put(self, path: str, json: Any = None, headers: dict[str, str] | None = None) -> Any:
        return self.send("PUT", path, json=json, headers=headers)

    def patch(self, path: str, json: Any = None, headers: dict[str, str] | None = None) -> Any:
        return self.send("PATCH", path, json=json, headers=headers)

    def delete(self, path: str, headers: dict[str, str] | None = None) -> Any:
        return self.send("DELETE", path, headers=headers)

    def send(self, method: str, path: str, json: Any = None, headers: dict[str, str] | None = None, **more: Any) -> Any:
        """Sends to a path below `/api/v1`, or to a whole path."""
        whole = path if path.startswith(("/api/", "/health", "/metrics", "/openapi", "/docs", "/redoc")) or path == "/" else API + path
        if json is not None:
            more |= {"data": jsonlib.dumps(json), "content_type": "application/json"}
        sent = {"Accept": "application/json", **self.headers, **(headers or {})}
        return self.app.test_client(use_cookies=False).open(whole, method=method, headers=sent, **more)


@dataclass
class Person(Caller):
    """Somebody with an account, signed in for tokens; `browser()` signs in by cookie."""

    app: Any
    email: str = ""
    id: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def browser(self) -> Browser:
        browser = Browser(self.app)
        browser.sign_in(self.email)
        return browser


class Browser:
    """A client that keeps cookies and sends the CSRF token of the page with its forms."""

    HTML = "text/html,application/xhtml+xml"

    def __init__(self, app: Any) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, *, htmx: bool = False, **query: Any) -> Any:
        headers = {"Accept": self.HTML, **({"HX-Request": "true"} if htmx else {})}
        return self.client.get(path, headers=headers, query_string=query or None)

    def post(self, path: str, values: dict[str, Any] | None = None, *, token: bool = True, htmx: bool = False) -> Any:
        sent = {**(values or {}), **({"csrf_token": self.token()} if token else {})}
        headers = {"Accept": self.HTML, **({"HX-Request": "true"} if htmx else {})}
        return self.client.post(path, data=sent, headers=headers)

    def token(self) -> str:
        """A CSRF token of this session; who is signed in gets no form for it, but finds one in every page's menu."""
        texts = (self.client.get(path, headers={"Accept": self.HTML}).get_data(as_text=True) for path in ("/login", "/more"))
        text = next(each for each in texts if 'name="csrf_token"' in each)
        return text.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]

    def sign_in(self, email: str, password: str = factories.PASSWORD) -> Any:
        return self.post("/login", {"email": email, "password": password})


@dataclass
class Cast:
    """`admin`, `member` and `viewer` belong to `organization`; `stranger` administers `elsewhere`; `root` is a superuser."""

    app: Any
    organization: Any
    elsewhere: Any
    admin: Person
    member: Person
    viewer: Person
    stranger: Person
    root: Person

    def key(self, *scopes: str, site: Any = None) -> Caller:
        """A caller with a new API key of the organization, or of one of its sites."""
        body = {"name": "a key", "scopes": list(scopes), "organization_id": str(self.organization.id)}
        if site is not None:
            body |= {"site_id": str(site.id), "scopes": list(scopes or ["ingest"])}
        secret = self.admin.post("/api-keys", body).json["data"]["secret"]
        return Caller(self.app, {"X-API-Key": secret})


def gather(app: Any) -> Cast:
    with factories.writing(app):
        organization, elsewhere = factories.organization(name="Meridian"), factories.organization(name="Elsewhere")
        people = {role: factories.user(f"{role}@meridian.example", organization, role) for role in ("admin", "member", "viewer")}
        people["stranger"] = factories.user("stranger@elsewhere.example", elsewhere, "admin")
        people["root"] = factories.user("root@patchboard.example", is_superuser=True)
    named = {name: signed_in(app, user) for name, user in people.items()}
    return Cast(app, organization, elsewhere, **named)


def signed_in(app: Any, user: Any) -> Person:
    """A person with the access token of a new sign-in."""
    from webapp.accounts.identity import tokens_of

    with factories.writing(app):
        token = tokens_of(factories.sign_in(user))["access_token"]
    return Person(app, user.email, str(user.id), {"Authorization": f"Bearer {token}"})
