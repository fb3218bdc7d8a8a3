"""Resources: what every kind of thing under /api/v1 can do, said once.

A resource is listed, made, shown, changed, deleted and restored; six doors that differ only in what they look up and which verb they
call. Doors beyond these six are written as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marshmallow import Schema

from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of thing: its schemas, its queries and its verbs.

    `one` and `many` name it as code does (`team`, `teams`): doors are called `list_teams` and `show_team`, its id `team_id`.
    `find(actor, query)` lists, `get(actor, id, lock=…)` looks one up within what is visible; a `get` that knows `deleted=` also finds
    what was deleted, for those who may bring it back. `create(actor, body, at)`, `change(actor, found, body, at)`,
    `delete(actor, found, at)` and `restore(actor, id, at)` are the verbs.
    Who `manages` them also makes, deletes and restores them, unless that takes a permission of its own (`creates`, `deletes`).
    `row` is what a list shows, `gives` one of them (a list too, without `row`), `made` the answer to its making, where that shows
    a secret for once. `says` holds the sentences of the document by verb, `told` what else a door is told (`Door`).
    """

    path: str
    one: str
    many: str
    reads: Permission
    manages: Permission
    query: type[Schema]
    takes: type[Schema]
    gives: Schema
    find: Callable[[Actor, Body], Listing]
    get: Callable[..., Any]
    create: Callable[..., Any]
    change: Callable[..., Any]
    delete: Callable[..., Any]
    restore: Callable[..., Any]
    creates: Permission | None = None
    deletes: Permission | None = None
    patch: type[Schema] | None = None
    row: Schema | None = None
    made: Schema | None = None
    says: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def rule(self) -> str:
        """The path of one of them."""
        return f"{self.path}/<uuid:{self.one}_id>"


def open_doors(doors: Doors, kind: Resource) -> None:
    """Opens the six doors of a kind of thing."""
    _reading(doors, kind)
    _writing(doors, kind)


def _reading(doors: Doors, kind: Resource) -> None:
    def list_them(actor: Actor, query: Body) -> Listing:
        return kind.find(actor, query)

    def show(actor: Actor, found: Any) -> Any:
        return found

    listed = doors.get(kind.path, needs=kind.reads, query=kind.query, gives=kind.row or kind.gives, lists=True, **_told(kind, "list"))
    listed(_named(list_them, kind, "list", f"The {_words(kind.many)} of your organizations."))
    shown = doors.get(kind.rule, needs=kind.reads, finds=kind.get, gives=kind.gives, **_told(kind, "show"))
    shown(_named(show, kind, "show", f"One {_words(kind.one)}."))


def _writing(doors: Doors, kind: Resource) -> None:
    def create(actor: Actor, body: Body) -> Any:
        return kind.create(actor, body, now())

    def change(actor: Actor, found: Any, body: Body) -> Any:
        return kind.change(actor, found, body, now())

    def delete(actor: Actor, found: Any) -> Any:
        return kind.delete(actor, found, now())

    def restore(actor: Actor, **named: UUID) -> Any:
        return kind.restore(actor, named[f"{kind.one}_id"], now())

    word, deletes = _words(kind.one), kind.deletes or kind.manages
    made = doors.post(kind.path, needs=kind.creates or kind.manages, takes=kind.takes, gives=kind.made or kind.gives, status=201,
                      at=f"{kind.path}/{{id}}", **_told(kind, "create"))
    made(_named(create, kind, "create", f"A new {word}."))
    changed = doors.change(kind.rule, needs=kind.manages, finds=kind.get, takes=kind.patch or kind.takes, gives=kind.gives,
                           **_told(kind, "change"))
    changed(_named(change, kind, "change", f"Changes a {word}."))
    deleted = doors.delete(kind.rule, needs=deletes, finds=kind.get, gives=kind.gives, **_told(kind, "delete"))
    deleted(_named(delete, kind, "delete", f"Deletes a {word}; it can be restored."))
    restored = doors.post(f"{kind.rule}/restore", needs=deletes, gives=kind.gives, **_told(kind, "restore"))
    restored(_named(restore, kind, "restore", f"Brings a deleted {word} back."))


def _named(view: Callable[..., Any], kind: Resource, verb: str, sentence: str) -> Callable[..., Any]:
    """The view under the name and with the sentence that the document and the URL map show."""
    view.__name__ = f"{verb}_{kind.many if verb == 'list' else kind.one}"
    view.__doc__ = kind.says.get(verb, sentence)
    return view


def _told(kind: Resource, verb: str) -> dict[str, Any]:
    return dict(kind.told.get(verb, {}))


def _words(name: str) -> str:
    return name.replace("_", " ")
