"""A patch run as a form gives it, read to the same values as its JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, pre_load, validate

from webapp.kit.web.fields import Time, read_time
from webapp.patching.schemas import RunInput, UpdateInput
from webapp.patching.values import UPDATES_MAX

LINE = "Write module, version before and version now, such as: webform 6.2.7 6.2.9"
NOTHING = "-"


class FormTime(Time):
    """A moment as a browser's field for date and time gives it, which has no zone: UTC; or with a zone, as in JSON."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        text = str(value)
        try:
            return read_time(text)
        except ValidationError:
            return read_time(f"{text}Z" if text.count(":") > 1 else f"{text}:00Z")


class UpdateLine(fields.Field[dict[str, Any]]):
    """One updated module in a line: name, version before, version now (`-` for none), and perhaps "security"."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        words = str(value).split()
        if len(words) == 4 and words[3].lower() == "security":
            words, said = words[:3], {"security": True}
        else:
            said = {}
        if len(words) != 3:
            raise ValidationError(LINE)
        module, before, after = (None if word == NOTHING else word for word in words)
        try:
            return dict(UpdateInput().load({"module": module, "from_version": before, "to_version": after, **said}))
        except ValidationError as problem:
            raise ValidationError(f"{words[0][:60]}: {_first(problem.messages)}") from None


class RunForm(RunInput):
    """The body of a run as a form gives it: times without a zone, updates as lines that were checked or typed."""

    started_at = FormTime(required=True)
    finished_at = FormTime(allow_none=True)
    updates = fields.List(UpdateLine(), required=True, validate=validate.Length(max=UPDATES_MAX))

    @pre_load
    def split_lines(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        lines = [line.strip() for text in data.get("updates", []) for line in text.splitlines()]
        return {**data, "updates": [line for line in lines if line]}


def _first(messages: Any) -> str:
    """The first sentence of nested messages."""
    while not isinstance(messages, str):
        messages = next(iter(messages.values() if isinstance(messages, dict) else messages))
    return messages
