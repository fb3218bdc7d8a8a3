"""What a search takes, and what it finds."""

from __future__ import annotations

from marshmallow import fields

from webapp.kit.web.fields import Choices, ListQuery, Output, Query, Text, said
from webapp.ops.shelf import KINDS

KIND = said("Only these kinds of things.")


def page_of(hit: object) -> str:
    """The page of a hit; people are members there."""
    path: str = hit.path  # type: ignore[attr-defined]
    return path.replace("/users/", "/members/", 1) if path.startswith("/users/") else path


class SearchQuery(ListQuery):
    sortable = ("score", "kind", "title")

    q = Text(most=200, least=1, required=True, metadata=said("What to search for: words, or the id of something."),
             error_messages={"required": "Say what to search for."})
    kind = Choices(KINDS, metadata=KIND)

    @classmethod
    def filters(cls) -> list[str]:
        return [name for name in super().filters() if name != "include_deleted"]


class SearchPageQuery(Query):
    """The same for the page, which asks what to search for."""

    q = Text(most=200)
    kind = Choices(KINDS)
    page = fields.Integer()


class HitSchema(Output):
    kind = fields.String(metadata={"enum": list(KINDS)})
    id = fields.UUID()
    title = fields.String()
    subtitle = fields.String(allow_none=True)
    url = fields.Function(lambda hit: f"/api/v1{hit.path}", metadata={"type": "string", "description": "The same as JSON."})
    path = fields.Function(page_of, metadata={"type": "string", "description": "The page of it."})
    score = fields.Float(metadata=said("From 0 to 1: how well it fits."))
