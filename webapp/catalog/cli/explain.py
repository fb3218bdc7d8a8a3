"""`flask --app wsgi explain …`: the product's own rules, asked one JSON object a line, answered one a line and in order.

Nothing here needs the database. A line that cannot be answered is answered with its error, and the rest go on.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click
import orjson

from webapp.catalog.feeds import osv
from webapp.catalog.feeds.release_history import LARGEST, BadFeed, parse_feed
from webapp.catalog.values.releases import NOT_FETCHED_STATUS, ReleaseFeed
from webapp.catalog.values.severity import read_risk
from webapp.catalog.verdicts import calculate
from webapp.catalog.verdicts.advisories import module_of
from webapp.catalog.verdicts.core_compatibility import is_compatible, possible_core_versions, requirement
from webapp.catalog.verdicts.coverage import support_of
from webapp.catalog.versions import BadVersion, compare, normalize, satisfies, to_composer
from webapp.kit.clock import now

Explainer = Callable[[Mapping[str, Any]], Mapping[str, Any]]
KEPT = 1_024


class BadQuestion(ValueError):
    """A line that asks nothing that can be answered."""


@click.group()
def explain() -> None:
    """Says why: one JSON object a line in, one a line out, in order; a bad line answers {"error"}."""


def explains(name: str) -> Callable[[Explainer], Explainer]:
    """Makes a function of one question a command that answers a stream of them."""

    def register(work: Explainer) -> Explainer:
        @explain.command(name, help=work.__doc__)
        def answer_all() -> None:
            for line in sys.stdin.buffer:
                sys.stdout.buffer.write(orjson.dumps(answer(work, line)) + b"\n")
                sys.stdout.buffer.flush()

        return work

    return register


def answer(work: Explainer, line: bytes) -> Mapping[str, Any]:
    """The answer to one line, or why there is none."""
    try:
        asked = orjson.loads(line)
        if not isinstance(asked, dict):
            raise BadQuestion("A line is one JSON object.")
        return work(asked)
    except orjson.JSONDecodeError:
        return {"error": "Not well-formed JSON."}
    except (ValueError, OSError) as problem:
        return {"error": str(problem)}


@explains("normalize")
def explain_normalize(asked: Mapping[str, Any]) -> dict[str, Any]:
    """{version} → {normalized}: Composer's normal form."""
    return {"normalized": normalize(_text(asked, "version"))}


@explains("compare")
def explain_compare(asked: Mapping[str, Any]) -> dict[str, Any]:
    """{a, b} → {result: -1, 0 or 1}: the order of two versions."""
    return {"result": compare(_text(asked, "a"), _text(asked, "b"))}


@explains("satisfies")
def explain_satisfies(asked: Mapping[str, Any]) -> dict[str, Any]:
    """{version, constraint} → {satisfies}: whether Composer would take the version."""
    return {"satisfies": satisfies(_text(asked, "version"), _text(asked, "constraint"))}


@explains("risk")
def explain_risk(asked: Mapping[str, Any]) -> dict[str, Any]:
    """{risk: "AC:None/A:None/…"} → {score, level}: drupal.org's security risk level."""
    risk = read_risk(_text(asked, "risk"))
    return {"score": risk.score, "level": risk.level}


@explains("support")
def explain_support(asked: Mapping[str, Any]) -> dict[str, Any]:
    """{core_version, core_feed, today} → {state, until, message}: how long a version of core gets security updates."""
    given = asked.get("today")
    try:
        today = date.fromisoformat(given) if given is not None else now().date()
    except (TypeError, ValueError):
        raise BadQuestion("“today” is no date, such as 2026-08-21.") from None
    support = support_of(_text(asked, "core_version"), _feed(asked, "core_feed"), today)
    return {"state": support.state, "until": support.until, "message": support.message}


@explains("status")
def explain_status(asked: Mapping[str, Any]) -> dict[str, Any]:
    """{project, installed_version, datestamp?, core_version?, feed, core_feed?} → {status, status_name, recommended, …, rule}.

    A feed is a path or XML text; what is not there, or is empty, was not fetched.
    """
    installed = asked.get("installed_version")
    if installed is not None and not isinstance(installed, str):
        raise BadQuestion("“installed_version” is no text.")
    feed = _feed(asked, "feed")
    verdict = calculate(feed, installed, _datestamp(asked.get("datestamp")))
    assert verdict.status is not None
    answered = {
        "status": int(verdict.status), "status_name": verdict.status.name, "recommended": verdict.recommended,
        "latest_version": verdict.latest_version,
        "dev_version": verdict.dev_version, "latest_dev": verdict.latest_dev, "also": list(verdict.also.values()),
        "security_updates": verdict.security_updates, "reason": verdict.reason, "extra_labels": verdict.extra_labels,
        "install_type": verdict.install_type, "rule": verdict.rule,
    }
    return answered | ({"core_compatibility": _compatibility(asked, answered, feed)} if asked.get("core_feed") else {})


