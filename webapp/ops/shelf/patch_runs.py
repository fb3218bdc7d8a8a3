"""Patch runs, by their commit. Who did them and what they noted is what the list of runs filters by."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal

from webapp.fleet.models import Site
from webapp.kit.permissions import Actor
from webapp.ops.queries.search import hits
from webapp.ops.shelf import register
from webapp.ops.values import Kind, Words
from webapp.patching.models import PatchRun
from webapp.patching.policy import visible_runs

COMMIT = re.compile(r"^[0-9a-f]{4,64}\Z")
PAST_ANY_DIGIT = "g"


def find(actor: Actor, words: Words) -> Select[Any]:
    day = func.to_char(func.timezone("UTC", PatchRun.started_at), "YYYY-MM-DD")
    return hits(visible_runs(actor), words, kind="patch_run", key=PatchRun.id, page="/patch-runs",
                title=literal("Patch run of ").concat(Site.name), where=_has_commit(words.text.lower()),
                subtitle=func.concat_ws(" · ", day, func.nullif(PatchRun.operator, ""), func.left(PatchRun.commit_sha, 10)))


def _has_commit(text: str) -> ColumnElement[bool]:
    """Whether the commit begins so, as a range: unlike LIKE, comparing is allowed to use an index behind a wall."""
    if not COMMIT.match(text):
        return false()
    return and_(PatchRun.commit_sha >= text, PatchRun.commit_sha < text + PAST_ANY_DIGIT)


register(Kind("patch_run", "Patch run", "Patch runs", "refresh", find))
