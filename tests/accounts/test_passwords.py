"""Which passwords will do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import factories
from webapp.accounts.values import new_password, password_problem

EMAIL = "ada.lovelace@patchboard.example"


@pytest.mark.parametrize("password", ["short", "eleven-char",
                                      "password1234", "123456789012", "qwertyuiop12", "aaaaaaaaaaaa", "Welcome2026!!",
                                      "Admin-admin-1234", "ababababcdcdcd", "ada.lovelace", "ADA.LOVELACE-1815", EMAIL,
                                      "football1234!", "JustinBieber", "leavemealone99", "dragonmonkey12", "shadowshadow", "Sojdlg123aljg", "ä" * 37, "x" * 73])
def test_these_will_not_do(password):
    assert password_problem(password, EMAIL)


@pytest.mark.parametrize("password", ["lantern-orbit-74-quartz", "correct horse battery", "тринадцать слов", "twelve chars",
                                      "football by moonlight", "dragon monkey 12 kite"])
def test_these_will_do(password):
    assert password_problem(password, EMAIL) is None


def test_what_is_made_will_do():
    assert [password_problem(new_password(), EMAIL) for _ in range(50)] == [None] * 50


def test_the_list_is_read_when_it_is_first_needed_and_without_the_rest_of_its_package():
    code = ("import sys; from webapp.accounts import values; assert values.leaked_words.cache_info().currsize == 0;"
            "assert values.is_leaked('football1234'); assert not any(name.startswith('zxcvbn') for name in sys.modules);"
            "assert 20_000 < len(values.leaked_words()) < 40_000")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_new_password_is_another_one(cast):
    same = {"current_password": factories.PASSWORD, "new_password": factories.PASSWORD}
    answer = cast.member.post("/auth/password", same)
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "new_password")
    assert cast.member.post("/auth/password", {**same, "current_password": "not-mine-at-all"}).json["details"][0]["field"] == "current_password"
    assert cast.root.get("/audit-logs", action="password.changed").json["meta"]["total"] == 0
