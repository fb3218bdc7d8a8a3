"""Words and order of values that filters offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from webapp.accounts.queries import find_teams_to_choose
from webapp.catalog.versions import sort_key
from webapp.fleet.queries import Choice
from webapp.kit.permissions import Actor

NOT_OK = "vulnerable,unsupported,outdated,silent,unknown"
"""Every status but OK: what needs somebody, and what cannot be judged."""

WORDS = {
    "status": {NOT_OK: "Any but OK", "vulnerable": "Vulnerable", "unsupported": "Unsupported", "outdated": "Outdated",
               "silent": "Silent", "unknown": "Unknown", "ok": "OK"},
    "environment": {"production": "Production", "staging": "Staging", "development": "Development"},
    "criticality": {"critical": "Critical", "high": "High", "normal": "Normal", "low": "Low"},
    "verdict": {"not_secure": "Not secure", "not_supported": "Not supported", "revoked": "Revoked",
                "not_current": "Update available", "current": "Up to date", "not_checked": "Not checked",
                "unknown": "Unknown", "not_fetched": "Feed not fetched"},
    "enabled": {"true": "Enabled", "false": "Not enabled"},
    "needs": {"security": "Security update", "other": "Other update"},
    "type": {"core": "Core", "module": "Module", "theme": "Theme", "profile": "Profile", "library": "Library",
             "theme_engine": "Theme engine", "distribution": "Distribution"},
    "mark": {"insecure": "Insecure", "unsupported": "Unsupported", "deprecated": "Deprecated", "no_drupal_10": "Not for Drupal 10",
             "no_drupal_11": "Not for Drupal 11"},
    "kind": {"updated": "Changed", "added": "Installed", "removed": "Removed"},
    "outcome": {"accepted": "Accepted", "unchanged": "Unchanged", "refused": "Refused"},
}


def word(name: str, value: str) -> str:
    """What a value of a filter is called."""
    return WORDS.get(name, {}).get(value, value)


def plain(name: str) -> list[Choice]:
    """All values of a filter, in their order, without counts."""
    return [Choice(value, label) for value, label in WORDS[name].items()]


def ordered(name: str, found: Sequence[Choice]) -> list[Choice]:
    """Values in the order of their words, each with its count; those that nothing has are there with 0."""
    counts = {each.value: each.count for each in found}
    return [Choice(value, label, counts.get(value, 0)) for value, label in WORDS[name].items()]


def by_version(found: Sequence[Choice]) -> list[Choice]:
    """Versions, the newest first."""
    return sorted(found, key=lambda each: sort_key(each.value), reverse=True)


def teams_to_choose(actor: Actor, organization_id: UUID | None) -> list[Choice]:
    """The teams that a filter offers: of one organization, or of all that the actor sees."""
    return team_choices(find_teams_to_choose(actor, None if organization_id is None else [organization_id]))


def team_choices(teams: Sequence[Any]) -> list[Choice]:
    """Teams as a form offers them; with the organization's name where they lie in several."""
    several = len({team.organization_name for team in teams}) > 1
    return [Choice(str(team.id), f"{team.name}, {team.organization_name}" if several else team.name) for team in teams]
