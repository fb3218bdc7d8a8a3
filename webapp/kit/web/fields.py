"""Fields and base schemas that every room uses: queries of lists, strict times, references, trimmed text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

from webapp.kit.clock import stamp

RFC3339 = re.compile(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$")
DATE = re.compile(r"^\d{4}-\d\d-\d\d$")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
PER_PAGE, LIMIT, MOST = 50, 100, 200
FARTHEST = 10**9
LARGEST = 2**31 - 1
WHOLE = re.compile(r"^-?[0-9]{1,18}\Z")


def said(words: str) -> dict[str, str]:
    """What the OpenAPI document says of a field."""
    return {"description": words}


def read_time(text: Any) -> datetime:
    """An RFC 3339 date-time as aware UTC; ValidationError for everything else."""
    if not isinstance(text, str) or not RFC3339.match(text):
        raise ValidationError("Not an RFC 3339 date-time, such as 2026-11-18T16:05:00Z.")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValidationError("There is no such date or time.") from None


class Time(fields.Field[datetime]):
    """A moment: RFC 3339 in, RFC 3339 in UTC with `Z` out."""

    openapi: ClassVar[dict[str, Any]] = {"examples": ["2026-11-18T16:05:00Z"]}

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return stamp(value)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        return read_time(value)


class Moment(Time):
    """A bound of a range: a date-time, or a date, which as an end (`until=True`) includes its whole day (UTC)."""

    openapi: ClassVar[dict[str, Any]] = {
        "anyOf": [{"format": "date"}, {"format": "date-time"}], "examples": ["2026-11-18", "2026-11-18T16:05:00Z"]}

    def __init__(self, until: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.until = until

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not DATE.match(value):
            return read_time(value.replace(" ", "+") if isinstance(value, str) else value)
        try:
            day = datetime.combine(date.fromisoformat(value), time(), UTC)
            return day + timedelta(days=1) if self.until else day
        except (ValueError, OverflowError):
            raise ValidationError("There is no such date.") from None


class Text(fields.String):
    """Text without control characters, trimmed; `least` and `most` characters."""

    def __init__(self, most: int = 255, least: int = 0, **kwargs: Any) -> None:
        self.least = least
        bounds = f"from {least} to {most} characters" if least > 1 else f"{most} characters at most"
        message = f"Must not be empty, and have {bounds}." if least == 1 else f"Must have {bounds}."
        super().__init__(validate=validate.Length(min=least, max=most, error=message), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        assert text is not None
        if CONTROL.search(text):
            raise ValidationError("Control characters are not allowed.")
        return text.strip()


class Yes(fields.Boolean):
    """A yes or no in a query: true or false, 1 or 0."""

    truthy = {"true", "1", True}
    falsy = {"false", "0", False}


class Exactly(set[Any]):
    """A set that holds its one value itself and nothing that equals it: 1 equals True."""

    def __contains__(self, value: object) -> bool:
        return any(value is each for each in self)


def _number(kind: type) -> Any:
    """A reader of JSON's numbers alone; text that looks like one is text."""

    def read(value: Any) -> Any:
        if not isinstance(value, (int, float)):
            raise TypeError("not a number")
        return kind(value)

    return read


def _digits(value: Any) -> int:
    """A whole number as people write it; Python takes more (`1_0`, ` 5`, digits of every script)."""
    if not WHOLE.match(str(value)):
        raise ValueError("not a whole number")
    return int(value)


def make_strict(kind: Any) -> None:
    """Lets a field of a JSON body take its own type and no other: `true` is not 1, `"5"` is not 5, and 1.0 is no whole number."""
    if isinstance(kind, fields.List):
        make_strict(kind.inner)
    elif isinstance(kind, fields.Boolean) and not isinstance(kind, Yes):  # those are of addresses, also in filters that a body may hold
        kind.truthy, kind.falsy = Exactly({True}), Exactly({False})
    elif isinstance(kind, fields.Integer):
        kind.strict = True
        if not any(isinstance(each, validate.Range) for each in kind.validators):
            kind.validators = [validate.Range(-LARGEST, LARGEST), *kind.validators]
    elif isinstance(kind, fields.Float):
        kind.num_type = _number(float)


class Choice(fields.String):
    """One of a few words."""

    def __init__(self, words: Any, **kwargs: Any) -> None:
        self.words = [str(word) for word in words]
        super().__init__(validate=validate.OneOf(self.words, error=f"Must be one of: {', '.join(self.words)}."), **kwargs)


