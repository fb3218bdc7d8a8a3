"""`/profile`: the own account, its password and where it is signed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.accounts import queries
from webapp.accounts.actions import passwords, people, signing
from webapp.accounts.identity import failures_counted
from webapp.accounts.pages.doors import pages
from webapp.accounts.schemas import OwnAccountInput, PasswordChange
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import go, page

P = Permission


@pages.get("/profile", needs=P.OWN_ACCOUNT)
def show_profile(actor: Actor, form: Form | None = None) -> Response:
    """The own account."""
    sign_ins = queries.find_sign_ins(actor, {}, now()).all()
    return page("accounts/profile.html", form=form or Form(), user=queries.get_self(actor), sign_ins=sign_ins)


@pages.post("/profile", needs=P.OWN_ACCOUNT, takes=OwnAccountInput, again=show_profile)
def change_profile(actor: Actor, body: dict[str, Any]) -> Response:
    """Changes the own name or address."""
    people.change_own_account(actor, queries.get_self(actor), body, now())
    return go("accounts_pages.show_profile", say="Your account is saved.")


@pages.post("/profile/password", needs=P.OWN_ACCOUNT, takes=PasswordChange, again=show_profile)
def change_password(actor: Actor, body: dict[str, Any]) -> Response:
    """Changes the own password and ends all other sign-ins."""
    with failures_counted(actor.label):
        passwords.change_password(actor, queries.get_self(actor), body["current_password"], body["new_password"], now())
    return go("accounts_pages.show_profile", say="Your password is changed, and you are signed out everywhere else.")


@pages.post("/profile/sign-ins/<uuid:sign_in_id>/end", needs=P.OWN_ACCOUNT)
def end_sign_in(actor: Actor, sign_in_id: UUID) -> Response:
    """Ends one of the own sign-ins."""
    signing.end_sign_in(actor, sign_in_id, now())
    return go("accounts_pages.show_profile", say="That sign-in is ended.")


@pages.post("/profile/sign-out-elsewhere", needs=P.OWN_ACCOUNT)
def sign_out_elsewhere(actor: Actor) -> Response:
    """Ends all own sign-ins but this one."""
    signing.sign_out_elsewhere(actor, now())
    return go("accounts_pages.show_profile", say="You are signed out everywhere else.")
