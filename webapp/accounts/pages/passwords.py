"""`/password/forgot` and `/password/new`: a new password by mail, for who has lost theirs."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request

from webapp.accounts.actions import passwords
from webapp.accounts.identity import ask_for_reset, may_try_reset
from webapp.accounts.pages.doors import pages
from webapp.accounts.schemas import ResetInput, ResetRequest
from webapp.kit import mail
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import page

P = Permission


@pages.get("/password/forgot", needs=P.PUBLIC)
def forgot_form(actor: Actor, form: Form | None = None) -> Response:
    """Asks for the address that the link goes to; where this server sends no mail, says who can help."""
    return page("accounts/password_forgot.html", form=form or Form(), sends_mail=mail.sends_mail())


@pages.post("/password/forgot", needs=P.PUBLIC, takes=ResetRequest, again=forgot_form)
def ask_for_link(actor: Actor, body: dict[str, Any]) -> Response:
    """Says the same whether there is such an account or not."""
    sent = ask_for_reset(actor, body["email"])
    return page("accounts/password_asked.html", email=body["email"]) if sent else forgot_form.call(actor)


@pages.get("/password/new", needs=P.PUBLIC)
def new_password_form(actor: Actor, form: Form | None = None) -> Response:
    """The page that the mailed link leads to."""
    token = request.form.get("token") or request.args.get("token", "")
    return page("accounts/password_new.html", form=form or Form(), token=token)


@pages.post("/password/new", needs=P.PUBLIC, takes=ResetInput, again=new_password_form)
def set_new_password(actor: Actor, body: dict[str, Any]) -> Response:
    """Sets the new password; all sign-ins end, and the next one is with it."""
    may_try_reset(actor)
    passwords.reset_password(actor, body["token"], body["new_password"], current_app.config["SECRET_KEY"], now())
    return page("accounts/password_set.html")
