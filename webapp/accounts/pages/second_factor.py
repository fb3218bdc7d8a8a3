"""`/profile/two-factor`: setting the second factor up, switching it on and off, and its recovery codes."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import segno
from flask import Response, current_app

from webapp.accounts import queries
from webapp.accounts.actions import second_factor
from webapp.accounts.identity import failures_counted
from webapp.accounts.pages.doors import pages
from webapp.accounts.schemas import CodeInput, PasswordProof, ProofInput
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import go, page

P = Permission
HERE = "accounts_pages.show_second_factor"
BORDER = 4
DARK = re.compile(rb"\x01+")


@pages.get("/profile/two-factor", needs=P.OWN_ACCOUNT)
def show_second_factor(actor: Actor, form: Form | None = None) -> Response:
    """The second factor: on since when, or how it is switched on; with a QR code once it is set up."""
    user = queries.get_self(actor)
    pending = second_factor.pending(user)
    qr = qr_code(pending.otpauth_uri) if pending else None
    return page("accounts/two_factor.html", form=form or Form(), user=user, pending=pending, qr=qr,
                codes_left=queries.recovery_codes_left(user))


@pages.post("/profile/two-factor/setup", needs=P.OWN_ACCOUNT, takes=PasswordProof, again=show_second_factor)
def set_up(actor: Actor, body: dict[str, Any]) -> Response:
    """Makes a secret for an app, for who gives their password again."""
    with failures_counted(actor.label):
        second_factor.set_up(actor, queries.get_self(actor), body["password"], now())
    return go(HERE)


@pages.post("/profile/two-factor/enable", needs=P.OWN_ACCOUNT, takes=CodeInput, again=show_second_factor)
def enable(actor: Actor, body: dict[str, Any]) -> Response:
    """Switches the second factor on, and shows the recovery codes this once."""
    codes = second_factor.enable(actor, queries.get_self(actor), body["otp"], current_app.config["SECRET_KEY"], now())
    return page("accounts/recovery_codes.html", codes=codes, fresh=True)


@pages.post("/profile/two-factor/recovery-codes", needs=P.OWN_ACCOUNT, takes=ProofInput, again=show_second_factor)
def renew_codes(actor: Actor, body: dict[str, Any]) -> Response:
    """Ten new recovery codes, shown this once."""
    with failures_counted(actor.label):
        codes = second_factor.renew_recovery_codes(actor, queries.get_self(actor), body, current_app.config["SECRET_KEY"], now())
    return page("accounts/recovery_codes.html", codes=codes, fresh=False)


@pages.post("/profile/two-factor/disable", needs=P.OWN_ACCOUNT, takes=ProofInput, again=show_second_factor)
def disable(actor: Actor, body: dict[str, Any]) -> Response:
    """Switches the second factor off."""
    with failures_counted(actor.label):
        second_factor.disable(actor, queries.get_self(actor), body, current_app.config["SECRET_KEY"], now())
    return go(HERE, say="Your second factor is off.")


class QrCode(NamedTuple):
    """A QR code as a template draws it: `size` squares each way, the white border of four among them, and the `path` of the dark ones."""

    size: int
    path: str


def qr_code(text: str) -> QrCode:
    """The text as a QR code (ISO/IEC 18004) that survives fifteen per cent of damage; a run of dark squares is one rectangle."""
    rows = [bytes(row) for row in segno.make(text, error="m").matrix]
    runs = [f"M{run.start() + BORDER} {y + BORDER}h{len(run[0])}v1h-{len(run[0])}z"
            for y, row in enumerate(rows) for run in DARK.finditer(row)]
    return QrCode(len(rows) + 2 * BORDER, "".join(runs))
