"""`POST /api/v1/graphql`: the lists of the API in one question, read-only, within what the caller may see.

The schema and the library behind it are loaded when somebody asks for the first time: that takes half a second and 26 MB,
which a server whose API is spoken in REST only never spends.
"""

from __future__ import annotations

from typing import Any

from flask import Response

from webapp.kit.errors import Invalid
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.answers import json_answer
from webapp.kit.web.bodies import read_body
from webapp.kit.web.doors import Doors
from webapp.ops.schemas.graph import GRAPHQL, GraphQuery

graph_api = Doors("ops_graph", __name__, tag="GraphQL")


@graph_api.post("/graphql", needs=Permission.SITE_READ, idempotent=False, extra=GRAPHQL)
def ask_graph(actor: Actor) -> Response:
    """Sites, modules, patch runs and updates in one question; docs/graphql.md has the schema's rules and examples."""
    from webapp.ops.api.graph.asking import answer_to  # the library is loaded when it is needed

    given = read_body()
    if not isinstance(given, dict):
        raise Invalid("Send an object with `query`, and `variables` where it has any.")
    asked: dict[str, Any] = GraphQuery().load(given)
    body, status = answer_to(actor, asked["query"], asked.get("variables"), asked.get("operation_name"))
    answer = json_answer(body, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


__all__ = ["graph_api"]
