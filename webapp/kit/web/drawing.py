"""The geometry of charts that are only to be seen: numbers in, coordinates and SVG paths out.

Colours and words are the template's. Every chart is drawn 1,128, 860 and 340 wide, and the page shows the one that fits where it
stands, so that its text is about 12 px everywhere; y starts at 0; at most five lines cross it. A value of None is a gap in a line and
no column: no data is not zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10
from typing import Any

Series = Mapping[str, Any]
"""`key` (names the colour), `label`, `values` (one a period, None where there is no data), and perhaps a `unit`."""

SIZES = {"full": (1128, 240), "wide": (860, 220), "narrow": (340, 210)}
STEPS = (1, 2, 2.5, 5, 10)
TOP, FOOT, RIGHT, LETTER = 12, 24, 8, 6.8
MOST_TICKS = {"full": 13, "wide": 10, "narrow": 4}
LABEL_GAP = 15


@dataclass(slots=True)
class Plot:
    """One drawing of a chart. Coordinates are SVG user units, which are pixels at full size.

    `grid` (y, label), `ticks` (x, label, anchor), `areas` (key, path), `seps` paths, `lines` (key, path),
    `dots` (key, x, y), `ends` (key, x, y, label), `columns` (key, x, y, width, height).
    """

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    most: float
    grid: list[tuple[float, str]] = field(default_factory=list)
    ticks: list[tuple[float, str, str]] = field(default_factory=list)
    areas: list[tuple[str, str]] = field(default_factory=list)
    seps: list[str] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    dots: list[tuple[str, float, float]] = field(default_factory=list)
    ends: list[tuple[str, float, float, str]] = field(default_factory=list)
    columns: list[tuple[str, float, float, float, float]] = field(default_factory=list)

    def y(self, value: float) -> float:
        return round(self.bottom - value / self.most * (self.bottom - self.top), 1)


def ceiling(value: float) -> tuple[float, float]:
    """The top of a y axis that holds the value, and the step of its lines: at most five steps, whole ones from 1 on."""
    if value <= 0:
        return 1, 1
    power = 10.0 ** floor(log10(value / 4))
    if value >= 1:
        power = max(power, 1.0)
    step = next(
        step for step in (times * power for times in STEPS) if value / step <= 5 and (value < 1 or step.is_integer())
    )
    return ceil(round(value / step, 9)) * step, step


def shares(values: Sequence[float], gap: float = 0.3, least: float = 0.6) -> list[tuple[float, float]]:
    """Where each part of a stacked bar begins and how wide it is, in percent; a part that is not zero stays visible."""
    shown = sum(1 for value in values if value > 0)
    total = sum(values)
    room = 100 - gap * max(0, shown - 1)
    wide = [max(least, value / total * room) if value > 0 else 0.0 for value in values]
    spare = sum(width for width in wide if width > least)
    over = sum(wide) - room
    wide = [width - over * width / spare if width > least else width for width in wide] if spare else wide
    placed, x = [], 0.0
    for width in wide:
        placed.append((round(x, 2), round(width, 2)))
        x += width + gap if width else 0
    return placed


def stacked_areas(series: Sequence[Series], periods: Sequence[str], size: str = "wide") -> Plot:
    """Counts over time, one area on another; the first series is drawn on top."""
    totals = [sum(each["values"][at] or 0 for each in series) for at in range(len(periods))]
    plot = _frame(max(totals, default=0), periods, size)
    xs = _points(plot, len(periods))
    base = [0.0] * len(periods)
    for each in reversed(series):
        above = [low + (value or 0) for low, value in zip(base, each["values"], strict=True)]
        upper = [f"{x:g} {plot.y(value):g}" for x, value in zip(xs, above, strict=True)]
        lower = [f"{x:g} {plot.y(value):g}" for x, value in zip(reversed(xs), reversed(base), strict=True)]
        plot.areas.append((each["key"], f"M{'L'.join(upper + lower)}Z"))
        plot.seps.append(f"M{'L'.join(upper)}")
        base = above
    return plot


def stacked_columns(series: Sequence[Series], periods: Sequence[str], size: str = "wide") -> Plot:
    """Counts a period, one part of a column on another; the first series is drawn on top."""
    totals = [sum(each["values"][at] or 0 for each in series) for at in range(len(periods))]
    plot = _frame(max(totals, default=0), periods, size, between=True)
    band = (plot.right - plot.left) / max(1, len(periods))
    width = min(band * 0.7, 44)
    for at in range(len(periods)):
        x, low = plot.left + band * at + (band - width) / 2, 0.0
        for each in reversed(series):
            if value := each["values"][at]:
                y = plot.y(low + value)
                plot.columns.append((each["key"], round(x, 1), y, round(width, 1), round(max(plot.y(low) - y, 1), 1)))
                low += value
    return plot


def lines(series: Sequence[Series], periods: Sequence[str], size: str = "wide") -> Plot:
    """Values over time, one line each, labelled at its end; a gap where there is no data, a dot for a lone value."""
    known = [value for each in series for value in each["values"] if value is not None]
    ends = [_end(each) for each in series]
    plot = _frame(max(known, default=0), periods, size, room=max((len(end) for end in ends), default=0) * LETTER)
    xs = _points(plot, len(periods))
    for each, end in zip(series, ends, strict=True):
        points = [
            (x, plot.y(value)) if value is not None else None for x, value in zip(xs, each["values"], strict=True)
        ]
        path, alone = _path(points)
        plot.lines.append((each["key"], path))
        plot.dots += [(each["key"], *point) for point in alone]
        last = next((point for point in reversed(points) if point), None)
        if last:
            plot.ends.append((each["key"], last[0] + 6, last[1], end))
    plot.ends = _apart(plot.ends, plot.bottom)
    return plot


def _end(each: Series) -> str:
    last = next((value for value in reversed(each["values"]) if value is not None), None)
    return (
        str(each["label"]) if last is None else " ".join(filter(None, (each["label"], _number(last), each.get("unit"))))
    )


def _path(points: Sequence[tuple[float, float] | None]) -> tuple[str, list[tuple[float, float]]]:
    """The path through runs of known points, and the points that have no neighbour."""
    path, alone, run = "", [], list[tuple[float, float]]()
    for point in [*points, None]:
        if point:
            run.append(point)
            continue
        if len(run) == 1:
            alone.append(run[0])
        elif run:
            path += "M" + "L".join(f"{x:g} {y:g}" for x, y in run)
        run = []
    return path, alone


def _apart(ends: list[tuple[str, float, float, str]], bottom: float) -> list[tuple[str, float, float, str]]:
    """Labels of lines moved so that none covers another and none leaves the drawing."""
    placed: list[tuple[str, float, float, str]] = []
    for key, x, y, text in sorted(ends, key=lambda end: end[2]):
        placed.append((key, x, max(y, placed[-1][2] + LABEL_GAP) if placed else y, text))
    below = bottom
    for at in range(len(placed) - 1, -1, -1):
        key, x, y, text = placed[at]
        placed[at] = (key, x, min(y, below), text)
        below = placed[at][2] - LABEL_GAP
    return placed


def _frame(most: float, periods: Sequence[str], size: str, *, between: bool = False, room: float = 0) -> Plot:
    """Axes: lines across with their numbers, and as many periods named as fit."""
    width, height = SIZES[size]
    top, step = ceiling(most)
    numbers = [(at * step, _number(at * step)) for at in range(round(top / step) + 1)]
    left = 10 + max(len(text) for _, text in numbers) * LETTER
    plot = Plot(
        width,
        height,
        round(left, 1),
        width - RIGHT - min(room + 6 if room else 0, width / 2.5),
        TOP,
        height - FOOT,
        top,
    )
    plot.grid = [(plot.y(value), text) for value, text in numbers]
    count, every = len(periods), max(1, ceil((len(periods) - 1) / max(1, MOST_TICKS[size] - 1)))
    band = (plot.right - plot.left) / max(1, count)
    xs = [plot.left + band * (at + 0.5) for at in range(count)] if between else _points(plot, count)
    for at in range(count - 1, -1, -every):
        ends = not between and count > 1
        over = between and xs[at] + len(periods[at]) * LETTER / 2 > width
        anchor = "end" if over or (ends and at == count - 1) else "start" if ends and at == 0 else "middle"
        plot.ticks.insert(0, (width if over else round(xs[at], 1), periods[at], anchor))
    return plot


def _points(plot: Plot, count: int) -> list[float]:
    if count == 1:
        return [round((plot.left + plot.right) / 2, 1)]
    return [round(plot.left + (plot.right - plot.left) * at / (count - 1), 1) for at in range(count)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == floor(value) else f"{value:,.2f}".rstrip("0")