class Choices(fields.Field[list[str]]):
    """Several of a few words, as `a,b` or repeated."""

    def __init__(self, words: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = [str(word) for word in words]

    @property
    def openapi(self) -> dict[str, Any]:
        return {"items": {"type": "string", "enum": self.words}, "minItems": 1}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[str]:
        given = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
        if not given or any(word not in self.words for word in given):
            raise ValidationError(f"Must be one or more of: {', '.join(self.words)}.")
        return given


class Input(Schema):
    """What comes in as a body: nothing but the named fields, each of its own JSON type. Forms are read into those types first."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "This field is not known.", "type": "Must be an object."}

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        make_strict(field_obj)


class Output(Schema):
    """What goes out. `audit fields` are those that every resource has (contract §1)."""

    class Meta:
        unknown = EXCLUDE


class ResourceOutput(Output):
    id = fields.UUID()
    created_at = Time()
    created_by = fields.UUID(allow_none=True)
    updated_at = Time()
    updated_by = fields.UUID(allow_none=True)
    is_active = fields.Boolean()
    deleted_at = Time(allow_none=True)


class Query(Schema):
    """A query string; what it does not name is refused, with what it would take."""

    class Meta:
        unknown = RAISE

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        if isinstance(field_obj, fields.Integer):
            field_obj.num_type = _digits  # type: ignore[assignment]
        if isinstance(field_obj, Text) and field_name != "q" and not field_obj.least:
            field_obj.validators = [*field_obj.validators, validate.Length(min=1, error="Must not be empty.")]

    @classmethod
    def filters(cls) -> list[str]:
        """The names that a caller may use."""
        return sorted(field.data_key or name for name, field in cls._declared_fields.items())


class InOrder(Schema):
    """Filters of which every range ends after it begins: `from` and `to`, also with a word before them, `start_date` and `end_date`."""

    @validates_schema
    def ranges_in_order(self, data: dict[str, Any], **_: Any) -> None:
        given = {field.data_key or name: data[name] for name, field in self.fields.items() if data.get(name) is not None}
        for name, start in given.items():
            end = END_OF.sub(lambda found: ENDS[found[0]], name)
            if end != name and end in given and _is_empty(start, given[end]):
                raise ValidationError("The end must lie after the beginning.", end)


ENDS = {"from": "to", "start_date": "end_date"}
END_OF = re.compile(r"(?<![^_])from$|^start_date$")


def _is_empty(start: Any, end: Any) -> bool:
    """Whether nothing lies between. The last of two days is in their range, the last of two moments is not.

    A day and a moment are not compared: when a day begins is known with its time zone.
    """
    if isinstance(start, datetime) != isinstance(end, datetime):
        return False
    return bool(start >= end if isinstance(start, datetime) else start > end)


class ListQuery(InOrder, Query):
    """Paging, sort and export of a list. Loaded, it always has `skip`, `limit`, `sort` and `by_page`."""

    sortable: ClassVar[tuple[str, ...]] = ()

    page = fields.Integer(validate=validate.Range(1, FARTHEST), metadata=said("The page, from 1."))
    per_page = fields.Integer(validate=validate.Range(1, MOST), metadata=said("Rows a page; 50 unless said."))
    skip = fields.Integer(validate=validate.Range(0, FARTHEST), metadata=said("Rows to leave out at the start; not with `page`."))
    limit = fields.Integer(validate=validate.Range(1, MOST), metadata=said("Rows at most; 100 with `skip` unless said."))
    sort = fields.String()
    q = Text(most=200, metadata=said("Free text to search for."))
    format = Choice(["json", "csv", "xlsx"], metadata=said("`csv` and `xlsx` are downloads of all the rows that match."))
    include_deleted = Yes(metadata=said("Deleted ones too; for admins."))

    @validates_schema
    def one_kind_of_paging(self, data: dict[str, Any], **_: Any) -> None:
        if ("page" in data or "per_page" in data) and ("skip" in data or "limit" in data):
            raise ValidationError("Use page and per_page, or skip and limit, not both.", "page")

    @validates_schema
    def known_sort_keys(self, data: dict[str, Any], **_: Any) -> None:
        if "sort" in data and any(key.removeprefix("-") not in self.sortable for key in data["sort"].split(",")):
            raise ValidationError(f"Not a sort key. Allowed: {', '.join(self.sortable)}.", "sort")

    @post_load
    def complete(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        by_page = not ("skip" in data or "limit" in data)
        size = data.pop("per_page", PER_PAGE) if by_page else data.get("limit", LIMIT)
        first = (data.pop("page", 1) - 1) * size if by_page else data.get("skip", 0)
        sort = data["sort"].split(",") if "sort" in data else []
        return {**data, "limit": size, "skip": min(first, 2**62), "sort": sort, "by_page": by_page}


class CursorQuery(ListQuery):
    """The query of a long append-only list, which takes a cursor too."""

    cursor = fields.String(validate=validate.Length(max=400),
                           metadata=said("`meta.next_cursor` of the part before, with the same filters; empty for the first. Newest first,"
                                         " or with the list's time as `sort`, oldest first. Not with `page` or `skip`."))

    @validates_schema
    def one_way_on(self, data: dict[str, Any], **_: Any) -> None:
        if "cursor" in data and ("page" in data or "skip" in data):
            raise ValidationError("A cursor says where to go on; use it without page and skip.", "cursor")


OTHER_NAMES = {"organization": "organization_id", "site": "site_id", "team": "team_id"}
"""Filters that may also be written as the contract's tables name them."""


class Narrowed(InOrder):
    """Filters of figures and reports, each of which may be written with or without `_id`. Loaded, it has its `_id` name."""

    @validates_schema
    def one_of_two_names(self, data: dict[str, Any], **_: Any) -> None:
        for other, name in OTHER_NAMES.items():
            if other in data and name in data and data[other] != data[name]:
                raise ValidationError(f"This is {name} by another name; say it once.", other)

    @post_load
    def by_one_name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {OTHER_NAMES.get(name, name): value for name, value in data.items()}
