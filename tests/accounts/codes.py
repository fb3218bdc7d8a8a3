"""Codes of the second factor as an app on somebody's phone makes them."""

from __future__ import annotations

from typing import Any

from pyotp import TOTP

from tests import factories
from tests.cast import Caller
from webapp.accounts.values import STEP
from webapp.kit.clock import now
from webapp.kit.db import execute

EMAIL = "member@meridian.example"


def code(secret: str, steps: int = 0) -> str:
    """The code of this step of thirty seconds, or of one so many steps from it."""
    return str(TOTP(secret).generate_otp(int(now().timestamp()) // STEP + steps))


def log_in(app: Any, email: str = EMAIL, password: str = factories.PASSWORD, **more: Any) -> Any:
    return Caller(app).post("/auth/login", {"email": email, "password": password, **more})


def switched_on(person: Any) -> tuple[str, list[str]]:
    """The secret and the recovery codes of somebody's new second factor, of which the present code has not been used.

    It is switched on by that code, which may be of the step before by the time it arrives; then its step counts as the one before.
    """
    secret = person.post("/auth/2fa/setup", {"password": factories.PASSWORD}).json["data"]["secret"]
    answer = person.post("/auth/2fa/enable", {"otp": code(secret)})
    assert answer.status_code == 200, answer.json
    with factories.writing(person.app):
        execute("UPDATE second_factors SET last_step = last_step - 1 WHERE user_id = :user", user=person.id)
    return secret, answer.json["data"]["recovery_codes"]
