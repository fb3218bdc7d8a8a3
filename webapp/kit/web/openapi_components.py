"""What all operations of the OpenAPI document share: errors, headers, envelopes, ways to say who one is."""

from __future__ import annotations

from typing import Any

from webapp.kit.errors import PatchboardError

JSON, PROBLEM = "application/json", "application/problem+json"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

TEXT = {"type": "string"}
WHOLE = {"type": "integer", "minimum": 0}
ADDRESS = {"type": "string", "format": "uri-reference"}
ADDRESS_OR_NONE = {"type": ["string", "null"], "format": "uri-reference"}


def thing(description: str = "", optional: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    """An object of which all properties but the optional ones are always there."""
    found: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "required": sorted(set(properties) - set(optional)),
    }
    return found | ({"description": description} if description else {})


FIELD = {**TEXT, "description": "Dotted path, such as `modules.3.version`."}
DETAIL = thing("One thing that is wrong.", field=FIELD, message=TEXT)
SCHEMAS = {
    "ErrorDetail": DETAIL,
    "Error": thing(
        "Every error, unless `application/problem+json` is asked for.",
        status_code={"type": "integer"},
        error={**TEXT, "description": "Stable code, such as `validation_error`."},
        message=TEXT,
        details={"type": "array", "items": {"$ref": "#/components/schemas/ErrorDetail"}},
        timestamp={**TEXT, "format": "date-time"},
        request_id={"type": ["string", "null"]},
    ),
    "Problem": thing(
        "An error in the form of RFC 9457.",
        type=TEXT,
        title=TEXT,
        status={"type": "integer"},
        detail=TEXT,
        instance=TEXT,
        error={**TEXT, "description": "Stable code, such as `validation_error`."},
        errors={"type": "array", "items": {"$ref": "#/components/schemas/ErrorDetail"}},
        timestamp={**TEXT, "format": "date-time"},
        request_id={"type": ["string", "null"]},
    ),
    "Links": thing("Where this object is.", self=ADDRESS),
    "PageLinks": thing(
        "Other parts of the list; null where there is none.",
        self=ADDRESS,
        first=ADDRESS,
        last=ADDRESS_OR_NONE,
        prev=ADDRESS_OR_NONE,
        next=ADDRESS_OR_NONE,
    ),
    "PageMeta": thing(
        "With `page` and `per_page`.",
        optional=("next_cursor",),
        total=WHOLE,
        page=WHOLE,
        per_page=WHOLE,
        pages=WHOLE,
        next_cursor={"type": ["string", "null"]},
    ),
    "SliceMeta": thing(
        "With `skip` and `limit`.",
        optional=("next_cursor",),
        total=WHOLE,
        skip=WHOLE,
        limit=WHOLE,
        next_cursor={"type": ["string", "null"]},
    ),
    "CursorMeta": {
        **thing(
            "With `cursor`: no word of what came before; `limit` in place of `per_page` where the size was given as that.",
            optional=("per_page", "limit"),
            total=WHOLE,
            per_page=WHOLE,
            limit=WHOLE,
            next_cursor={"type": ["string", "null"]},
        ),
        "oneOf": [{"required": ["per_page"]}, {"required": ["limit"]}],
    },
}

HEADERS = {
    "ETag": ("The version of this representation, for `If-None-Match` and `If-Match`.", TEXT),
    "Location": ("The address of what was made, or of the job.", ADDRESS),
    "X-Request-ID": ("The request's id: taken from the request if sane, else made.", TEXT),
    "RateLimit-Limit": ("Requests that this caller may make in the window.", WHOLE),
    "RateLimit-Remaining": ("Requests that are left in the window.", WHOLE),
    "RateLimit-Reset": ("Seconds until the window ends.", WHOLE),
    "Retry-After": ("Seconds to wait.", WHOLE),
    "WWW-Authenticate": ("How to say who one is.", TEXT),
    "Idempotent-Replayed": ("`true`: the stored answer to an earlier request.", {"type": "string", "const": "true"}),
    "Content-Disposition": ("The name under which to save it.", TEXT),
}
LIMITS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")

ERRORS = {
    400: ("Malformed", "The request cannot be read: not JSON, or a version that is not spoken here."),
    401: ("NotAuthenticated", "Nobody known: no token, or one that has expired, was revoked or is wrong."),
    403: ("PermissionDenied", "Known, but not allowed."),
    404: ("NotFound", "There is nothing here, or not for this caller."),
    409: ("Conflict", "It collides with something that is already there."),
    412: ("PreconditionFailed", "It has changed since the version that `If-Match` names."),
    413: ("PayloadTooLarge", "The body is larger than allowed."),
    415: ("UnsupportedMediaType", "The body has another type than is taken."),
    422: ("Invalid", "Well-formed, but not right; `details` says where."),
    429: ("RateLimited", "Too many requests."),
    503: ("Unavailable", "Something that is needed is down."),
}
CODES = {each.status: each.code for each in PatchboardError.__subclasses__()}
ERROR_HEADERS = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}

SECURITY = {
    "bearerAuth": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of `POST /api/v1/auth/login`, or an API key.",
    },
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key, `pb_…`."},
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "patchboard",
        "description": "The session of a browser; what changes something needs `X-CSRFToken` as well.",
    },
}

PARAMETERS: dict[str, dict[str, Any]] = {
    "Idempotency-Key": {
        "schema": {**TEXT, "maxLength": 255},
        "description": "The same key and body within 24 hours get the first answer again.",
    },
    "If-Match": {"schema": TEXT, "description": "The ETag that was read; 412 when the object has changed since."},
    "If-None-Match": {"schema": TEXT, "description": "An ETag; 304 without a body when nothing has changed."},
}


def header_refs(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def error_ref(status: int) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{ERRORS[status][0]}"}


def error_response(description: str, headers: list[str]) -> dict[str, Any]:
    """An error in both of its forms."""
    return {
        "description": description,
        "headers": header_refs("X-Request-ID", *headers),
        "content": {
            JSON: {"schema": {"$ref": "#/components/schemas/Error"}},
            PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}},
        },
    }


def responses() -> dict[str, Any]:
    """The errors as components, by name."""
    found = {
        name: {**error_response(words, ERROR_HEADERS.get(status, [])), "x-status": status, "x-error": CODES[status]}
        for status, (name, words) in ERRORS.items()
    }
    return found | {"Error": error_response("Any other error.", [])}


def one_envelope(data: dict[str, Any]) -> dict[str, Any]:
    return thing(data=data, meta={"type": "object"}, links={"$ref": "#/components/schemas/Links"})


def list_envelope(row: dict[str, Any]) -> dict[str, Any]:
    either = [{"$ref": f"#/components/schemas/{name}"} for name in ("PageMeta", "SliceMeta", "CursorMeta")]
    return thing(
        data={"type": "array", "items": row}, meta={"anyOf": either}, links={"$ref": "#/components/schemas/PageLinks"}
    )
