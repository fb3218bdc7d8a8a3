"""What messages say, in sentences: the one at the top, and one for each thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from webapp.notify.queries.content import Total
from webapp.notify.values import Happening, Timing

H = Happening
FINDINGS: Final[Mapping[str, tuple[str, str]]] = {
    H.ADVISORY_PUBLISHED: ("is affected by", "are affected by"),
    H.EXPOSURE_OPENED: ("is exposed to", "are exposed to"),
    H.EXPOSURE_DUE_SOON: ("has to be patched soon for", "have to be patched soon for"),
    H.EXPOSURE_OVERDUE: ("is past the deadline for", "are past the deadline for"),
    H.EXPOSURE_CLOSED: ("is no longer exposed to", "are no longer exposed to"),
}
"""What is said of one site, and of several, before the advisory."""
SITES: Final[Mapping[str, tuple[str, str]]] = {
    H.SITE_SILENT: ("has fallen silent", "sites have fallen silent"),
    H.SITE_RECOVERED: ("reports again", "sites report again"),
    H.INVENTORY_REFUSED: ("had a report refused", "sites had a report refused"),
    H.PATCH_RUN_FAILED: ("had a patch run that failed", "patch runs have failed"),
    H.PATCH_RUN_CONTRADICTED: ("had a patch run that its reports contradict", "patch runs are contradicted by reports"),
}
REPORTS: Final[Mapping[str, tuple[str, str]]] = {
    H.REPORT_DONE: ("is built", "reports are built"),
    H.REPORT_FAILED: ("could not be built", "reports could not be built"),
}
TASKS: Final[Mapping[str, tuple[str, str]]] = {
    H.TASK_ASSIGNED: ("has a new task", "tasks were given to somebody"),
    H.TASK_LATE: ("has a task that is late", "tasks are late"),
}
DIGESTS: Final[Mapping[str, str]] = {Timing.HOURLY: "the last hour", Timing.DAILY: "the last day", Timing.WEEKLY: "the last week"}
MOST_NAMED = 3
UNITS: Final = ((172_800, 86_400, "d"), (7200, 3600, "h"), (60, 60, "min"))
"""From how many seconds on a unit is used, and how many it has."""


def plain(text: str) -> str:
    """Text in one line: names are people's, and a line of a letter is ours."""
    return " ".join(text.split())


def counted(number: int, one: str, several: str) -> str:
    return f"1 {one}" if number == 1 else f"{number:,} {several}"


def named(names: Sequence[str], count: int) -> str:
    """A few names, and how many more there are."""
    shown = [plain(name) for name in names[:MOST_NAMED]]
    left = count - len(shown)
    if left:
        return f"{', '.join(shown)} and {left:,} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def advisory_words(row: Any) -> str:
    """`SA-CONTRIB-2026-001 (critical)`, or for what nobody has judged yet, that."""
    grave = "severity unknown" if row.severity == "unknown" else row.severity
    return f"{plain(row.name)} ({grave})"


def finding_text(row: Any, at: datetime) -> str:
    """One line: which sites, what about them, which advisory, and until when it is to be over."""
    return _finding(row, named([site["name"] for site in row.sites], row.sites_count), at)


def finding_title(row: Any, at: datetime) -> str:
    """The same for the top of a message, which is short: more than a few sites are a number."""
    return finding_text(row, at) if row.sites_count <= MOST_NAMED else _finding(row, f"{row.sites_count:,} sites", at)


def _finding(row: Any, who: str, at: datetime) -> str:
    verb = FINDINGS[row.event][0 if row.sites_count == 1 else 1]
    title = f", {plain(row.title)}" if row.title and plain(row.title) != plain(row.name) else ""
    text = f"{who} {verb} {advisory_words(row)}{title}"
    if row.due_at is not None and row.event != H.EXPOSURE_CLOSED:
        text += f"; due {span(row.due_at, at)}"
    return text


def span(moment: datetime, at: datetime) -> str:
    """`in 44 h`, `19 d ago`: one unit, as ages are said on pages."""
    seconds = abs((moment - at).total_seconds())
    for least, size, unit in UNITS:
        if seconds >= least:
            words = f"{int(seconds // size)} {unit}"
            return f"in {words}" if moment > at else f"{words} ago"
    return "now"


def thing_text(row: Any) -> str:
    """One line of something that happened to a site, to a report, or to a task."""
    label = f": {plain(row.label)}" if row.label else ""
    if row.event in REPORTS:
        return f"{plain(row.label) if row.label else 'A report'} {REPORTS[row.event][0]}"
    if row.event in TASKS:
        return f"{plain(row.site['name']) if row.site else 'Your organization'} {TASKS[row.event][0]}{label}"
    name = plain(row.site["name"]) if row.site else "A site"
    return f"{name} {SITES[row.event][0]}{label}"


def summary(total: Total, first: str) -> str:
    """What happened of one kind, in one sentence; `first` is what is said of the only thing, where there is one."""
    if total.items == 1:
        return first
    if total.event in FINDINGS:
        one, several = FINDINGS[total.event]
        what = counted(total.advisories, "advisory", "advisories")
        return f"{counted(total.sites, 'site', 'sites')} {one if total.sites == 1 else several} {what}"
    return f"{total.items:,} {({**SITES, **TASKS}.get(total.event) or REPORTS[total.event])[1]}"


def digest_title(totals: Sequence[Total], timing: str, place: str) -> str:
    """What a digest is called: how much came together, and where."""
    count = sum(total.items for total in totals)
    return f"{plain(place)}, {DIGESTS.get(timing, 'lately')}: {counted(count, 'thing', 'things')} to know"


def reason(rule: str, place: str) -> str:
    """Why somebody gets a message."""
    return f"You get this because of the rule “{plain(rule)}” of {plain(place)} in Patchboard."
