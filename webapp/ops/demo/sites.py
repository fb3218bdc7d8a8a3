"""What kind of site each site of the demo is: where it belongs, how it is kept, and how it will stand in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from random import Random
from typing import Final

from webapp.ops.demo.places import Place, site_of
from webapp.ops.demo.releases import Project

DAY: Final = timedelta(days=1)


class Fate(Enum):
    """How a site stands at the end. LATE is vulnerable for days only; MUTE has only ever sent what is refused."""

    KEPT = "everything up to date"
    OUTDATED = "only security updates made lately"
    VULNERABLE = "left alone for weeks"
    LATE = "patched until shortly before the last security releases"
    SILENT = "its reports have stopped"
    UNHEARD = "registered, never reported"
    MUTE = "registered, every report refused"
    UNJUDGED = "sends its lock file only, which says nothing of updates"


FATES: Final = (
    (Fate.KEPT, 28),
    (Fate.OUTDATED, 14),
    (Fate.VULNERABLE, 6),
    (Fate.LATE, 3),
    (Fate.SILENT, 5),
    (Fate.UNHEARD, 1),
    (Fate.MUTE, 1),
    (Fate.UNJUDGED, 2),
)
"""How many of sixty sites."""
UNHEARD: Final = frozenset({Fate.UNHEARD, Fate.MUTE})

COMMON: Final = (
    "admin_toolbar",
    "ctools",
    "entity_reference_revisions",
    "field_group",
    "metatag",
    "paragraphs",
    "pathauto",
    "redirect",
    "simple_sitemap",
    "token",
    "twig_tweak",
    "webform",
)
LATELY_INSECURE: Final = ("externalauth", "entity_browser")
"""Projects whose last security release is among the last of the list."""
LIBRARIES: Final = ("drush/drush", "guzzlehttp/guzzle", "twig/twig")
TOOLS: Final = ("devel", "stage_file_proxy", "upgrade_status")
PHP: Final = {"10": ("8.1.31", "8.2.27", "8.3.14"), "11": ("8.3.14", "8.3.20", "8.4.6")}
DATABASES: Final = ("mysql 8.0.39", "mysql 8.4.5", "mariadb 10.11.8", "mariadb 11.4.4", "pgsql 16.4")
TAGS: Final = (
    "public",
    "forms",
    "multilingual",
    "legacy",
    "shared hosting",
    "containers",
    "accessibility audit",
    "redesign 2027",
)
POSTERS: Final = ("ci", "ci", "manual", "manual", "scheduled", None, None)
"""How a site's updates are made known, if at all."""


@dataclass(slots=True)
class Kind:
    """One site, decided beforehand: everything about it that does not change, and how it is looked after.

    `rhythm` is the days between updates of everything, `reaction` the days from a security release to its installation.
    `poster` is the trigger of the runs that are posted for it; None where nobody posts any.
    """

    number: int
    place: Place
    name: str
    host: str
    fate: Fate
    environment: str
    criticality: str
    tags: list[str]
    owner: int | None
    born_at: datetime
    core: str
    php: str
    database: str
    projects: list[Project]
    libraries: list[Project]
    custom: list[tuple[str, str, str | None]]
    rhythm: float
    reaction: float
    poster: str | None
    heard_until: datetime
    sends_late: bool
    sends_bad: bool
    restores: bool

    @property
    def url(self) -> str:
        return f"https://{self.host}"


def kinds(count: int, seed: int, today: datetime, projects: dict[str, Project]) -> list[Kind]:
    """The demo's sites. Each is drawn on its own, so that more of them leave the others as they are."""
    fates = [fate for fate, share in FATES for _ in range(share)]
    Random(f"{seed} fates").shuffle(fates)  # noqa: S311 (a demo, not a secret)
    return [
        _kind(number, fates[number % len(fates)], Random(f"{seed} site {number}"), today, projects)  # noqa: S311
        for number in range(count)
    ]


def _kind(number: int, fate: Fate, draw: Random, today: datetime, projects: dict[str, Project]) -> Kind:
    place, name, host = site_of(number)
    environment = _environment(number)
    if environment != "production":
        short = {"staging": "staging", "development": "dev"}[environment]
        name, host = f"{name} ({short})", f"{short}.{host.removeprefix('www.')}"
    born_at = today - DAY * draw.uniform(*_age(number, fate))
    core = "11" if draw.random() < 0.55 else "10"
    chosen = _projects(draw, fate, environment, born_at, projects)
    silence = draw.choice((3.2, 5.5, 11, 24, 47)) if fate is Fate.SILENT else 0
    return Kind(
        number,
        place,
        name,
        host,
        fate,
        environment,
        _criticality(draw, environment),
        sorted(draw.sample(TAGS, draw.randint(0, 3))),
        draw.choice((0, 0, 1, 1, 2, None)),
        born_at,
        core,
        draw.choice(PHP[core]),
        draw.choice(DATABASES),
        chosen,
        [projects[each] for each in LIBRARIES]
        + draw.sample(
            [each for each in projects.values() if each.kind == "library" and each.name not in LIBRARIES],
            draw.randint(0, 3),
        ),
        _custom(draw, place),
        draw.choice((21, 30, 30, 45, 60)),
        draw.choice((0.2, 0.6, 1, 3, 7, 14)),
        draw.choice(POSTERS),
        today - DAY * silence,
        sends_late=number % 20 == 3,
        sends_bad=number % 5 == 2,
        restores=number % 4 == 1,
    )


def _age(number: int, fate: Fate) -> tuple[float, float]:
    """Between how many days ago a site was registered: a quarter of them 18 months ago."""
    if fate in UNHEARD:
        return 5, 25
    return (540, 552) if number % 4 == 0 else (150, 430)


def _environment(number: int) -> str:
    if number % 7 == 5:
        return "staging"
    return "development" if number % 12 == 8 else "production"


def _criticality(draw: Random, environment: str) -> str:
    if environment != "production":
        return draw.choice(("normal", "low", "low"))
    return draw.choice(("critical", "high", "high", "normal", "normal", "normal", "low"))


def _projects(draw: Random, fate: Fate, environment: str, born_at: datetime, projects: dict[str, Project]) -> list[Project]:
    """Most of what every site has, and some of what few have: only what there was when the site was built."""
    there = {each.name: each for each in projects.values() if each.kind in ("module", "theme") and each.newest(born_at)}
    names: list[str] = [name for name in COMMON if name in there and draw.random() < 0.85]
    rare = sorted(there.keys() - set(COMMON) - set(TOOLS) - set(LATELY_INSECURE))
    names += draw.sample(rare, min(draw.randint(6, 15), len(rare)))
    if environment != "production":
        names += TOOLS
    if fate is Fate.LATE:
        names += LATELY_INSECURE
    elif draw.random() < 0.3:
        names.append(draw.choice(LATELY_INSECURE))
    return [there[name] for name in dict.fromkeys(names) if name in there]


def _custom(draw: Random, place: Place) -> list[tuple[str, str, str | None]]:
    """A site's own code, as (name, type, version): it belongs to no project, and mostly has no version."""
    modules = draw.sample(("blocks", "forms", "import", "migrate", "search", "sso", "theme_helper", "workflow"), draw.randint(1, 4))
    own: list[tuple[str, str, str | None]] = [
        (f"{place.custom}_{each}", "module", draw.choice((None, None, "1.0.0", "1.4.2"))) for each in modules
    ]
    return [*own, (f"{place.custom}_theme", "theme", draw.choice((None, "2.1.0", "3.0.1")))]
