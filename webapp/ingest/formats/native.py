"""Patchboard's own body: what a site posts that knows itself (contract §4)."""

from __future__ import annotations

from typing import Any, Final

from webapp.fleet.values import EVERYTHING, Claim, InventoryReport, ReportedModule
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.fields import Problems, is_machine_name, is_plain, is_project, package_name, path_of
from webapp.ingest.formats.packages import core_module
from webapp.ingest.formats.secrets import redact
from webapp.kit.errors import Invalid

FIELDS: Final = frozenset({"reported_at", "full", "drupal", "modules"})
MODULE_FIELDS: Final = frozenset({"name", "display_name", "type", "project", "version", "enabled", "latest_version",
                                  "recommended_version", "update_available", "security_update", "datestamp"})
DRUPAL_FIELDS: Final = {"core_version": fields.TEXT_MAX, "php_version": 64, "database": fields.TEXT_MAX,
                        "install_profile": fields.NAME_MAX}
TYPES: Final = frozenset({"core", "module", "theme", "profile", "library", "theme_engine", "distribution"})

REQUIRED: Final = "It is required."
_MISSING: Final = object()
_FLAGS: Final = frozenset({bool, type(None)})


@format_of("native", hint='{"modules": […]}')
class Native:
    """Reads the native body strictly: an unknown field or a wrong value anywhere refuses all of it."""

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        # Other documents have `modules` too, but a path there (core:status).
        listed = isinstance(document.get("modules"), list | dict)
        return listed or (bool(document) and document.keys() <= FIELDS)

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        problems = Problems()
        for key in sorted(document.keys() - FIELDS):
            problems.add(path_of(key), fields.UNKNOWN)
        full = document.get("full", True)
        if not isinstance(full, bool):
            problems.add("full", "Neither true nor false.")
        reported_at = document.get("reported_at")
        moment = fields.read_time(reported_at)
        if moment is None and reported_at is not None:
            problems.add("reported_at", fields.TIME_WRONG)
        drupal = _read_drupal(document.get("drupal"), problems)
        rows = _rows(document, full is True and not drupal.get("core_version"), problems)
        modules = _read_modules(rows, problems)
        core_version = _settle_core(modules, drupal.get("core_version"), problems)
        problems.check()
        return InventoryReport(
            ("native",), modules, moment, EVERYTHING if full else frozenset(), core_version=core_version,
            php_version=drupal.get("php_version"), database=drupal.get("database"),
            install_profile=drupal.get("install_profile"))


def _rows(document: dict[str, Any], must_list: bool, problems: Problems) -> list[Any]:
    """The rows of `modules`; too many are refused at once, before any is looked at."""
    rows = fields.entries(document.get("modules"))
    if rows is None:
        problems.add("modules", "A list of modules is required.")
        return []
    if len(rows) > fields.MODULES_MAX:
        raise Invalid.at("modules", fields.TOO_MANY)
    if not rows and must_list:
        problems.add("modules", "An empty list would remove everything.")
    return rows


def _read_drupal(value: object, problems: Problems) -> dict[str, str]:
    """The texts of `drupal` that are given."""
    values = {} if value is None else fields.mapping(value)
    if values is None:
        problems.add("drupal", fields.NOT_AN_OBJECT)
        return {}
    for key in sorted(values.keys() - DRUPAL_FIELDS.keys()):
        problems.add(f"drupal.{path_of(key)}", fields.UNKNOWN)
    found = {}
    for key, maximum in DRUPAL_FIELDS.items():
        given = values.get(key)
        if given is None or given == "":
            continue
        if key == "core_version" and not fields.is_version(given):
            problems.add("drupal.core_version", fields.VERSION_WRONG)
        elif not fields.is_text(given, maximum):
            problems.add(f"drupal.{key}", f"Not text on one line of {maximum} characters at most.")
        else:
            found[key] = given if key == "core_version" else redact(given)
    return found


def _read_modules(rows: list[Any], problems: Problems) -> list[ReportedModule]:
    """The modules in order; a row that is not right in the plainest way gets the careful reading, which says why."""
    modules: list[ReportedModule] = []
    seen: set[str] = set()
    for index, row in enumerate(rows):
        module = _read_plain(row) or _read_careful(row, f"modules.{index}", problems)
        if module is None:
            if problems.full:
                break
            continue
        if module.name in seen:
            problems.add(f"modules.{index}.name", fields.TWICE)
        seen.add(module.name)
        modules.append(module)
    return modules


