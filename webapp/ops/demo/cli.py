"""`flask --app wsgi demo`: loads the invented fleet, or real histories from a directory."""

from __future__ import annotations

import time
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp.kit.clock import now
from webapp.kit.db import ALL, enter_scope, unit_of_work
from webapp.kit.local.processes import write_private
from webapp.ops.demo import fleet
from webapp.ops.demo.feeds import make_feeds
from webapp.ops.demo.findings import make_findings
from webapp.ops.demo.histories import read_histories
from webapp.ops.demo.releases import read_projects
from webapp.ops.demo.replay import replay
from webapp.ops.demo.tasks import make_tasks

LOGINS = "demo-logins.txt"


@click.command("demo")
@click.option("--seed", default=1, show_default=True, help="Another number makes another fleet, the same one the same.")
@click.option("--sites", default=60, show_default=True, type=click.IntRange(1, 5000), help="How many sites.")
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Load real histories from this directory instead: fleet-history.jsonl.gz and composer-locks/.",
)
@click.option("--organization", help="With --from: put all sites into this organization, not one for each owner.")
@click.option("--owner", help="With --from: only the repositories of this owner.")
@with_appcontext
def demo(seed: int, sites: int, folder: Path | None, organization: str | None, owner: str | None) -> None:
    """Loads a fleet to look at: invented sites with 18 months of history, or real ones from a directory."""
    if folder is None:
        if organization or owner:
            raise click.UsageError("--organization and --owner go with --from.")
        invent(seed, sites)
    else:
        load(folder, organization, owner)


def invent(seed: int, sites: int) -> None:
    """Makes the invented fleet; one that is there stays as it is, one that was interrupted is made whole."""
    began, today = time.monotonic(), now().replace(microsecond=0)
    server_key = current_app.config["SECRET_KEY"]
    with unit_of_work(ALL):
        wanted = fleet.missing(sites, seed, today)
        if fleet.has_begun():
            if not wanted or not fleet.is_open():
                click.echo("The demo fleet is here already, and stays as it is. For another one, use an empty database.")
                return
            click.echo("The demo fleet is here in part; the missing sites are added.")
        else:
            tell_logins(fleet.make_accounts(server_key, today))
    fleet.make_deliveries(seed, today)
    click.echo(f"Eighteen weeks of deliveries, {time.monotonic() - began:.0f} s.")
    for number, kind in enumerate(fleet.make_sites(wanted, seed, server_key, today), 1):
        if number % 10 == 0 or number == len(wanted):
            click.echo(f"{number} of {len(wanted)} sites, {time.monotonic() - began:.0f} s: {kind.name}")
    projects = read_projects(today)
    kept = make_feeds(projects, today)
    click.echo(f"{len(kept)} release feeds, {time.monotonic() - began:.0f} s.")
    settled = make_findings(projects, today)
    click.echo(f"{settled.opened} findings are open, {time.monotonic() - began:.0f} s.")
    make_tasks(today)


def tell_logins(logins: list[tuple[str, str, str]]) -> None:
    """Prints who can sign in, and keeps it in a file that only this account may read; nobody can find out later."""
    width, most = max(len(email) for email, _, _ in logins), max(len(password) for _, password, _ in logins)
    text = "".join(f"{email:<{width}}  {password:<{most}}  {who}\n" for email, password, who in logins)
    click.echo(text, nl=False)
    path = Path(current_app.instance_path) / LOGINS
    try:
        write_private(path, text)
    except OSError as problem:
        click.echo(f"These could not be written to instance/{LOGINS} ({problem.strerror}): keep them now.", err=True)


def load(folder: Path, organization: str | None, owner: str | None) -> None:
    """Replays real histories and says what came of each; fails where a last lock finds something else installed."""
    began, wrong, reports, changes = time.monotonic(), 0, 0, 0
    enter_scope(ALL)
    try:
        for done in replay(read_histories(folder, owner), now(), organization):
            reports, changes, wrong = reports + done.reports, changes + done.changes, wrong + (not done.is_exact)
            click.echo(done.summary)
    except FileNotFoundError as problem:
        raise click.ClickException(f"There is no {problem.filename}.") from None
    click.echo(f"{reports} states with {changes} changes in {time.monotonic() - began:.0f} s.")
    if wrong:
        raise click.ClickException(f"At {wrong} sites the last lock did not find what the history had led to.")
