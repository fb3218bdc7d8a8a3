"""What a site says is installed on it, and what a report changed: the value objects of the fleet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

EVERYTHING = frozenset({"packages", "modules", "themes", "core"})
"""All domains of an inventory: Composer's packages, and Drupal's modules, themes and core extensions."""


class Environment(StrEnum):
    PRODUCTION = "production"
    STAGING = "staging"
    DEVELOPMENT = "development"


class Criticality(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class SiteStatus(StrEnum):
    """How well a site is kept. Neither SILENT nor UNKNOWN ever counts as healthy."""

    VULNERABLE = "vulnerable"
    UNSUPPORTED = "unsupported"
    OUTDATED = "outdated"
    SILENT = "silent"
    UNKNOWN = "unknown"
    OK = "ok"


class Reporting(StrEnum):
    """How a site keeps its own rhythm. LATE is past what it usually does, SILENT past what was promised for it."""

    ON_TIME = "on_time"
    LATE = "late"
    SILENT = "silent"
    RECOVERED = "recovered"
    NEVER = "never"


@dataclass(slots=True)
class Claim:
    """What a document says of a module's updates; None where it says nothing."""

    latest_version: str | None = None
    recommended_version: str | None = None
    update_available: bool | None = None
    security_update: bool | None = None


@dataclass(slots=True)
class ReportedModule:
    """One extension or package that a document says is there.

    `name` is Drupal's machine name, or `vendor/package` for what Composer installs beside Drupal's own; `version` is kept
    as given (None: the site names none). `source` is who knows it: "packages" (a lock file) or "extensions" (Drupal itself).
    `enabled` is None where the document does not say. `datestamp` is when drupal.org made a development version (seconds since 1970).
    """

    name: str
    version: str | None
    type: str = "module"
    project: str | None = None
    display_name: str | None = None
    enabled: bool | None = None
    source: str = "extensions"
    claim: Claim | None = None
    datestamp: int | None = None


@dataclass(slots=True)
class InventoryReport:
    """One report of a site, whatever format it came in.

    `speaks` are the domains in which absence means removal (empty for a partial list); `absent_means_disabled` is for
    lists of what is enabled only: what a lock file brought in stays, switched off. `claims` are statements on the updates of
    modules that the document does not say are installed (an audit); they never add a module. `claims_security_of_all` says
    that every module that `claims` leaves out has no known security update (an audit without findings). Besides the four domains
    of EVERYTHING there is "projects": of each project of drupal.org its main extension, and nothing else. `database_updates`
    counts by module the database updates that wait to be run.
    """

    formats: tuple[str, ...]
    modules: list[ReportedModule]
    reported_at: datetime | None = None
    speaks: frozenset[str] = EVERYTHING
    absent_means_disabled: bool = False
    core_version: str | None = None
    php_version: str | None = None
    database: str | None = None
    install_profile: str | None = None
    claims: dict[str, Claim] = field(default_factory=dict)
    claims_security_of_all: bool = False
    database_updates: dict[str, int] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        """Whether absence means anything at all."""
        return bool(self.speaks)


@dataclass(slots=True)
class VersionChange:
    """One module's step on one site; no `from_version`: installed, no `to_version`: removed."""

    module_id: int
    module: str
    from_version: str | None
    to_version: str | None
    kind: str


@dataclass(slots=True)
class ChangeSet:
    """What one report changed, in numbers and steps; `packages` are the projects of all modules that moved or were switched."""

    report_id: str = ""
    received: int = 0
    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    updates_available: int = 0
    security_updates: int = 0
    is_newest: bool = True
    changes: list[VersionChange] = field(default_factory=list)
    packages: set[str] = field(default_factory=set)