def _read_plain(row: Any) -> ReportedModule | None:  # noqa: PLR0911 (one flat run of tests)
    """The module of a row that is plainly right; None leaves the decision to `_read_careful`.

    Nearly every row of every report ends here, so it is one flat run of tests without calls into our own code: about
    2 µs a row, where the careful reading takes 8 to 15.
    """
    if type(row) is not dict or not row.keys() <= MODULE_FIELDS or "datestamp" in row:
        return None
    get = row.get
    name, version, kind, source = get("name"), get("version", _MISSING), get("type"), "extensions"
    if type(name) is not str or not is_machine_name(name):
        name, source = package_name(name), "packages"
        if name is None or (kind is not None and kind != "library"):
            return None
        kind = "library"
    if kind is not None and (type(kind) is not str or kind not in TYPES):
        return None
    # Printable white space is the blank only, and whatever begins with one is left to the careful reading.
    if version is not None and not (
            type(version) is str and version[:1] > " " and len(version) < 256 and version.isprintable()):
        return None
    latest, recommended = get("latest_version"), get("recommended_version")
    if latest is not None and not (
            type(latest) is str and latest[:1] > " " and len(latest) < 256 and latest.isprintable()):
        return None
    if recommended is not None and recommended != latest and not fields.is_version(recommended):
        return None
    enabled, update, security = get("enabled"), get("update_available"), get("security_update")
    if type(enabled) not in _FLAGS or type(update) not in _FLAGS or type(security) not in _FLAGS:
        return None
    project, label = get("project", name if kind != "library" else None), get("display_name")
    if project is not None and not (type(project) is str and is_project(project)):
        return None
    if label is not None and not (type(label) is str and is_plain(label)):
        return None
    silent = latest is None and recommended is None and update is None and security is None
    claim = None if silent else Claim(latest, recommended, update, security)
    return ReportedModule(name, version, kind or "module", project, label, enabled, source, claim)


def _read_careful(row: Any, at: str, problems: Problems) -> ReportedModule | None:
    """The module of any row, or None and every field that is wrong with it."""
    if not isinstance(row, dict):
        problems.add(at, fields.NOT_AN_OBJECT)
        return None
    before = len(problems.details)
    for key in sorted(row.keys() - MODULE_FIELDS):
        problems.add(f"{at}.{path_of(key)}", fields.UNKNOWN)
    given = row.get("name")
    package = fields.package_name(given)
    name = package or (given if isinstance(given, str) and is_machine_name(given) else None)
    if name is None:
        problems.add(f"{at}.name", fields.NAME_WRONG if "name" in row else REQUIRED)
    if "version" not in row:
        problems.add(f"{at}.version", "It is required; null says that there is none.")
    versions = [_version(row, key, at, problems) for key in ("version", "latest_version", "recommended_version")]
    flags = [_flag(row, key, at, problems) for key in ("enabled", "update_available", "security_update")]
    kind = _kind(row.get("type"), package is not None, at, problems)
    own = name if name is not None and package is None else None
    project, label = row.get("project", own) or None, row.get("display_name") or None
    if project is not None and not (isinstance(project, str) and is_project(project)):
        problems.add(f"{at}.project", fields.PROJECT_WRONG)
    if label is not None and not fields.is_text(label):
        problems.add(f"{at}.display_name", f"Not text on one line of {fields.TEXT_MAX} characters at most, or null.")
    stamp = row.get("datestamp")
    if stamp is not None and fields.seconds(stamp) is None:
        problems.add(f"{at}.datestamp", "Not a time in seconds since 1970.")
    if len(problems.details) > before or problems.full or name is None:
        return None
    claim = Claim(versions[1], versions[2], flags[1], flags[2])
    return ReportedModule(name, versions[0], kind, project, redact(label) if label else None, flags[0],
                          "packages" if package else "extensions", claim if claim != Claim() else None,
                          fields.datestamp(stamp, versions[0]))


def _version(row: dict[str, Any], key: str, at: str, problems: Problems) -> str | None:
    value = row.get(key)
    if value is None or fields.is_version(value):
        return value
    problems.add(f"{at}.{key}", fields.VERSION_WRONG)
    return None


def _flag(row: dict[str, Any], key: str, at: str, problems: Problems) -> bool | None:
    value = row.get(key)
    if value is None or isinstance(value, bool):
        return value
    problems.add(f"{at}.{key}", "Neither true nor false nor null.")
    return None


def _kind(value: object, is_package: bool, at: str, problems: Problems) -> str:
    """The type, by default `module`, and `library` for a package name, which can have no other."""
    if value is None:
        return "library" if is_package else "module"
    if not isinstance(value, str) or value not in TYPES:
        problems.add(f"{at}.type", f"Not one of {', '.join(sorted(TYPES))}.")
    elif is_package and value != "library":
        problems.add(f"{at}.type", "What has a Composer package name is of type library.")
    else:
        return value
    return "module"


def _settle_core(modules: list[ReportedModule], given: str | None, problems: Problems) -> str | None:
    """Makes Drupal itself the module `drupal`, and gives its version.

    It may be listed and given as `core_version`: then both must say the same, as neither is known to be the better one.
    """
    listed = next((module for module in modules if module.name == "drupal"), None)
    if listed is None:
        if given is not None:
            modules.append(core_module(given))
        return given
    if given is not None and listed.version != given:
        problems.add("drupal.core_version", "It is not the version of the module drupal in the list.")
    listed.type, listed.project = "core", "drupal"
    return listed.version
