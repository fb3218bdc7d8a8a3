"""Makes one report of a bundle's documents: who is believed on what."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from webapp.fleet.values import Claim, InventoryReport, ReportedModule
from webapp.ingest.formats import composer_audit, composer_outdated, composer_show, cyclonedx, fields, pm_list
from webapp.ingest.formats.composer_lock import Lock
from webapp.ingest.formats.core_extension import NAME as CORE_EXTENSION
from webapp.ingest.formats.core_extension import CoreExtension
from webapp.ingest.formats.packages import module_name
from webapp.kit.errors import Invalid

_THEMES = ("theme", "theme_engine")
SLOTS = {composer_show.NAME: "show", composer_outdated.NAME: "outdated", composer_audit.NAME: "audit", pm_list.NAME: "pm_list",
         cyclonedx.NAME: "cyclonedx"}


@dataclass(slots=True)
class Parts:
    """The documents of one bundle, each at most once."""

    lock: Lock | None = None
    show: InventoryReport | None = None
    outdated: InventoryReport | None = None
    audit: InventoryReport | None = None
    pm_list: InventoryReport | None = None
    core_extension: CoreExtension | None = None
    cyclonedx: InventoryReport | None = None
    others: list[InventoryReport] = field(default_factory=list)

    def add(self, report: InventoryReport) -> None:
        """Puts a report where its format says. Raises `Invalid` where two keys brought the same kind of document."""
        slot = SLOTS.get(report.formats[0])
        if any(report.formats == known.formats for known in self.all_reports()):
            raise Invalid.at("documents", f"There are two documents of the kind {report.formats[0]}.")
        if slot is None:
            self.others.append(report)
        else:
            setattr(self, slot, report)

    def all_reports(self) -> list[InventoryReport]:
        """The reports, those that are believed most first."""
        lock = self.lock.report if self.lock else None
        candidates = (lock, self.show, self.cyclonedx, self.outdated, self.audit, self.pm_list, *self.others)
        return [report for report in candidates if report is not None]


def merge(parts: Parts) -> InventoryReport:
    """One report of all documents. Raises `Invalid` for core.extension alone, and for too many modules."""
    reports = parts.all_reports()
    if parts.core_extension and not (parts.lock or parts.show or parts.pm_list or parts.cyclonedx):
        raise Invalid.at("documents", "core.extension has no versions: send composer.lock or pm:list with it.")
    modules = _installed(parts)
    _pair(modules, parts)
    if parts.core_extension:
        _enable(modules, parts.core_extension)
    claims = _claims(modules, parts)
    for report in parts.others:
        _complete(modules, report, parts, claims)
    if len(modules) > fields.MODULES_MAX:
        raise Invalid.at("documents", fields.TOO_MANY)
    formats = [name for report in reports for name in report.formats]
    formats += [CORE_EXTENSION] if parts.core_extension else []
    speaks = frozenset().union(*(report.speaks for report in reports)) - ({"projects"} if _lists_modules(parts) else set())
    return InventoryReport(
        tuple(formats), list(modules.values()), speaks=speaks,
        absent_means_disabled=any(report.absent_means_disabled for report in reports),
        reported_at=max((report.reported_at for report in reports if report.reported_at), default=None),
        core_version=_first(reports, "core_version"), php_version=_first(reports, "php_version"),
        database=_database(reports),
        install_profile=(parts.core_extension.profile if parts.core_extension else None) or _first(reports, "install_profile"),
        database_updates=next((report.database_updates for report in reports if report.database_updates), {}),
        claims=claims, claims_security_of_all=any(report.claims_security_of_all for report in reports))


def _first(reports: list[InventoryReport], name: str) -> str | None:
    return next((getattr(report, name) for report in reports if getattr(report, name)), None)


def _database(reports: list[InventoryReport]) -> str | None:
    """The longest description: the status names the driver only, the requirements its version too."""
    return max((report.database for report in reports if report.database), key=len, default=None)


def _complete(modules: dict[str, ReportedModule], report: InventoryReport, parts: Parts, claims: dict[str, Claim]) -> None:
    """Adds what one of the further documents knows, in place: facts that nobody else names, its claims, and its modules where
    pm:list has not listed all.
    """
    aliases, of_project = _aliases(parts), _by_project(modules)
    for module in report.modules:
        name = next((name for name in (module.name, aliases.get(module.name)) if name in modules), of_project.get(module.project or ""))
        known = modules.get(name or module.name)
        if known is not None:
            known.version, known.datestamp = known.version or module.version, known.datestamp or module.datestamp
            known.enabled = module.enabled if known.enabled is None else known.enabled
            known.claim = _both(known.claim, module.claim) if module.claim else known.claim
        elif module.type == "core" or not _lists_modules(parts):
            modules[module.name] = replace(module)
        elif module.claim:
            claims[module.name] = _both(claims.get(module.name), module.claim)
    for given, claim in report.claims.items():
        name = aliases.get(given, given)
        claims[name] = _both(claims.get(name), claim)
        if name in modules:
            modules[name].claim = _both(modules[name].claim, claim)


def _lists_modules(parts: Parts) -> bool:
    """Whether pm:list says of every module whether it is there."""
    return parts.pm_list is not None and "modules" in parts.pm_list.speaks


def _by_project(modules: dict[str, ReportedModule]) -> dict[str, str]:
    """From each project to the first of its modules: some have none of their own name."""
    backwards = sorted(modules.values(), key=lambda module: module.name, reverse=True)
    return {module.project: module.name for module in backwards if module.project}


def _aliases(parts: Parts) -> dict[str, str]:
    """From the name that a package would have by its own name alone to the one that the lock gives it."""
    return {module_name(package): name for package, name in (parts.lock.names if parts.lock else {}).items()}


def _installed(parts: Parts) -> dict[str, ReportedModule]:
    """What Composer has installed: by the lock, else by `composer show`, else by a bill of materials."""
    source = parts.lock.report if parts.lock else parts.show or parts.cyclonedx
    return {module.name: replace(module) for module in source.modules} if source else {}


def _pair(modules: dict[str, ReportedModule], parts: Parts) -> None:
    """Adds what Drupal says (pm:list) to what Composer says, in place."""
    if parts.pm_list is None:
        return
    enabled_projects = {module.project for module in parts.pm_list.modules if module.enabled and module.project}
    listed = {module.name for module in parts.pm_list.modules}
    for module in modules.values():
        if module.name not in listed and _may_be_off(module, parts):
            # Some projects have no module of their own name, only others: one of those enabled enables the package.
            module.enabled = module.project in enabled_projects
    for extension in parts.pm_list.modules:
        package = modules.get(extension.name)
        if package is None:
            modules[extension.name] = replace(extension)
            continue
        if extension.version and not (parts.lock and package.name in parts.lock.spelled):
            package.version = extension.version
        package.enabled, package.display_name = extension.enabled, extension.display_name
        package.project = extension.project or package.project
        package.type = extension.type


def _may_be_off(module: ReportedModule, parts: Parts) -> bool:
    """Whether pm:list not naming it means that it is not enabled: only where that list is whole for its type.

    `composer show` knows no types: what it calls a module may be a theme.
    """
    if parts.pm_list is None or module.type in ("library", "core"):
        return False
    if parts.lock is None:
        return {"modules", "themes"} <= parts.pm_list.speaks
    return ("themes" if module.type in _THEMES else "modules") in parts.pm_list.speaks


def _enable(modules: dict[str, ReportedModule], enabled: CoreExtension) -> None:
    """Fills in what is enabled where pm:list, which asks Drupal itself, has not said so."""
    for module in modules.values():
        if module.enabled is None and module.type not in ("library", "core"):
            module.enabled = module.name in enabled.themes or module.name in enabled.modules


def _claims(modules: dict[str, ReportedModule], parts: Parts) -> dict[str, Claim]:
    """Puts the claims of outdated and audit on the modules, in place, and gives those for the report.

    The audit's own stay in the report too: whom it names says at the same time whom it clears.
    """
    aliases = _aliases(parts)
    claims: dict[str, Claim] = dict(parts.cyclonedx.claims) if parts.cyclonedx else {}
    for name, claim in claims.items():
        if name in modules:
            modules[name].claim = claim
    for row in parts.outdated.modules if parts.outdated else ():
        name = aliases.get(row.name, row.name)
        known = modules.get(name)
        if known is not None:
            known.claim = _both(known.claim, row.claim) if row.claim else known.claim
            known.version = known.version or row.version
        elif parts.lock or parts.show or parts.cyclonedx:
            claims[name] = row.claim or Claim()
        else:
            modules[name] = replace(row)
    if parts.audit is None:
        return claims
    for given, claim in parts.audit.claims.items():
        name = aliases.get(given, given)
        claims[name] = _both(claims.get(name), claim)
        if name in modules:
            modules[name].claim = _both(modules[name].claim, claim)
    if parts.audit.claims_security_of_all:
        for module in modules.values():
            if module.claim and module.name not in claims:
                module.claim = replace(module.claim, security_update=False)
    return claims


def _both(first: Claim | None, second: Claim) -> Claim:
    """Two claims on one module: a yes beats a no, and anything beats nothing."""
    if first is None:
        return replace(second)
    return Claim(first.latest_version or second.latest_version, first.recommended_version or second.recommended_version,
                 _either(first.update_available, second.update_available),
                 _either(first.security_update, second.security_update))


def _either(first: bool | None, second: bool | None) -> bool | None:
    if first is None or second is None:
        return second if first is None else first
    return first or second
