"""Mails about somebody's own account: each is sent once the change that it tells of is committed."""

from __future__ import annotations

from datetime import datetime

from webapp.accounts.models import User
from webapp.kit import mail

FOOT = "Was it not you? Ask whoever runs this server to suspend your account, and set a new password."


def tell(user: User, subject: str, sentence: str, at: datetime) -> None:
    """Writes to a person what happened with their account, and when."""
    moment = at.strftime("%d %B %Y, %H:%M UTC")
    mail.post(user.email, subject, f"{sentence}\n\nWhen: {moment}\nAccount: {user.email}\n\n{FOOT}\n", at)


def tell_password_changed(user: User, at: datetime) -> None:
    tell(user, "Your password was changed", "The password of your account at Patchboard was changed. All other sign-ins were ended.", at)


def tell_second_factor(user: User, switched: str, at: datetime) -> None:
    """`switched` is on, off, or "off by a superuser"."""
    tell(user, "Your second factor was changed", f"The second factor of your account at Patchboard was switched {switched}.", at)


def reset_letter(user: User, link: str, ip: str | None) -> str:
    """The words of the mail with the link to a new password; `ip` of whoever asked for it."""
    asked = f"Somebody asked for a new password for {user.email} at Patchboard{f' (from {ip})' if ip else ''}."
    return (f"{asked}\n\nSet it here within one hour; the link works once:\n\n{link}\n\n"
            "Was it not you? Then do nothing: your password stays as it is.\n")
