"""`/api/v1/search`: everything by a word."""

from __future__ import annotations

from typing import Any

from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors
from webapp.ops.queries.search import find_hits
from webapp.ops.schemas.search import HitSchema, SearchQuery
from webapp.ops.shelf import KINDS

search_api = Doors("ops_search", __name__, tag="Search")


@search_api.get("/search", needs=Permission.SITE_READ, query=SearchQuery, gives=HitSchema(), lists=True)
def search(actor: Actor, query: dict[str, Any]) -> Listing:
    """What is called, or says, something like `q`, of everything that you may see: best first, over all kinds."""
    return find_hits(actor, query["q"], {name: kind for name, kind in KINDS.items() if name in query.get("kind", KINDS)})
