"""The measures: what is asked under `/analytics`. One is one file of this folder that registers itself.

An answer follows from facts that are read when it is asked for, and is kept for five minutes under the hash of all it depends on: the
question, who may see what, and the state of the data of each organization, so that whatever is told shows at once.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from webapp.insights.queries.scope import Scope, scope_of
from webapp.insights.values.windows import BadWindow, Granularity, Window, window_of
from webapp.kit.cache import cached_figures
from webapp.kit.clock import stamp
from webapp.kit.errors import Invalid
from webapp.kit.permissions import Actor, Permission

MINUTES: Final = 300
MOST_WATCHED: Final = 50
"""Organizations whose state one answer watches; the answer about more is worked out each time."""
Figure = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of what, in which window, in which periods, and whether the records behind it are wanted too."""

    scope: Scope
    asked: Mapping[str, Any]
    window: Window | None
    granularity: Granularity

    @property
    def wants_records(self) -> bool:
        return bool(self.asked.get("explain"))

    @property
    def within(self) -> Window:
        """The window of a question that needs one."""
        if self.window is None:
            raise Invalid.at("start_date", "Say from when to when.")
        return self.window


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: its name in the address, its title, and how a question about it is answered."""

    name: str
    title: str
    answer: Callable[[Question], Figure]


MEASURES: dict[str, Measure] = {}


def register(measure: Measure) -> Measure:
    """Takes a measure up; its name is what callers ask for."""
    if measure.name in MEASURES:
        raise ValueError(f"Two measures are named {measure.name}.")
    MEASURES[measure.name] = measure
    return measure


def measure(name: str, actor: Actor, asked: Mapping[str, Any]) -> Figure:
    """The answer of one measure to a question; NotFound or Invalid where it names what is not there or cannot be."""
    question = question_of(actor, asked)
    watched = question.scope.organizations
    if len(watched) > MOST_WATCHED:
        return MEASURES[name].answer(question)
    plain = {key: stamp(value) if hasattr(value, "hour") else str(value) for key, value in sorted(asked.items())}
    values = {"measure": name, "asked": plain, "organizations": [str(each) for each in watched], "site": str(actor.site_id),
              "zone": question.scope.zone, "reads": actor.may(Permission.INSIGHT_READ)}
    found: Figure = cached_figures(values, MINUTES, lambda: MEASURES[name].answer(question), [f"org:{each}" for each in watched])
    return found


def question_of(actor: Actor, asked: Mapping[str, Any]) -> Question:
    """A question as it was asked, with its window in the time zone of the organization."""
    scope = scope_of(actor, asked)
    granularity = Granularity(asked.get("granularity") or Granularity.WEEKLY)
    if asked.get("start_date") is None or asked.get("end_date") is None:
        return Question(scope, asked, None, granularity)
    try:
        window = window_of(asked["start_date"], asked["end_date"], scope.zone)
        window.periods(granularity)
    except BadWindow as problem:
        raise Invalid.at(problem.field, str(problem)) from None
    return Question(scope, asked, window, granularity)


def said_window(window: Window) -> Figure:
    """A window as it is said beside a number."""
    return {"start": stamp(window.start), "end": stamp(window.end), "days": window.days, "timezone": window.zone}


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
