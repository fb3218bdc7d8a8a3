"""A client of updates.drupal.org, which gives the release feed of a project."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

from webapp.catalog.feeds.guest import Answer, FetchFailed, Guest, Manners, Wish, conditions
from webapp.catalog.feeds.release_history import LARGEST, is_short_name


class UpdatesClient:
    """One connection to the server of release feeds; to be closed."""

    def __init__(self, base: str, manners: Manners, sleep: Callable[[float], None] = time.sleep) -> None:
        self.guest = Guest(base, manners, sleep)

    def fetch(self, project: str, line: str, etag: str | None = None, last_modified: str | None = None) -> Answer:
        """The feed of a project; raises FetchFailed."""
        if not is_short_name(project):
            raise FetchFailed("The project's name is none that Drupal.org gives.")
        path = f"/{quote(project, safe='')}/{quote(line, safe='')}"
        return self.guest.ask(Wish(path, {"Accept": "text/xml", **conditions(etag, last_modified)}, LARGEST))

    def close(self) -> None:
        self.guest.close()
