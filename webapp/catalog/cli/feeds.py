"""`flask --app wsgi feeds …`: brings in what the world publishes, from files or from the server."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from time import monotonic

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp.catalog.actions.advisories import import_advisories
from webapp.catalog.actions.advisory_feeds import note_import
from webapp.catalog.actions.importing import import_feeds
from webapp.catalog.actions.marks import KeptList
from webapp.catalog.values.freshness import Lasting
from webapp.catalog.verdicts.advisories import AdvisoryRecord
from webapp.kit.clock import now
from webapp.kit.db import ALL, enter_scope, unit_of_work

MOST_ERRORS = 50


@click.group()
def feeds() -> None:
    """Release feeds, advisories and lists of versions: imports what is in files."""


@feeds.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@with_appcontext
def import_path(path: Path) -> None:
    """Takes in the release feeds and advisories of a file, a folder or an archive (.tar.gz), and lets the sites follow.

    Feeds: XML as updates.drupal.org gives it, current and 7.x, and the JSON of a site's update_get_available(). Advisories: OSV
    (also one a line), drupal.org's own nodes, psa.json, and FriendsOfPHP's YAML. Lists of versions: Composer metapackages that
    conflict with them (mxr576/ddqg); each replaces the list that was had of its kind. What is none of these is named and left out;
    the command fails only where nothing at all could be read.
    """
    began, counts, verdicts, errors = monotonic(), Counter[str](), 0, 0
    records: list[AdvisoryRecord] = []
    lists: list[tuple[str, KeptList]] = []
    lasting = Lasting(stale_after=timedelta(hours=current_app.config["FEEDS_STALE_HOURS"]))
    enter_scope(ALL)
    for file in import_feeds(path, now(), lasting):
        records += file.advisories
        lists += [(file.name, file.marks)] if file.marks else []
        for problem in file.problems:
            click.echo(f"{file.name}: {problem}", err=True)
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
    if records:
        began = monotonic()
        with unit_of_work(ALL):
            done = import_advisories(records, now())
            note_import(now(), lasting)
        click.echo(f"{len(records)} advisories: {done.added} added, {done.changed} changed, {done.unchanged} unchanged, in"
                   f" {monotonic() - began:.1f} s. A worker sets the clocks.")
    for name, marks in lists:
        click.echo(f"{name}: marks versions of {marks.projects} projects, of {marks.gone} no longer; {marks.versions} of versions on sites"
                   " are marked otherwise than before.")
    if not counts.total() and not records and not lists:
        raise click.ClickException("There was no release feed, no advisory and no list of versions to read.")
