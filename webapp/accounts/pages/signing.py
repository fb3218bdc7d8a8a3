"""Signing in and out by browser, which organization the pages are about, and the menu of narrow screens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, session
from flask_login import login_user, logout_user

from webapp.accounts.actions.signing import sign_out
from webapp.accounts.identity import BrowserSession, guarded_sign_in
from webapp.accounts.pages.doors import pages
from webapp.accounts.queries import get_organization
from webapp.accounts.schemas import LoginInput
from webapp.kit.clock import now
from webapp.kit.errors import NotAuthenticated, NotFound, PatchboardError, RateLimited
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.formatting import duration
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import CHOSEN, go_to, page, safe_next

P = Permission


@pages.get("/login", needs=P.PUBLIC)
def log_in_form(actor: Actor, form: Form | None = None) -> Response:
    """The way in."""
    if actor.is_person and form is None:
        return go_to(safe_next(request.args.get("next")))
    notice = None if form else _forget_ended()
    return page("accounts/login.html", form=form or Form(), next=_next(), notice=notice)


@pages.post("/login", needs=P.PUBLIC, takes=LoginInput, again=log_in_form)
def log_in(actor: Actor, body: dict[str, Any]) -> Response:
    """Signs in; what is wrong is said without saying which."""
    try:
        _, opened = guarded_sign_in(actor, body, "browser")
    except (NotAuthenticated, RateLimited) as problem:
        return _refused(actor, problem)
    session.clear()
    session.permanent = True
    login_user(BrowserSession(opened.id), remember=body["remember"])
    return go_to(safe_next(_next()))


@pages.post("/logout", needs=P.OWN_ACCOUNT)
def log_out(actor: Actor) -> Response:
    """Ends the sign-in, and takes every cookie of it away."""
    sign_out(actor, now())
    session.clear()
    logout_user()
    return go_to("/login")


@pages.post("/organizations/current", needs=P.OWN_ACCOUNT)
def choose_organization(actor: Actor) -> Response:
    """Says which organization the pages are about from now on; an empty one, or `all`, for all of them."""
    given = request.form.get("organization_id", "")
    session.pop(CHOSEN, None)
    if given not in ("", "all"):
        session[CHOSEN] = str(get_organization(actor, _id(given)).id)
    return go_to(safe_next(_next()))


@pages.get("/more", needs=P.OWN_ACCOUNT)
def show_more(actor: Actor) -> Response:
    """Everything that the bar at the foot of a narrow screen has no room for."""
    return page("accounts/more.html")


def _next() -> str:
    """Where to go afterwards, if that is a page of this server."""
    given = request.form.get("next") or request.args.get("next") or ""
    return given if safe_next(given) == given else ""


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound() from None


def _refused(actor: Actor, problem: PatchboardError) -> Response:
    """The form again, with the status of the refusal and the address as it was typed."""
    summary = problem.message
    if isinstance(problem, RateLimited):
        wait = duration(int(problem.headers.get("Retry-After", 60)))
        summary = f"Too many tries. Wait a little: in {wait} at most it works again."
    form = Form({"email": request.form.get("email", ""), "remember": request.form.get("remember")}, {}, summary)
    answer: Response = log_in_form.call(actor, form=form)
    answer.status_code = problem.status
    answer.headers.update({name: text for name, text in problem.headers.items() if name == "Retry-After"})
    return answer


def _forget_ended() -> str | None:
    """Drops the cookies of a sign-in that has ended, and says that it has."""
    if "_user_id" not in session:
        return None
    session.clear()
    logout_user()
    return "You were signed out. Sign in to go on."
