"""The phases: each puts one kind of request under load and says how fast it was and what it cost."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import psutil

from tests.bench import fleet
from tests.bench.fleet import Round, Site
from tests.bench.load import Asked, Load, put_under_load
from tests.bench.stand import Stand
from tests.bench.yardstick import Yardstick

CONNECTIONS = 16
MOST = 200_000


@dataclass(frozen=True)
class Plan:
    """How long a phase lasts, and how often yardstick and server take turns."""

    seconds: float
    turns: int
    most: int = MOST
    connections: int = CONNECTIONS


@dataclass
class Result:
    """One phase. Milliseconds where nothing else is said; `cpu` is processor time a request by family of processes."""

    name: str
    rate: float
    done: int
    p50: float
    p95: float
    statements: float
    sql: float
    answer_bytes: float
    cpu: dict[str, float]
    others: float
    """How much of the machine somebody else had meanwhile, 1 for a whole core."""
    yardstick: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.rate / self.yardstick if self.yardstick else None


@dataclass
class Processors:
    """Processor time by family of processes, from one moment to another."""

    stand: Stand
    before: dict[str, float] = field(default_factory=dict)
    busy: float = 0

    def start(self) -> Processors:
        self.before, self.busy = self._now(), machine_busy()
        return self

    def used(self) -> tuple[dict[str, float], float]:
        """Seconds by family, and of the whole machine."""
        now = self._now()
        return {name: now[name] - self.before[name] for name in now}, machine_busy() - self.busy

    def _now(self) -> dict[str, float]:
        return {name: sum(map(processor_seconds, family)) for name, family in self.stand.families().items()}


def processor_seconds(process: psutil.Process) -> float:
    """What a process has used, and what those of its children that have ended have used."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0
    return float(times.user + times.system + times.children_user + times.children_system)


def machine_busy() -> float:
    """Seconds in which a processor of this machine was at work."""
    times = psutil.cpu_times()
    return float(sum(times[:3]) + times.irq + times.softirq)


def measure(stand: Stand, name: str, asked: Asked, plan: Plan) -> tuple[Result, Load]:
    """One phase of load; raises when any answer is not 200."""
    place, processors = stand.log.stat().st_size, Processors(stand).start()
    load = put_under_load(stand.address(), asked, plan.connections, plan.seconds, plan.most)
    used, busy = processors.used()
    if set(load.statuses) != {200}:
        raise RuntimeError(f"{name}: not every answer was 200: {dict(load.statuses)}; see {stand.log}")
    used["load"] = load.cpu
    lines = requests_in(stand.log, place)
    return Result(
        name,
        load.rate,
        load.done,
        percentile(load.seconds, 50) * 1000,
        percentile(load.seconds, 95) * 1000,
        statistics.median(line["statements"] for line in lines),
        statistics.fmean(line["sql_milliseconds"] for line in lines),
        load.bytes / load.done,
        {family: seconds / load.done * 1000 for family, seconds in used.items()},
        max(busy - sum(used.values()), 0) / load.took,
    ), load


def requests_in(log: Path, place: int) -> list[dict[str, float]]:
    """What the server wrote of its requests from this place of its log on."""
    with log.open("rb") as file:
        file.seek(place)
        return [line for raw in file if raw.startswith(b"{") and (line := orjson.loads(raw)).get("event") == "request"]


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of all do not exceed."""
    return sorted(values)[max(-(-len(values) * percent // 100) - 1, 0)]


def changed_reports(stand: Stand, sites: Round, yardstick: Yardstick, plan: Plan) -> list[Result]:
    """Reports that change 15 modules of 150, in turns with the yardstick."""
    found = []
    for _ in range(plan.turns):
        by_hand = yardstick.changed(plan.seconds / 2, plan.most)
        asked = reports(stand, sites.changed, sites, plan)
        result, load = measure(stand, "reports, 15 of 150 modules changed", asked, plan)
        sites.done += load.done
        result.yardstick = by_hand
        found.append(result)
    return found


def unchanged_reports(stand: Stand, sites: Round, yardstick: Yardstick, plan: Plan) -> list[Result]:
    """Reports with the same body as before, in turns with the yardstick."""
    found = []
    for _ in range(plan.turns):
        by_hand = yardstick.unchanged(plan.seconds / 2, plan.most)
        result, _ = measure(stand, "reports, unchanged", reports(stand, sites.unchanged, sites, plan), plan)
        result.yardstick = by_hand
        found.append(result)
    return found


def reports(stand: Stand, nth: Callable[[int], tuple[Site, int]], sites: Round, plan: Plan) -> Asked:
    """The n-th report as bytes; all bodies are made here, before the load begins."""
    host = "{}:{}".format(*stand.address())
    for profile in range(fleet.PROFILES):
        for state in sites.states(int(plan.seconds * 1000)):
            fleet.body(profile, state)

    def asked(number: int) -> Sequence[bytes]:
        site, state = nth(number)
        body = fleet.body(site.profile, state)
        head = (
            f"POST /api/v1/sites/{site.id}/modules HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Patchboard-Drupal/1.0\r\n"
            f"Accept: application/json\r\nX-API-Key: {site.key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode(), body

    return asked


def reading(stand: Stand, path: str, headers: dict[str, str]) -> Asked:
    """The same GET again and again."""
    host = "{}:{}".format(*stand.address())
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n".encode()
    return lambda _: (request,)
