"""`flask --app wsgi create-superuser`: the first account of a new server, and further ones that may do everything."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext
from marshmallow import ValidationError

from webapp.accounts.actions.people import create_user
from webapp.accounts.schemas import UserInput
from webapp.accounts.values import new_password
from webapp.kit.clock import now
from webapp.kit.db import ALL, unit_of_work
from webapp.kit.errors import PatchboardError
from webapp.kit.permissions import Actor

OPERATOR = Actor(kind="system", label="create-superuser", is_superuser=True)


@click.command("create-superuser")
@click.option("--email", help="The address to sign in with; asked for when it is missing.")
@click.option("--name", default="", help="What the person is called.")
@click.option("--password-stdin", is_flag=True, help="Reads the password from standard input.")
@with_appcontext
def create_superuser(email: str | None, name: str, password_stdin: bool) -> None:
    """Makes an account that may do everything.

    The password is asked for; where nobody can answer, or the answer is empty, one is made and printed this once.
    """
    email = email or click.prompt("E-mail address")
    given = _password(password_stdin)
    password = given or new_password()
    try:
        body = UserInput().load({"email": email, "full_name": name, "password": password, "is_superuser": True})
        with unit_of_work(ALL):
            create_user(OPERATOR, body, now())
    except ValidationError as problem:
        raise click.ClickException(" ".join(_sentences(problem))) from None
    except PatchboardError as problem:
        raise click.ClickException(problem.message) from None
    click.echo(f"{email} may do everything now.")
    if not given:
        click.echo(f"Password, shown this once: {password}")


def _password(from_stdin: bool) -> str:
    """The password as given; empty where one is to be made."""
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise click.ClickException("There is no password on standard input.")
        return given
    if not sys.stdin.isatty():
        return ""
    words = "Password (leave it empty to have one made)"
    return str(click.prompt(words, hide_input=True, default="", show_default=False, confirmation_prompt="Once more"))


def _sentences(problem: ValidationError) -> list[str]:
    """What is wrong, a sentence a field."""
    messages = problem.messages if isinstance(problem.messages, dict) else {"": problem.messages}
    return [f"{name}: {' '.join(each)}" for name, each in messages.items()]
