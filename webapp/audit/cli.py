"""`flask --app wsgi verify-audit`: is the audit log as it was written?"""

from __future__ import annotations

import sys
from typing import Any

import click
from flask.cli import with_appcontext

from webapp.audit.actions import note_check
from webapp.audit.queries import verify
from webapp.audit.values import Head, Verdict
from webapp.kit.clock import now, stamp
from webapp.kit.db import ALL, enter_scope, rollback, unit_of_work
from webapp.kit.keys import audit_keys


class HeadType(click.ParamType):  # type: ignore[type-arg]
    """`POSITION:HASH`, as a check prints it."""

    name = "head"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Head:
        if isinstance(value, Head):
            return value
        try:
            return Head.read(value)
        except ValueError:
            self.fail("This is no head: give it as the command printed it, POSITION:HASH.", param, ctx)


@click.command("verify-audit")
@click.option("--head", type=HeadType(), help="A head that was printed before and kept elsewhere: the chain must still hold it.")
@click.option("--keep/--no-keep", default=True, show_default=True, help="Whether the result is kept, to be shown and to bind later checks.")
@with_appcontext
def verify_audit(head: Head | None, keep: bool) -> None:
    """Computes the chain of the audit log again, row by row; ends with 1 and names the first row that is not as it was."""
    enter_scope(ALL)
    found = verify(audit_keys(), head)
    rollback()
    if keep:
        with unit_of_work(ALL):
            note_check(found, now())
    tell(found)
    if not found.is_whole:
        sys.exit(1)


def tell(found: Verdict) -> None:
    """Prints what was found, and the head to be kept elsewhere."""
    sealed, waiting = f"{found.head.position:,}", f"{found.unsealed:,}"
    click.echo(f"{sealed} rows are sealed, up to {stamp(found.sealed_at)}." if found.sealed_at else "No row is sealed yet.")
    click.echo(f"{waiting} rows are not sealed yet." if found.unsealed != 1 else "1 row is not sealed yet.")
    if found.is_whole:
        click.echo("The log is whole.")
    else:
        click.echo(f"THE LOG IS NOT WHOLE: {found.findings:,} {'finding' if found.findings == 1 else 'findings'}. The first:", err=True)
        click.echo(str(found.first), err=True)
    click.echo(f"head {found.head}")
