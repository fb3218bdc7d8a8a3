"""How much one query may ask for, reckoned before anything is looked up: depth and cost (docs/graphql.md has the numbers).

Every field costs one, each time it is asked for: aliases and fragments are counted where they stand, as often as they stand.
What is below a list counts as often as the list is long at most (`first`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

DEPTH = 10
DEPTH_OF_SCHEMA = 16
"""Introspection as tools send it asks for types of types of types."""
COST = 20_000
TOKENS = 2_000
FIRST, MOST = 50, 200
LISTS = frozenset({"sites", "organizations", "modules", "installations", "patchRuns", "moduleUpdates"})
BELOW = {"updates": 20, "advisories": 5}
"""Lists without `first`, with what they usually have."""


class Reckoner:
    """The depth and cost of one operation; fragments have no cycles by then, the standard rules refuse them."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any] | None) -> None:
        self.variables = variables or {}
        self.fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
        self.cost = 0

    def reckon(self, operation: OperationDefinitionNode) -> int:
        """The cost; GraphQLError as soon as it is too much, or too deep."""
        self._enter(operation.selection_set, 1, 1, inside_schema=False)
        return self.cost

    def _enter(self, selection: SelectionSetNode | None, depth: int, times: int, *, inside_schema: bool) -> None:
        for node in selection.selections if selection else ():
            if isinstance(node, FieldNode):
                self._field(node, depth, times, inside_schema=inside_schema or node.name.value in ("__schema", "__type"))
            elif isinstance(node, InlineFragmentNode):
                self._enter(node.selection_set, depth, times, inside_schema=inside_schema)
            elif isinstance(node, FragmentSpreadNode):
                self._enter(self.fragments[node.name.value].selection_set, depth, times, inside_schema=inside_schema)

    def _field(self, node: FieldNode, depth: int, times: int, *, inside_schema: bool) -> None:
        deepest = DEPTH_OF_SCHEMA if inside_schema else DEPTH
        if depth > deepest:
            raise refused(f"The query is deeper than {deepest} levels.", "query_too_deep")
        self.cost += times
        if self.cost > COST:
            raise refused(f"The query asks for more than {COST:,} fields at once. Ask for fewer rows (first), or in parts.",
                          "query_too_costly")
        self._enter(node.selection_set, depth + 1, times * self._length(node), inside_schema=inside_schema)

    def _length(self, node: FieldNode) -> int:
        """How often what stands below this field is answered at most."""
        name = node.name.value
        if name not in LISTS:
            return BELOW.get(name, 1)
        given = next((each.value for each in node.arguments or () if each.name.value == "first"), None)
        if given is None:
            return FIRST
        value: Any = MOST
        if isinstance(given, IntValueNode):
            value = int(given.value)
        elif isinstance(given, VariableNode):
            value = self.variables.get(given.name.value, MOST)
        return value if isinstance(value, int) and 0 < value <= MOST else MOST


def refused(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})
