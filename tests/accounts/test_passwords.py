"""Which passwords will do."""

from __future__ import annotations

import pytest

from webapp.accounts.values import new_password, password_problem

EMAIL = "ada.lovelace@patchboard.example"


@pytest.mark.parametrize("password", ["short", "eleven-char",
                                      "password1234", "123456789012", "qwertyuiop12", "aaaaaaaaaaaa", "Welcome2026!!",
                                      "Admin-admin-1234", "ababababcdcdcd", "ada.lovelace", "ADA.LOVELACE-1815", EMAIL, "ä" * 37, "x" * 73])
def test_these_will_not_do(password):
    assert password_problem(password, EMAIL)


@pytest.mark.parametrize("password", ["lantern-orbit-74-quartz", "correct horse battery", "тринадцать слов", "twelve chars"])
def test_these_will_do(password):
    assert password_problem(password, EMAIL) is None


def test_what_is_made_will_do():
    assert [password_problem(new_password(), EMAIL) for _ in range(50)] == [None] * 50
