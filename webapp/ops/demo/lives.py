"""The life of one site of the demo: what it and its keepers send, in order. Nothing here knows the database."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from webapp.kit.clock import stamp
from webapp.ops.demo.documents import bad_body, lock_file, own_body
from webapp.ops.demo.releases import Project
from webapp.ops.demo.runs import Attempt, Steps, attempt
from webapp.ops.demo.sites import COMMON, DAY, TOOLS, UNHEARD, Fate, Kind

MINUTE = timedelta(minutes=1)
STOPS = {Fate.OUTDATED: (25, 80), Fate.LATE: (11, 14), Fate.VULNERABLE: (45, 110)}
"""Between how many days before the end a site of this fate was last brought up to date as a whole."""
RESTORED = {Fate.VULNERABLE: 6.4, Fate.OUTDATED: 33, Fate.KEPT: 40}
"""How many days before the end a site of this fate that has an old backup restored has it."""
PACES = ((6, 1), (130, 7), (1000, 14))
"""How many days before the end a site's reports are how many days apart: a daily history would say no more."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One thing that is sent: a report with its document, perhaps one to be refused, or a run with its body."""

    at: datetime
    what: str
    body: dict[str, Any]


class Life:
    """Draws a site's life and plays it; the same seed draws the same life, counted back from `today`."""

    def __init__(self, kind: Kind, projects: dict[str, Project], today: datetime, seed: int) -> None:
        self.kind, self.projects, self.today = kind, projects, today
        self.draw = Random(f"{seed} life {kind.number}")  # noqa: S311 (a demo, not a secret)
        self.php, self.custom = kind.php, list(kind.custom)
        core = projects["drupal"]
        newest = core.newest(kind.born_at, self.draw.randint(0, 1), kind.core)
        self.installed = {"drupal": newest.version if newest else ""}
        for project in (*kind.projects, *kind.libraries):
            release = project.newest(kind.born_at, self.draw.choice((0, 0, 1)))
            if release:
                self.installed[project.name] = release.version
        self.disabled = frozenset(
            self.draw.sample([each for each in TOOLS if each in self.installed], 1)
            if self.draw.random() < 0.4 and TOOLS[0] in self.installed
            else ()
        )
        self.stop_at = today - DAY * self.draw.uniform(*STOPS[kind.fate]) if kind.fate in STOPS else kind.heard_until
        self.agenda: list[tuple[datetime, int, str, Any]] = []
        self.order = count()
        self.owes_late = kind.sends_late
        self.secured: dict[str, str] = {}

    def events(self) -> Iterator[Sent]:
        """All that is sent, in order; reports say only what had happened by then."""
        self._plan()
        while self.agenda:
            at, _, what, detail = heapq.heappop(self.agenda)
            if at > self.kind.heard_until:
                continue
            if what == "update":
                self._update(at, detail)
            elif what == "claim":
                self._claim(at)
            elif what == "restore":
                self._restore(at)
            elif what == "run":
                yield Sent(at, "run", detail)
            elif what == "bad":
                yield Sent(at, "report", bad_body(self.draw, self._document(at), at))
            else:
                yield Sent(at, "report", detail or self._document(at))

    def _push(self, at: datetime, what: str, detail: Any = None) -> None:
        heapq.heappush(self.agenda, (at, next(self.order), what, detail))

    def _plan(self) -> None:
        """Notes the regular reports, the updates, and what goes wrong, each at its time."""
        kind, draw = self.kind, self.draw
        last_at = kind.heard_until - timedelta(hours=draw.uniform(0.3, 14))
        for day in range(4 if kind.fate is Fate.MUTE else 0):
            self._push(last_at - DAY * day, "bad")
        if kind.fate in UNHEARD:
            return
        at = kind.born_at + timedelta(hours=draw.uniform(1, 30))
        while at < last_at - DAY * 0.4:
            self._push(at, "report")
            at += DAY * next(pace for age, pace in PACES if last_at - at <= DAY * (age + pace))
        self._push(last_at, "report")
        at = kind.born_at + DAY * draw.uniform(5, kind.rhythm)
        while at < self.stop_at - DAY * 2:
            self._push(at, "update", "all")
            at += DAY * kind.rhythm * draw.uniform(0.8, 1.2)
        self._push(self._end(last_at), "update", "last")
        self._plan_security(last_at)
        if kind.restores and kind.fate in RESTORED:
            restored_at = self.today - DAY * RESTORED[kind.fate]
            self._push(restored_at, "restore")
            if kind.fate is not Fate.VULNERABLE:
                self._push(restored_at + DAY * 1.5, "update", "security, for sure")
        if kind.sends_bad:
            for _ in range(draw.randint(1, 3)):
                self._push(kind.heard_until - DAY * draw.uniform(1, 90), "bad")

    def _end(self, last_at: datetime) -> datetime:
        """When everything was brought up to date for the last time, which the last report shows."""
        return min(self.stop_at, last_at) - timedelta(hours=self.draw.uniform(2, 28))

    def _plan_security(self, last_at: datetime) -> None:
        """Notes when each security release is put in place: as long after it comes out as is this site's habit."""
        until = last_at if self.kind.fate is Fate.OUTDATED else self.stop_at
        days = {release.at for name in self.installed for release in self.projects[name].releases.values() if release.is_security}
        for day in sorted(days):
            at = day + DAY * self.kind.reaction * self.draw.uniform(0.5, 1.5)
            if self.kind.born_at < at < until:
                self._push(at, "update", "security")
        if self.kind.fate is Fate.OUTDATED:
            self._push(last_at - timedelta(hours=self.draw.uniform(2, 28)), "update", "security, for sure")
            if self.kind.poster and self.draw.random() < 0.5:
                self._push(self.today - MINUTE * self.draw.uniform(9, 17), "claim")

    def _update(self, at: datetime, scope: str) -> None:
        """Brings the site up to date, or tries to; the report that shows it comes minutes later."""
        sure = scope in ("last", "security, for sure")
        steps = self._steps(at, scope)
        if not steps:
            return
        made = attempt(self.kind, steps, at, self.draw, sure=sure)
        self._apply(made)
        if made.again_at:
            self._push(made.again_at, "update", scope)
        if made.body:
            self._push(made.finished_at, "run", made.body)
        shown_at = made.finished_at + MINUTE * self.draw.uniform(1, 20)
        if self.owes_late and made.moved and not sure and at < self.today - 30 * DAY:
            self.owes_late = False
            self._push(shown_at + DAY / 2, "report")
            self._push(
                shown_at + DAY,
                "report",
                {**self._document(shown_at), "reported_at": stamp(shown_at.replace(microsecond=0))},
            )
        else:
            self._push(shown_at, "report")

    def _restore(self, at: datetime) -> None:
        """A backup from before the last security update is put in place: what that update had closed is open again."""
        name = next((name for name in reversed(self.secured) if name in self.installed), None)
        if name:
            self.installed[name] = self.secured[name]
            self._push(at + MINUTE * 10, "report")

    def _claim(self, at: datetime) -> None:
        """A run that was posted just now, which no report has shown yet."""
        steps = self._steps(at, "last")
        made = attempt(self.kind, steps, at, self.draw, sure=True) if steps else None
        if made and made.body:
            self._push(made.finished_at, "run", made.body)

    def _steps(self, at: datetime, scope: str) -> Steps:
        """What an update of this scope would do now."""
        steps: Steps = {}
        for name, version in self.installed.items():
            project = self.projects[name]
            latest, insecure = project.latest(version, at).version, project.is_insecure(version, at)
            wanted = insecure if scope.startswith("security") else scope == "last" or insecure or self.draw.random() < 0.9
            if latest != version and wanted:
                steps[name] = (version, latest, insecure)
        if scope == "all":
            self._change_course(at, steps)
        return steps

    def _change_course(self, at: datetime, steps: Steps) -> None:
        """Now and then a project comes, goes, or core takes the step to its next major version."""
        core = self.installed["drupal"]
        if core.startswith("10.") and self.draw.random() < 0.05 and (next_core := self.projects["drupal"].newest(at, 0, "11")):
            steps["drupal"] = (core, next_core.version, "drupal" in steps and steps["drupal"][2])
            self.php = max(self.php, "8.3.14")
        chance = self.draw.random()
        if chance < 0.08:
            name = self.draw.choice(sorted(each.name for each in self.projects.values() if each.kind == "module"))
            release = self.projects[name].newest(at)
            if name not in self.installed and release and not self.projects[name].is_insecure(release.version, at):
                steps[name] = (None, release.version, False)
        elif chance < 0.12:
            rare = sorted(name for name in self.installed if self.projects[name].kind == "module" and name not in COMMON)
            if rare:
                gone = self.draw.choice(rare)
                steps[gone] = (self.installed[gone], None, False)
        if self.draw.random() < 0.25:
            self.custom = [(name, kind, _bumped(version)) for name, kind, version in self.custom]

    def _apply(self, made: Attempt) -> None:
        for name, (before, version, is_security) in made.moved.items():
            if is_security and before and version:
                self.secured.pop(name, None)
                self.secured[name] = before
            if version is None:
                self.installed.pop(name, None)
            else:
                self.installed[name] = version

    def _document(self, at: datetime) -> dict[str, Any]:
        if self.kind.fate is Fate.UNJUDGED:
            return lock_file(self.installed, self.projects, self.custom)
        return own_body(self.kind, self.installed, self.php, self.projects, self.custom, self.disabled, at)


def _bumped(version: str | None) -> str | None:
    """The next patch version of a site's own code; what has no version stays without."""
    if version is None:
        return None
    head, _, last = version.rpartition(".")
    return f"{head}.{int(last) + 1}"
