"""Asking the graph: parsed and reckoned first, then answered within a time, with errors that say nothing of our insides."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    parse,
    validate,
)
from graphql.utilities import get_operation_ast
from marshmallow import ValidationError

from webapp.kit.db import DATABASE_ERROR, limit_statements, was_cancelled
from webapp.kit.errors import PatchboardError
from webapp.kit.logs import log
from webapp.kit.permissions import Actor
from webapp.kit.web.errors import invalid
from webapp.ops.api.graph.limits import TOKENS, Reckoner, refused
from webapp.ops.api.graph.schema import SCHEMA

SECONDS = 5.0
MOST_ERRORS = 20


class Asking:
    """One query on its way: who asks, and until when it may take."""

    def __init__(self, actor: Actor) -> None:
        self.actor, self.until = actor, time.monotonic() + SECONDS

    def check_time(self) -> None:
        """Raises where the time is used up, so that no further statement is sent."""
        if time.monotonic() > self.until:
            raise refused(f"The query takes longer than {SECONDS:.0f} seconds. Ask in parts.", "query_too_slow")


def answer_to(actor: Actor, query: str, variables: Mapping[str, Any] | None, name: str | None) -> tuple[dict[str, Any], int]:
    """The answer and its HTTP status: 400 where the query cannot be asked at all, else 200."""
    try:
        document = parse(query, max_tokens=TOKENS)
        operation = get_operation_ast(document, name)
        _check_kind(operation)
        wrong = validate(SCHEMA, document, max_errors=MOST_ERRORS)
        if wrong:
            return {"errors": [told(each, "invalid_query") for each in wrong]}, 400
        assert operation is not None
        Reckoner(document, variables).reckon(operation)
    except GraphQLSyntaxError as problem:
        return {"errors": [told(problem, "malformed_query")]}, 400
    except GraphQLError as problem:
        return {"errors": [told(problem, "invalid_query")]}, 400
    limit_statements(SECONDS)
    result = execute_sync(SCHEMA, document, context_value=Asking(actor), variable_values=dict(variables or {}), operation_name=name)
    assert isinstance(result, ExecutionResult)
    _raise_for_database(result.errors or ())
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [told(each, "invalid_query") for each in result.errors]
    never_begun = result.data is None and all(each.path is None for each in result.errors or ())
    if never_begun:  # the library's own words repeat the values that came in
        return {"errors": [{"message": "A variable has no value, or one that does not fit its type.",
                            "extensions": {"code": "invalid_variables"}}]}, 400
    return body, 200


def _check_kind(operation: OperationDefinitionNode | None) -> None:
    if operation is None:
        raise refused("Name one of the queries in the document (operationName).", "invalid_query")
    if operation.operation is not OperationType.QUERY:
        raise refused("This graph is read-only: it takes queries. Changes are made by the REST API.", "read_only")


def _raise_for_database(errors: Sequence[GraphQLError]) -> None:
    """A database that failed has failed for the whole answer; one that took too long is the query's fault."""
    for problem in errors:
        if isinstance(problem.original_error, DATABASE_ERROR):
            if was_cancelled(problem.original_error):
                raise PatchboardError(f"The query takes longer than {SECONDS:.0f} seconds. Ask in parts.", code="query_too_slow")
            raise problem.original_error


def told(problem: GraphQLError, code: str) -> dict[str, Any]:
    """An error as the GraphQL specification has it (7.1.2), with our codes, and with nothing of our insides."""
    said: dict[str, Any] = {"message": problem.message}
    cause = problem.original_error
    if isinstance(cause, ValidationError):
        cause = invalid(cause)
    if isinstance(cause, PatchboardError):
        said |= {"message": cause.message, "extensions": {"code": cause.code, "details": cause.details}}
    elif cause is not None and not isinstance(cause, GraphQLError):
        log().error("graph_failed", kind=type(cause).__name__, exc_info=cause)
        said |= {"message": PatchboardError.message, "extensions": {"code": PatchboardError.code}}
    else:
        said["extensions"] = {"code": code, **(problem.extensions or {})}
    if problem.locations:
        said["locations"] = [{"line": each.line, "column": each.column} for each in problem.locations]
    if problem.path:
        said["path"] = problem.path
    return said
