"""The bodies that the demo's sites send: Patchboard's own, a lock file, and those that are refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from webapp.catalog.versions import to_composer
from webapp.kit.clock import stamp
from webapp.ops.demo.releases import Project
from webapp.ops.demo.sites import Kind


def own_body(
    kind: Kind,
    installed: Mapping[str, str],
    php: str,
    projects: Mapping[str, Project],
    custom: Iterable[tuple[str, str, str | None]],
    disabled: frozenset[str],
    at: datetime,
) -> dict[str, Any]:
    """What is installed, and what the site knows of updates at that time."""
    rows = [_row(projects[name], version, name not in disabled, at) for name, version in installed.items()]
    rows += [
        {"name": name, "type": type_, "version": version, "project": None, "enabled": True, "display_name": _title(name)}
        for name, type_, version in custom
    ]
    return {
        "drupal": {
            "core_version": installed["drupal"],
            "php_version": php,
            "database": kind.database,
            "install_profile": "standard",
        },
        "modules": rows,
    }


def _row(project: Project, version: str, enabled: bool, at: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {"name": project.name, "version": version, "type": project.kind}
    if project.kind == "library":
        return row
    latest = project.latest(version, at).version
    return {
        **row,
        "project": project.name,
        "display_name": project.title,
        "enabled": enabled,
        "latest_version": latest,
        "recommended_version": latest,
        "update_available": latest != version,
        "security_update": project.is_insecure(version, at),
    }


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def lock_file(
    installed: Mapping[str, str], projects: Mapping[str, Project], custom: Iterable[tuple[str, str, str | None]]
) -> dict[str, Any]:
    """What is installed as Composer has it, which judges nothing."""
    packages: list[dict[str, Any]] = []
    for name, version in installed.items():
        kind = projects[name].kind
        if kind == "library":
            packages.append({"name": name, "version": version, "type": "library"})
        elif kind == "core":
            packages.append({"name": "drupal/core", "version": version, "type": "drupal-core"})
        else:
            packages.append(
                {
                    "name": f"drupal/{name}",
                    "version": to_composer(version),
                    "type": f"drupal-{kind}",
                    "extra": {"drupal": {"version": version}},
                }
            )
    packages += [
        {"name": f"custom/{name}", "version": version or "dev-main", "type": f"drupal-custom-{type_}"} for name, type_, version in custom
    ]
    return {"minimum-stability": "stable", "packages": packages, "packages-dev": []}


def bad_body(draw: Random, good: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """A body that must be refused, each for a reason that is met in practice."""
    rows = good.get("modules") or [{"name": "pathauto", "version": "8.x-1.15"}]
    return draw.choice(
        (
            {"message": "Drush command terminated abnormally due to an unrecoverable error."},
            {"documents": {"composer.lock": ""}},
            {"documents": {"pm:list": "PHP Warning: Undefined array key in phar"}},
            {"modules": []},
            {"modules": [*rows, {"name": "webform", "version": "6.2.9"}, {"name": "webform", "version": "6.2.8"}]},
            {"modules": [*rows, {"name": "Views Tree Helper", "version": "1.0.0"}]},
            {"modules": rows, "reported_at": stamp((at + timedelta(hours=2)).replace(microsecond=0))},
        )
    )
