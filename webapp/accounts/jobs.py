"""Jobs of accounts: mails that carry something which is not to lie in the database, not even until they are sent."""

from __future__ import annotations

from flask import current_app

from webapp.accounts.actions.letters import reset_letter
from webapp.accounts.actions.passwords import issue_reset
from webapp.kit import mail
from webapp.kit.clock import now
from webapp.kit.db import ALL, unit_of_work
from webapp.kit.permissions import Actor, Origin


def send_reset(attempt: int, email: str, ip: str | None, user_agent: str | None, request_id: str | None) -> None:
    """Mails a link to a new password to whom this address belongs; the token is made here, and its hash alone is kept.

    For an address of nobody it does nothing, and whoever asked has their answer already: they cannot tell.
    """
    origin = Actor(kind="anonymous", origin=Origin(ip, user_agent, request_id))
    with unit_of_work(ALL):
        issued = issue_reset(origin, email, current_app.config["SECRET_KEY"], now())
    if issued is None:
        return
    user, token = issued
    link = f"{current_app.config['PUBLIC_URL']}/password/new?token={token}"
    mail.deliver(mail.written(user.email, "A new password for Patchboard", reset_letter(user, link, ip), now()), attempt)
