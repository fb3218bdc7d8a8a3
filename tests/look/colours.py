"""Colours as eyes see them: tokens read from the stylesheet, WCAG contrast, colour-blindness and distances.

Contrast: WCAG 2.2, relative luminance. Colour-blindness: Machado, Oliveira and Fernandes 2009, severity 1, on
linear RGB. Distance: CIEDE2000 (Sharma, Wu and Dalal 2005); about 2 is just visible.
"""

import re
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt
from pathlib import Path

Colour = tuple[float, float, float]
CSS = Path(__file__).parents[2] / "static" / "css"

SIGHTS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
WHITE = (0.95047, 1.0, 1.08883)

TOKEN = re.compile(
    r"--pb-([\w-]+):\s*(?:light-dark\(\s*(#[0-9a-f]{6})\s*,\s*(#[0-9a-f]{6})\s*\)|(#[0-9a-f]{6}))", re.IGNORECASE
)


def tokens(theme: str) -> dict[str, str]:
    """The colour tokens of a theme ("light" or "dark") by name without --pb-, as #rrggbb."""
    found = TOKEN.findall((CSS / "tokens.css").read_text("utf-8"))
    return {name: both or (light if theme == "light" else dark) for name, light, dark, both in found}


def linear(colour: str) -> Colour:
    """Linear RGB, 0 to 1, of #rrggbb."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def apply(matrix, colour: Colour) -> Colour:
    first, second, third = (sum(weight * part for weight, part in zip(row, colour, strict=True)) for row in matrix)
    return first, second, third


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours, 1 to 21."""
    lights = sorted(
        sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), linear(each), strict=True)) for each in (one, other)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def seen(colour: str, sight: str) -> Colour:
    """CIE Lab (D65) of a colour as it looks to a kind of sight."""
    looks = [min(1.0, max(0.0, part)) for part in apply(SIGHTS[sight], linear(colour))]
    x, y, z = (
        _lab(part / white) for part, white in zip(apply(XYZ, (looks[0], looks[1], looks[2])), WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _lab(part: float) -> float:
    return part ** (1 / 3) if part > (6 / 29) ** 3 else part / (3 * (6 / 29) ** 2) + 4 / 29


def distance(one: Colour, other: Colour) -> float:
    """CIEDE2000 between two colours in Lab."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (hypot(a1, b1) + hypot(a2, b2)) / 2
    g = 0.5 * (1 - sqrt(mean**7 / (mean**7 + 25**7)))
    c1, c2 = hypot(a1 * (1 + g), b1), hypot(a2 * (1 + g), b2)
    h1, h2 = (degrees(atan2(b, a * (1 + g))) % 360 if a or b else 0.0 for a, b in ((a1, b1), (a2, b2)))
    dh = _turn(h2 - h1) if c1 * c2 else 0.0
    d_hue = 2 * sqrt(c1 * c2) * sin(radians(dh / 2))
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = h1 + h2 if not c1 * c2 else (h1 + dh / 2) % 360
    t = (
        1
        - 0.17 * cos(radians(hue - 30))
        + 0.24 * cos(radians(2 * hue))
        + 0.32 * cos(radians(3 * hue + 6))
        - 0.20 * cos(radians(4 * hue - 63))
    )
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / sqrt(20 + (lightness - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    turn = -2 * sqrt(chroma**7 / (chroma**7 + 25**7)) * sin(radians(60 * exp(-(((hue - 275) / 25) ** 2))))
    light, colour, tint = (l2 - l1) / s_l, (c2 - c1) / s_c, d_hue / s_h
    return sqrt(light**2 + colour**2 + tint**2 + turn * colour * tint)


def _turn(angle: float) -> float:
    return angle - 360 if angle > 180 else angle + 360 if angle < -180 else angle
