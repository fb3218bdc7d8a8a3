"""The stylesheet's colours: readable in both themes, and apart for every kind of sight."""

import itertools
import re

import pytest

from tests.look.colours import CSS, SIGHTS, contrast, distance, seen, tokens

THEMES = ("light", "dark")
GROUNDS = ("surface", "bg", "surface-2", "hover", "selected")
STATUSES = ("ok", "outdated", "vulnerable", "unsupported", "silent", "unknown")
SEVERITIES = ("critical", "high", "moderate", "low")
WORDS = ("text", "muted", "link", *STATUSES)
# The closest two of each set in normal sight, deuter-, prot- and tritanopia, as the design states them.
CLOSEST = {
    "light": {"text": (9.8, 8.7, 9.7, 9.7), "areas": (16.3, 12.7, 14.9, 15.4), "severities": (27.6, 23.0, 30.1, 13.9)},
    "dark": {"text": (11.6, 11.5, 11.5, 11.6), "areas": (14.4, 13.3, 15.3, 15.4), "severities": (25.6, 9.8, 14.7, 9.6)},
}


def sets():
    return {"text": STATUSES, "areas": [f"{name}-fill" for name in STATUSES], "severities": SEVERITIES}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # Pairs of the table that Sharma, Wu and Dalal published with the formula: hue at its seam, and greys.
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_distance_is_ciede2000(one, other, expected):
    assert distance(one, other) == pytest.approx(expected, abs=0.0002)
    assert distance(other, one) == pytest.approx(expected, abs=0.0002)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_is_found_in_both_themes(theme):
    expected = {
        *GROUNDS,
        *WORDS,
        *SEVERITIES,
        *(f"on-{name}" for name in SEVERITIES),
        *(f"{name}-fill" for name in STATUSES),
        "accent",
        "accent-hover",
        "on-accent",
        "focus",
        "border-strong",
        "code-bg",
        "danger",
        "danger-hover",
        "avatar",
        "on-avatar",
        "low-line",
        "moderate-line",
        "on-sev-unknown",
    }
    assert expected <= set(tokens(theme))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("word", WORDS)
def test_words_are_readable_on_every_ground(theme, word):
    colours = tokens(theme)
    worst = min(GROUNDS, key=lambda ground: contrast(colours[word], colours[ground]))
    assert contrast(colours[word], colours[worst]) >= 4.5, f"{word} on {worst}"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("word", "ground"),
    [
        *((f"on-{name}", name) for name in SEVERITIES),
        ("on-sev-unknown", "surface"),
        ("on-accent", "accent"),
        ("on-accent", "accent-hover"),
        ("text", "code-bg"),
        ("on-accent", "danger"),
        ("on-accent", "danger-hover"),
        ("on-avatar", "avatar"),
    ],
)
def test_words_are_readable_on_what_they_stand_on(theme, word, ground):
    colours = tokens(theme)
    assert contrast(colours[word], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    "shape",
    [
        *(f"{name}-fill" for name in STATUSES),
        "border-strong",
        "accent",
        "focus",
        "low-line",
        "moderate-line",
        "critical",
        "high",
    ],
)
def test_shapes_stand_out_from_the_surface(theme, shape):
    colours = tokens(theme)
    assert contrast(colours[shape], colours["surface"]) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", ["text", "areas", "severities"])
@pytest.mark.parametrize(("sight", "at"), [(sight, at) for at, sight in enumerate(SIGHTS)])
def test_no_two_of_a_set_look_alike_to_anybody(theme, kind, sight, at):
    colours = tokens(theme)
    pairs = itertools.combinations(sets()[kind], 2)
    closest = min(distance(seen(colours[one], sight), seen(colours[other], sight)) for one, other in pairs)
    assert closest >= 8
    assert closest == pytest.approx(CLOSEST[theme][kind][at], abs=0.06)


def test_only_the_tokens_name_colours():
    """A colour that is written elsewhere would escape the tests above; shades of shadows may be."""
    layout = (CSS.parents[1] / "templates" / "layouts" / "base.html").read_text("utf-8")
    sheets = re.findall(r"'(\w+)'", re.search(r"for sheet in \(([^)]+)\)", layout).group(1))
    assert sheets[0] == "tokens"
    assert len(sheets) > 5
    for sheet in sheets[1:]:
        assert not re.findall(
            r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b(?=[^{}]*})", (CSS / f"{sheet}.css").read_text("utf-8").lower()
        ), sheet
