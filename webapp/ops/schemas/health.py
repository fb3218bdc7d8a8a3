"""What the doors at the root answer, for the OpenAPI document; they have no envelope."""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string"}
TIME = {"type": "string", "format": "date-time"}
DEPENDENCY = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"type": "string", "enum": ["up", "degraded", "down"]},
        "latency_ms": {"type": "number", "minimum": 0},
        "reason": TEXT,
    },
}


def answer(description: str, required: dict[str, Any]) -> dict[str, Any]:
    """A response with one JSON object whose properties are all there."""
    schema = {"type": "object", "properties": required, "required": sorted(required)}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def state(*words: str, **more: Any) -> dict[str, Any]:
    return {"status": {"type": "string", "enum": list(words)}, "version": TEXT, "timestamp": TIME, **more}


def dependencies(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict.fromkeys(names, DEPENDENCY), "required": sorted(names)}


ALL = dependencies("database", "redis", "worker", "storage")
HEALTH_ANSWERS = {
    "200": answer("Healthy, or degraded.", state("healthy", "degraded", dependencies=ALL)),
    "503": answer("Unhealthy.", state("unhealthy", dependencies=ALL)),
}
LIVE_ANSWERS = {"200": answer("Live.", state("live"))}
READY_ANSWERS = {
    "200": answer("Ready.", state("ready", dependencies=dependencies("database"))),
    "503": answer("Not ready.", state("not ready", dependencies=dependencies("database"))),
}
METRICS_ANSWERS = {
    "200": {"description": "Metrics.", "content": {"text/plain": {"schema": TEXT}}},
    "401": {"$ref": "#/components/responses/NotAuthenticated"},
    "403": {"$ref": "#/components/responses/PermissionDenied"},
}
HOME_ANSWERS = {
    "200": answer("What this is.", dict.fromkeys(("service", "version", "status", "docs", "health"), TEXT)),
    "302": {
        "description": "To the overview, for browsers.",
        "headers": {"Location": {"$ref": "#/components/headers/Location"}},
    },
}
DOCUMENT = {"application/json": {"schema": {"type": "object"}}}
OPENAPI_ANSWERS = {
    "200": {"description": "An OpenAPI 3.1 document.", "content": DOCUMENT},
    "304": {"description": "Not changed since `If-None-Match`."},
}
