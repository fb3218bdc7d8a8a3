"""Query strings: read by the schema of their list; nothing in them is passed over in silence."""

from __future__ import annotations

from typing import Any

from flask import g, request
from marshmallow import Schema

from webapp.kit.errors import Invalid, NotAuthenticated, PermissionDenied
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web import exports
from webapp.kit.web.fields import Choices, ListQuery


def load_query(schema: type[Schema], *, empty: bool = True) -> dict[str, Any]:
    """The query string as the schema reads it; what it does not know is refused with what it would take.

    Without `empty`, what was left empty in a form of filters is no filter.
    """
    known = schema.filters()  # type: ignore[attr-defined]
    unknown = [name for name in request.args if name not in known]
    if unknown:
        details = [{"field": name, "message": f"Not a filter. Allowed: {', '.join(known)}."} for name in unknown]
        raise Invalid("There is no such filter.", details)  # type: ignore[arg-type]
    several = {field.data_key or name for name, field in schema._declared_fields.items() if isinstance(field, Choices)}
    given: dict[str, Any] = {}
    for name, values in request.args.lists():
        if any("\0" in value for value in values):
            raise Invalid.at(name, "Control characters are not allowed.")
        if empty and len(values) > 1 and name not in several:
            raise Invalid.at(name, "This is there twice.")
        if empty or any(values):
            given[name] = ",".join(values) if name in several else values[0]
    if issubclass(schema, ListQuery) and exports.wanted() != "json":
        given.setdefault("format", exports.wanted())
    asked = dict(schema().load(given))
    if asked.get("include_deleted"):
        _require_admin(g.actor)
    return asked


def wants_deleted() -> bool:
    """Whether an address of one thing asks for it also if it is deleted."""
    given = request.args.get("include_deleted")
    if given not in (None, "true", "false", "1", "0"):
        raise Invalid.at("include_deleted", "Must be true or false.")
    if given not in ("true", "1"):
        return False
    _require_admin(g.actor)
    return True


def _require_admin(actor: Actor) -> None:
    """Raises unless the actor may bring deleted things back anywhere; whose they are is the list's own question."""
    if not actor.is_known:
        raise NotAuthenticated()
    if not (actor.may(Permission.SITE_DELETE) or actor.may(Permission.ORGANIZATION_DELETE)):
        raise PermissionDenied("Deleted things are shown to admins.")
