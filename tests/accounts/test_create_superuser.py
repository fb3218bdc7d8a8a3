"""The command that makes the first account."""

from __future__ import annotations

import pytest

from tests import factories
from tests.cast import Browser

EMAIL = "first@patchboard.example"


@pytest.fixture
def run(app):
    return lambda *arguments, **more: app.test_cli_runner().invoke(args=["create-superuser", *arguments], **more)


def test_it_takes_the_password_from_standard_input(app, run, cast):
    done = run("--email", EMAIL, "--name", "Ada Lovelace", "--password-stdin", input=f"{factories.PASSWORD}\n")
    assert done.exit_code == 0, done.output
    assert factories.PASSWORD not in done.output
    assert Browser(app).sign_in(EMAIL).status_code == 303
    user = cast.root.get("/users", email=EMAIL).json["data"][0]
    assert (user["is_superuser"], user["full_name"]) == (True, "Ada Lovelace")


def test_it_makes_a_password_where_nobody_can_be_asked(app, run):
    done = run("--email", EMAIL)
    assert done.exit_code == 0
    password = done.output.split("shown this once: ")[1].strip()
    assert Browser(app).sign_in(EMAIL, password).status_code == 303


def test_it_asks_for_the_address(app, run):
    done = run(input=f"{EMAIL}\n")
    assert f"{EMAIL} may do everything now." in done.output


@pytest.mark.parametrize(("arguments", "given", "said"), [
    (["--email", "nobody", "--password-stdin"], "long-enough-and-more\n", "Not an e-mail address."),
    (["--email", EMAIL, "--password-stdin"], "short\n", "12 characters or more"),
    (["--email", EMAIL, "--password-stdin"], "", "no password on standard input"),
])
def test_what_will_not_do_is_said(run, arguments, given, said):
    done = run(*arguments, input=given)
    assert done.exit_code == 1
    assert said in done.output
    assert "Traceback" not in done.output


def test_an_address_is_taken_once(run):
    run("--email", EMAIL)
    done = run("--email", EMAIL.upper())
    assert done.exit_code == 1
    assert "There is an account with this address." in done.output
