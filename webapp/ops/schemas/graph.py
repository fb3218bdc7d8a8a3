"""What comes in at `/graphql`, and how the document shows it; the graph itself describes itself (introspection)."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from webapp.kit.web.fields import Input, said

QUERY_CHARACTERS = 10_000


class GraphQuery(Input):
    query = fields.String(required=True, validate=validate.Length(1, QUERY_CHARACTERS), metadata=said("A GraphQL document; queries only."))
    variables: Any = fields.Dict(keys=fields.String(), allow_none=True, metadata=said("Values of the variables that the query names."))
    operation_name = fields.String(data_key="operationName", allow_none=True, metadata=said("Which query, where the document has several."))
    extensions: Any = fields.Dict(allow_none=True, metadata=said("Taken, as clients send it, and not read."))


OBJECTS = {"type": "array", "items": {"type": "object"}}
CODED = {"type": "object", "properties": {"code": {"type": "string"}, "details": OBJECTS}}
ERROR = {"type": "object", "required": ["message"], "properties": {
    "message": {"type": "string"}, "path": {"type": "array", "items": {}}, "locations": OBJECTS, "extensions": CODED}}
ANSWER = {"type": "object", "properties": {"data": {"type": ["object", "null"]}, "errors": {"type": "array", "items": ERROR}}}
QUESTION = "{ sites(first: 2, status: [\"vulnerable\"]) { total nodes { name status organization { name } } } }"
TOLD = {"data": {"sites": {"total": 1, "nodes": [{"name": "Town hall", "status": "vulnerable", "organization": {"name": "Meridian"}}]}}}
REFUSED = {"errors": [{"message": "Cannot query field 'colour' on type 'Site'.", "locations": [{"line": 1, "column": 19}],
                       "extensions": {"code": "invalid_query"}}]}
GRAPHQL = {
    "request_schema": GraphQuery,
    "examples": {"worst": {"summary": "The worst sites", "value": {"query": QUESTION}}},
    "responses": {
        "200": {"description": "The answer; `errors` says what of it could not be found out.",
                "content": {"application/json": {"schema": ANSWER, "example": TOLD}}},
        "400": {"description": "The query cannot be asked: it is no GraphQL, names what is not there, or asks for too much at once.",
                "content": {"application/json": {"schema": ANSWER, "example": REFUSED}}}},
}
