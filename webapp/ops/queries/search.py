"""Searching over kinds of things: each within what the actor may see, all of them ranked together in one statement.

A hit has a score from 0 to 1: the whole name, its beginning, the beginning of one of its words, anything inside of it, any other field,
or (with a letter wrong) a word that is like it. Where scores are equal, order is that of the kinds, then by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, String, and_, case, cast, func, literal, null, or_, select, union_all

from webapp.kit.db import db
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.ops.values import Kind, Words

SHORT = 3
"""Fewer letters than a trigram has are looked for at the beginning of words only."""
FORGIVING = 4
"""From how many letters on one may be wrong."""
WHOLE, BEGINS, WORD_BEGINS, INSIDE, ELSEWHERE, LIKE = 1.0, 0.9, 0.8, 0.7, 0.5, 0.4
CLOSENESS = 0.09
"""How much the likeness of the whole name adds, so that a short name comes before a long one that begins alike."""


def hits(statement: Select[Any], words: Words, *, kind: str, key: Any, page: str, title: Any, subtitle: Any = None,
         also: Sequence[Any] = (), where: ColumnElement[bool] | None = None) -> Select[Any]:
    """A kind's statement as one of hits: `kind, id, title, subtitle, path, score`.

    It looks in `title` and in the columns of `also`; or, for what has no name of its own, just for what `where` says. `page` is
    the address below which pages of the kind lie, and lie as JSON under /api/v1.
    """
    name, named = cast(title, String), where is None
    wanted = _matches(words, [name, *(cast(each, String) for each in also)], name) if where is None else where
    found = key == words.id if words.id else wanted
    path = literal(f"{page}/").concat(cast(key, String))
    columns: list[Any] = [
        literal(kind).label("kind"), key.label("id"), name.label("title"),
        cast(subtitle if subtitle is not None else null(), String).label("subtitle"), path.label("path"),
        cast(_score(words, name, named), Float).label("score")]
    return statement.with_only_columns(*columns, maintain_column_froms=True).where(found)


def _matches(words: Words, columns: list[ColumnElement[str]], name: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether each word is in some column; or the name has words like what was typed."""
    every = and_(*(or_(*(_has(column, word) for column in columns)) for word in words.words))
    if len(words.text) < FORGIVING:
        return every
    return or_(every, name.op("%>", is_comparison=True)(words.text))


def _has(column: ColumnElement[str], word: str) -> ColumnElement[bool]:
    if len(word) >= SHORT:
        return column.icontains(word, autoescape=True)
    return or_(column.istartswith(word, autoescape=True), column.icontains(f" {word}", autoescape=True))


def _score(words: Words, name: ColumnElement[str], named: bool) -> ColumnElement[Any]:
    if words.id:
        return literal(WHOLE)
    if not named:
        return literal(ELSEWHERE)
    text = words.text
    rank = case((func.lower(name) == text.lower(), WHOLE), (name.istartswith(text, autoescape=True), BEGINS),
                (name.icontains(f" {text}", autoescape=True), WORD_BEGINS), (name.icontains(text, autoescape=True), INSIDE),
                (name.op("%>", is_comparison=True)(text), LIKE), else_=ELSEWHERE)
    return func.least(rank + CLOSENESS * func.similarity(name, text), WHOLE)


def _all(actor: Actor, words: Words, kinds: Mapping[str, Kind]) -> Any:
    """The hits of all these kinds as one subquery, each with the place of its kind."""
    parts = []
    for place, kind in enumerate(kinds.values()):
        found = kind.find(actor, words).subquery()
        parts.append(select(found, literal(place).label("place")))
    return union_all(*parts).subquery()


def find_hits(actor: Actor, text: str, kinds: Mapping[str, Kind]) -> Listing:
    """What is called, or says, something like the text, best first: two statements a page."""
    found = _all(actor, Words.read(text), kinds)
    sorts = {"score": found.c.score, "kind": found.c.place, "title": func.lower(found.c.title)}
    return Listing(select(found), sorts, "-score,kind,title", found.c.id, shape=lambda row: row)


@dataclass(slots=True)
class Group:
    """The best hits of one kind, and how many there are in all."""

    kind: Kind
    total: int
    hits: list[Any] = field(default_factory=list)


def find_groups(actor: Actor, text: str, kinds: Mapping[str, Kind], most: int) -> list[Group]:
    """The best hits of each kind, the kind with the best of all first, in one statement. Kinds without hits are left out."""
    found = _all(actor, Words.read(text), kinds)
    order = found.c.score.desc(), func.lower(found.c.title), found.c.id
    number = func.row_number().over(partition_by=found.c.kind, order_by=order).label("number")
    total = func.count().over(partition_by=found.c.kind).label("total")
    best = func.max(found.c.score).over(partition_by=found.c.kind).label("best")
    ranked = select(found, number, total, best).subquery()
    statement = select(ranked).where(ranked.c.number <= most).order_by(ranked.c.best.desc(), ranked.c.place, ranked.c.number)
    groups: dict[str, Group] = {}
    for row in db.session.execute(statement):
        groups.setdefault(row.kind, Group(kinds[row.kind], row.total)).hits.append(row)
    return list(groups.values())
