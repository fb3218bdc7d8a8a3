"""Signing in and out by browser, which organization the pages are about, and the menu of narrow screens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, session
from flask_login import login_user, logout_user

from webapp.accounts.actions.signing import open_sign_in, sign_out
from webapp.accounts.identity import BrowserSession, first_step, proven_person, remember_first_step, second_step
from webapp.accounts.models import SignIn
from webapp.accounts.pages.doors import pages
from webapp.accounts.queries import get_organization
from webapp.accounts.schemas import CodeInput, LoginInput
from webapp.kit.clock import now
from webapp.kit.errors import NotAuthenticated, NotFound, PatchboardError, PermissionDenied, RateLimited
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
    return page("accounts/login.html", form=form or Form(), next=_next(), notice=notice, reset_url="/password/forgot")


@pages.post("/login", needs=P.PUBLIC, takes=LoginInput, again=log_in_form)
def log_in(actor: Actor, body: dict[str, Any]) -> Response:
    """Signs in, or asks for the code of the second factor; what is wrong is said without saying which."""
    try:
        user = proven_person(actor, body)
        if user.two_factor_at is not None:
            remember_first_step(user, remember=body["remember"], next=_next())
            return go_to("/login/code")
        opened = open_sign_in(actor, user, "browser", now())
    except (NotAuthenticated, PermissionDenied, RateLimited) as problem:
        form = Form({"email": request.form.get("email", ""), "remember": request.form.get("remember")}, {}, _summary(problem))
        return _refused(log_in_form.call(actor, form=form), problem)
    return _signed_in(opened, body["remember"], _next())


@pages.get("/login/code", needs=P.PUBLIC)
def code_form(actor: Actor, form: Form | None = None) -> Response:
    """The second step, for who has just given their password in this browser."""
    if first_step() is None:
        return go_to("/login")
    return page("accounts/login_code.html", form=form or Form())


@pages.post("/login/code", needs=P.PUBLIC, takes=CodeInput, again=code_form)
def give_code(actor: Actor, body: dict[str, Any]) -> Response:
    """Signs in by a code of the second factor, or a recovery code."""
    proven = first_step()
    if proven is None:
        return go_to("/login")
    user, kept = proven
    try:
        opened = second_step(actor, user, body["otp"], "browser")
    except (NotAuthenticated, RateLimited) as problem:
        return _refused(code_form.call(actor, form=Form({}, {}, _summary(problem))), problem)
    return _signed_in(opened, bool(kept["remember"]), kept["next"])


def _signed_in(opened: SignIn, remember: bool, address: str) -> Response:
    """The cookies of a new sign-in, with nothing left of the session before it."""
    session.clear()
    session.permanent = True
    login_user(BrowserSession(opened.id), remember=remember)
    return go_to(safe_next(address))


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


def _summary(problem: PatchboardError) -> str:
    if not isinstance(problem, RateLimited):
        return problem.message
    wait = duration(int(problem.headers.get("Retry-After", 60)))
    return f"Too many tries. Wait a little: in {wait} at most it works again."


def _refused(answer: Response, problem: PatchboardError) -> Response:
    """The form again, with the status of the refusal."""
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
