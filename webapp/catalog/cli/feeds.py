"""`flask --app wsgi feeds …`: brings in what the world publishes, from files or from the server."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from time import monotonic

import click
from flask.cli import with_appcontext

from webapp.catalog.actions.importing import import_feeds
from webapp.kit.clock import now
from webapp.kit.db import ALL, enter_scope

MOST_ERRORS = 50


@click.group()
def feeds() -> None:
    """Release feeds: imports what is in files."""


@feeds.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@with_appcontext
def import_path(path: Path) -> None:
    """Takes in the release feeds of a file, a folder or an archive (.tar.gz), and lets the sites follow.

    XML as updates.drupal.org gives it, current and 7.x, and the JSON of a site's update_get_available(). What is no feed is
    named and left out; the command fails only where nothing at all could be read.
    """
    began, counts, verdicts, errors = monotonic(), Counter[str](), 0, 0
    enter_scope(ALL)
    for file in import_feeds(path, now()):
        for kept in file.kept:
            counts[kept.outcome] += 1
            verdicts += kept.verdicts
        if file.error:
            errors += 1
            if errors <= MOST_ERRORS:
                click.echo(f"{file.name}: {file.error}", err=True)
    if errors > MOST_ERRORS:
        click.echo(f"… and {errors - MOST_ERRORS} more.", err=True)
    told = ", ".join(f"{counts[each]} {each}" for each in ("added", "changed", "unchanged"))
    click.echo(f"{counts.total()} feeds: {told}; {verdicts} verdicts changed; {errors} files not read, in {monotonic() - began:.1f} s.")
    if not counts.total():
        raise click.ClickException("There was no release feed to read.")
