"""`python -m tests.bench`: fills a database of its own, puts the web server under load, and prints what it measured."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.bench import figures, people
from tests.bench.fleet import MODULES, Round
from tests.bench.phases import CONNECTIONS, Plan, Result, changed_reports, measure, reading, unchanged_reports
from tests.bench.rows import check_same_rows
from tests.bench.seed import reports_beyond_seed, seed
from tests.bench.stand import Stand
from tests.bench.yardstick import Yardstick
from webapp.kit.local.errors import CannotStart
from webapp.kit.local.signals import Signals, Stopped
from webapp.kit.local.state import INSTANCE, ROOT

WARM_UP = Plan(2, 1)
CALM = 4
KINDS = ("reports", "lists", "advisories")


def main() -> int:
    """Measures, and answers 1 where something is in the way."""
    options = parser().parse_args()
    signals = Signals().heed()
    try:
        with Stand(options.keep) as stand:
            bench(stand, options)
    except Stopped:
        print("\nStopped; everything that was started has ended.", file=sys.stderr)
        return 130
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        signals.end()
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    made.add_argument("--quick", action="store_true", help="500 sites and short phases, for work on the code")
    made.add_argument("--sites", type=int, help="how many sites (5000)")
    made.add_argument("--seconds", type=float, help="how long a phase of load lasts (20)")
    made.add_argument("--turns", type=int, help="how often yardstick and server take turns (3)")
    made.add_argument("--only", nargs="*", default=KINDS, choices=KINDS, help="what to measure (all)")
    made.add_argument("--keep", type=Path, help="a directory whose databases are kept, and used again the next time")
    return made


def bench(stand: Stand, options: argparse.Namespace) -> None:
    count = options.sites or (500 if options.quick else 5000)
    plan = Plan(options.seconds or (4 if options.quick else 20), options.turns or (2 if options.quick else 3))
    started = time.perf_counter()
    say(f"Filling a database with {count} sites of {MODULES} modules …")
    connection = stand.as_superuser()
    sites = seed(connection, count, stand.secret_key)
    connection.close()
    say(f"Filled in {time.perf_counter() - started:.0f} s. Starting the web server …")
    stand.start_web()
    phases: list[list[Result]] = []
    if "reports" in options.only:
        phases += report_phases(stand, sites, plan)
    if "lists" in options.only:
        phases += list_phases(stand, plan)
    if "advisories" in options.only:
        phases += advisory_phases(stand, plan)
    finish(stand, phases, {"sites": count, "modules": MODULES, "connections": CONNECTIONS, "seconds": plan.seconds})


def report_phases(stand: Stand, sites: list, plan: Plan) -> list[list[Result]]:
    """Changed and unchanged reports; the server reports for every other site, the yardstick for the rest."""
    theirs, ours = Round(sites[::2]), Round(sites[1::2])
    connection = stand.as_application()
    try:
        yardstick = Yardstick(connection, ours)
        theirs.done, ours.done = (reports_beyond_seed(connection, each.sites) for each in (theirs, ours))
        check_same_rows(stand, theirs, yardstick)
        changed_reports(stand, theirs, yardstick, WARM_UP)
        say("Reports that change something …")
        changed = changed_reports(stand, theirs, yardstick, plan)
        say("Reports that change nothing …")
        return [changed, unchanged_reports(stand, theirs, yardstick, plan)]
    finally:
        connection.close()


def list_phases(stand: Stand, plan: Plan) -> list[list[Result]]:
    """What people and their programs look at."""
    return look_at(stand, plan, {
        "sites as JSON, 50 of all": "/api/v1/sites?per_page=50", "sites as a page": "/sites", "first screen": "/overview"})


def advisory_phases(stand: Stand, plan: Plan) -> list[list[Result]]:
    """An advisory on the most-installed module is imported, and its page and list are looked at."""
    flagged: list[dict[str, Any]] = []
    for _ in range(plan.turns):
        command = [sys.executable, "-m", "tests.bench.flagging"]
        said = subprocess.run(command, cwd=ROOT, env=stand.env, capture_output=True, text=True, check=True)
        flagged.append(json.loads(said.stdout.splitlines()[-1]))
    last = flagged[-1]
    told = ", ".join(f"{each['seconds']:.2f} s ({each['seconds'] / each['yardstick']:.1f} times the rows by hand)" for each in flagged)
    say(f"\nAn advisory on {last['module']}: {last['sites']} sites flagged in {told}")
    paths = {"an advisory's sites as JSON": f"/api/v1/advisories/{last['advisory']}/sites",
             "an advisory as a page": f"/advisories/{last['advisory']}"}
    calm = replace(plan, connections=CALM)
    return look_at(stand, plan, paths) + look_at(stand, calm, {f"{name}, {CALM} connections": path for name, path in paths.items()})


def look_at(stand: Stand, plan: Plan, paths: dict[str, str]) -> list[list[Result]]:
    """The same addresses again and again, as JSON below /api and else as a person's browser asks."""
    token, cookie = people.token(stand), people.cookie(stand)
    html = {"Accept": "text/html", "Cookie": cookie}
    told = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
    asked = {name: (path, told if path.startswith("/api/") else html) for name, path in paths.items()}
    phases = []
    for name, (path, headers) in asked.items():
        if not people.answers(stand, path, headers):
            say(f"{path} does not answer 200; left out.")
            continue
        say(f"{name} …")
        measure(stand, name, reading(stand, path, headers), WARM_UP)
        phases.append([measure(stand, name, reading(stand, path, headers), plan)[0] for _ in range(plan.turns)])
    return phases


def finish(stand: Stand, phases: list[list[Result]], about: dict) -> None:
    about |= {"machine": figures.machine(stand), "memory": figures.memory(stand)}
    machine = about["machine"]
    say(
        f"\n{about['sites']} sites of {about['modules']} modules, {about['connections']} connections. "
        f"{machine['cores']} cores, {machine['memory_gib']} GiB, PostgreSQL {machine['postgresql']} (fsync "
        f"{machine['fsync']}, synchronous_commit {machine['synchronous_commit']}), Python {machine['python']}\n"
    )
    say(figures.table(phases))
    for results in phases:
        if results[0].yardstick:
            say(f"\n{results[0].name}, against the yardstick: {figures.ratios(results)}")
    say(f"\nProcessor milliseconds a request:\n{figures.costs(phases)}")
    say(f"\nResident memory, MiB: {', '.join(f'{name} {value}' for name, value in about['memory'].items())}")
    path = INSTANCE / "bench.json"
    figures.keep(path, about, phases)
    say(f"All of it: {path.relative_to(INSTANCE.parent)}")


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
