"""`flask --app wsgi import-git`: the history of a repository, as git has it."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click
from flask.cli import with_appcontext

from webapp.insights.actions.importing import import_history
from webapp.kit.clock import now
from webapp.kit.errors import PatchboardError
from webapp.kit.permissions import Actor

GIT = Actor(kind="system", label="import-git")


@click.command("import-git")
@click.option("--repo", "path", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="A clone on this machine, bare or not.")
@click.option("--repository", "repository_id", required=True, type=click.UUID, help="The id of the repository here.")
@with_appcontext
def import_git(path: Path, repository_id: UUID) -> None:
    """Reads the commits of a clone: parents, lines, authors by .mailmap; only what is not known yet.

    Lines in what programs write (vendor/, lock files, Drupal's core) are left out, and those of merges are nobody's.
    """
    try:
        receipt = import_history(GIT, repository_id, path, now())
    except PatchboardError as problem:
        raise click.ClickException(problem.message) from None
    click.echo(f"{receipt.received} commits read: {receipt.added} new, {receipt.changed} known better now.")