def _compatibility(asked: Mapping[str, Any], answered: Mapping[str, Any], feed: ReleaseFeed | None) -> dict[str, Any]:
    """Of each release that is offered and names a constraint: whether it fits the installed core, and which core it needs."""
    core_version, core_feed = asked.get("core_version"), _feed(asked, "core_feed")
    if feed is None or core_feed is None or not isinstance(core_version, str):
        return {}
    candidates = possible_core_versions(core_version, core_feed)
    offered = [answered["recommended"], answered["latest_version"], *answered["also"], *answered["security_updates"]]
    found = {}
    for version in offered:
        constraint = feed.releases[version].core_compatibility if version in feed.releases else None
        if constraint and candidates:
            found[version] = {"constraint": constraint, "compatible": is_compatible(core_version, constraint),
                              "message": requirement(constraint, candidates)}
    return found


def _text(asked: Mapping[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str):
        raise BadQuestion(f"“{name}” is missing, or no text.")
    return value


def _datestamp(value: object) -> int | None:
    """Seconds since 1970, as a number or as text; None for nothing or 0, which is what core has for "not known"."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BadQuestion("“datestamp” is no number of seconds.")
    try:
        return int(value) or None
    except ValueError:
        raise BadQuestion("“datestamp” is no number of seconds.") from None


def _feed(asked: Mapping[str, Any], name: str) -> ReleaseFeed | None:
    """The feed that a path or a text gives; None where it is none that core could read."""
    given = asked.get(name)
    if given is not None and not isinstance(given, str):
        raise BadQuestion(f"“{name}” is neither a path nor XML.")
    if given is None or not given.strip():
        return _not_fetched()
    if given.lstrip("\ufeff \t\r\n").startswith("<"):
        return _parsed(given)
    path = Path(given)
    try:
        found = path.stat()
    except FileNotFoundError:
        return _not_fetched()
    if not path.is_file() or found.st_size > LARGEST:
        raise BadQuestion(f"“{name}” is no file that could be a feed.")
    return _read(given, found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=1)
def _not_fetched() -> ReleaseFeed:
    return ReleaseFeed("", project_status=NOT_FETCHED_STATUS)


@functools.lru_cache(maxsize=KEPT)
def _read(path: str, changed: int, size: int) -> ReleaseFeed | None:
    """A file's feed; its time and size are part of what is remembered, so that another content is read anew."""
    raw = Path(path).read_bytes()
    return _parsed_bytes(raw) if raw.strip() else _not_fetched()


@functools.lru_cache(maxsize=KEPT)
def _parsed(text: str) -> ReleaseFeed | None:
    return _parsed_bytes(text.lstrip("\ufeff \t\r\n").encode("utf-8", "replace"))


def _parsed_bytes(raw: bytes) -> ReleaseFeed | None:
    try:
        return parse_feed(raw)
    except BadFeed:
        return None


@explains("advisory")
def explain_advisory(asked: Mapping[str, Any]) -> dict[str, Any]:
    """{advisory: an OSV object, package, version} → {affected, why}: by Composer's constraints on the affected versions."""
    record = osv.read(asked.get("advisory"))
    package, version = module_of(_text(asked, "package")), _text(asked, "version")
    affected = next((each for each in record.affected if each.package == package), None)
    if affected is None:
        return {"affected": False, "why": f"{record.ids[0]} is not about {package}."}
    if record.withdrawn_at is not None:
        return {"affected": False, "why": f"{record.ids[0]} was withdrawn."}
    if affected.problem is not None:
        raise BadQuestion(f"The constraint cannot be read: {affected.problem}.")
    said = " or is listed" if affected.versions else ""
    if affected.covers(version):
        return {"affected": True, "why": f"{version} satisfies {affected.constraint or 'nothing'}{said}."}
    try:
        normalize(to_composer(version) if version[:1].isdigit() else version)
    except BadVersion as problem:
        return {"affected": False, "why": f"{version} cannot be compared: {problem.reason}."}
    return {"affected": False, "why": f"{version} does not satisfy {affected.constraint or 'any constraint'}."}
