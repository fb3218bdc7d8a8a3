"""What a release feed says: projects and their releases as value objects, and core's words for how a project stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from blinker import Signal

feeds_kept = Signal()
"""Sent with `at`, outside of any transaction, when feeds were taken in: the rooms above let their sites follow the verdicts."""

CORE = "drupal"
SECURITY, INSECURE, UNSUPPORTED = "Security update", "Insecure", "Unsupported"
NOT_FETCHED_STATUS = "not-fetched"


class UpdateStatus(IntEnum):
    """Core's own codes. Source: core/modules/update/src/UpdateManagerInterface.php, UpdateFetcherInterface.php."""

    NOT_SECURE = 1
    REVOKED = 2
    NOT_SUPPORTED = 3
    NOT_CURRENT = 4
    CURRENT = 5
    NOT_CHECKED = -1
    UNKNOWN = -2
    NOT_FETCHED = -3
    FETCH_PENDING = -4


class Line(StrEnum):
    """Which feed of a project: that of Drupal 8 and later, or the older one, which has rules of its own."""

    CURRENT = "current"
    SEVEN = "7.x"


class FeedState(StrEnum):
    """What came of the last attempt to fetch a feed; `failed` keeps what an earlier attempt brought."""

    WAITING = "waiting"
    OK = "ok"
    UNKNOWN = "unknown_project"
    FAILED = "failed"


class AdvisoryOrigin(StrEnum):
    """A server that advisories are fetched from, in the order in which they are asked."""

    PSA = "psa"
    NODES = "drupal.org"
    OSV = "osv"


@dataclass(frozen=True, slots=True)
class Release:
    """One release as its feed has it. `date` is in seconds since 1970; None where the feed has none, as text where it is no number.

    `terms` are the values of its `Release type`. `security` is drupal.org's sentence on its coverage and `covered` the
    attribute beside it, which core ignores. `major`, `patch` and `extra` are only in the 7.x feed.
    """

    version: str
    status: str = ""
    release_link: str = ""
    download_link: str = ""
    date: str | None = None
    terms: tuple[str, ...] = ()
    core_compatibility: str | None = None
    security: str | None = None
    covered: bool = False
    major: str | None = None
    patch: str | None = None
    extra: str | None = None

    @property
    def is_published(self) -> bool:
        return self.status == "published"

    @property
    def is_security(self) -> bool:
        return SECURITY in self.terms

    @property
    def is_insecure(self) -> bool:
        return INSECURE in self.terms

    @property
    def is_unsupported(self) -> bool:
        return UNSUPPORTED in self.terms

    @property
    def seconds(self) -> int:
        """The date as a number; 0 where there is none, as PHP has it."""
        try:
            return int(float(self.date or 0))
        except (ValueError, OverflowError):
            return 0


@dataclass(frozen=True, slots=True)
class ReleaseFeed:
    """A project's release history. `releases` keep the file's order, on which core's rules rely.

    `supported_branches` is None where the feed has no such element and `("",)` where it is empty: core takes the first for
    "none" and the second for "all".
    """

    short_name: str
    title: str = ""
    type: str = ""
    project_status: str = ""
    link: str = ""
    supported_branches: tuple[str, ...] | None = None
    line: Line = Line.CURRENT
    supported_majors: tuple[str, ...] | None = None
    recommended_major: str | None = None
    default_major: str | None = None
    releases: Mapping[str, Release] = field(default_factory=dict)


@dataclass(slots=True)
class Verdict:
    """How an installed version stands by its project's feed; versions as the feed spells them.

    `also` are newer majors' newest releases, by major. `reason` and `extra_labels` are core's words, `rule` says which of its
    rules decided.
    """

    install_type: str
    status: UpdateStatus | None = None
    recommended: str | None = None
    latest_version: str | None = None
    dev_version: str | None = None
    latest_dev: str | None = None
    also: dict[str, str] = field(default_factory=dict)
    security_updates: list[str] = field(default_factory=list)
    reason: str | None = None
    extra_labels: list[str] = field(default_factory=list)
    rule: str = ""

    def settle(self, status: UpdateStatus, rule: str, reason: str | None = None, label: str | None = None) -> Verdict:
        """Gives the status with the rule that led to it."""
        self.status, self.rule = status, rule
        if reason is not None:
            self.reason = reason
        if label is not None:
            self.extra_labels.append(label)
        return self
