"""The geometry of charts: what is drawn is where its number says."""

import re
from itertools import pairwise
from math import floor

import pytest

from webapp.kit.web import drawing


def series(**values):
    return [{"key": key, "label": key.capitalize(), "values": each} for key, each in values.items()]


@pytest.mark.parametrize(
    "value", [0, 0.04, 0.4, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 23, 48, 99, 101, 600, 1187, 2433, 5012, 1e6]
)
def test_an_axis_holds_its_value_with_at_most_five_steps(value):
    top, step = drawing.ceiling(value)
    assert top >= value
    assert 1 <= round(top / step, 6) <= 5
    assert value < 1 or step == floor(step)


@pytest.mark.parametrize(
    "values",
    [
        (1187, 142, 1604, 63, 29, 1987),
        (0, 0, 0),
        (5, 0, 0),
        (1, 10_000, 1),
        (0, 3, 0, 4),
        (1,) * 20,
        (1, 1, 1_000_000),
    ],
)
def test_a_bar_is_full_and_no_part_that_exists_vanishes(values):
    placed = drawing.shares(values)
    assert [width > 0 for _, width in placed] == [value > 0 for value in values]
    shown = [(x, width) for x, width in placed if width]
    assert all(width >= 0.59 for _, width in shown)
    for (x, width), (after, _) in pairwise(shown):
        assert after == pytest.approx(x + width + 0.3, abs=0.02)
    if shown:
        assert shown[0][0] == 0
        assert sum(shown[-1]) == pytest.approx(100, abs=0.1)


def test_areas_stand_on_one_another_from_zero_up():
    plot = drawing.stacked_areas(series(critical=[1, 2], low=[3, 2]), ["Mon", "Tue"])
    assert [key for key, _ in plot.areas] == ["low", "critical"]
    upper = [float(y) for y in re.findall(r" ([\d.]+)", plot.seps[-1])]
    assert upper == [plot.y(4), plot.y(4)]
    assert f" {plot.bottom:g}Z" in plot.areas[0][1]


def test_a_line_breaks_where_nothing_is_known_and_a_lone_value_is_a_dot():
    plot = drawing.lines(series(lag=[4, 2, None, 3, None, 1, 2]), [str(at) for at in range(7)])
    assert plot.lines[0][1].count("M") == 2
    assert [(key, y) for key, _, y in plot.dots] == [("lag", plot.y(3))]


def test_lines_of_nothing_can_be_drawn():
    plot = drawing.lines(series(lag=[None, None]), ["Mon", "Tue"])
    assert plot.lines == [("lag", "")]
    assert not plot.ends


def test_a_column_is_as_high_as_its_number_and_nothing_has_none():
    plot = drawing.stacked_columns(series(security=[0, 2], other=[None, 2]), ["Mon", "Tue"])
    assert [key for key, *_ in plot.columns] == ["other", "security"]
    assert all(height == pytest.approx(plot.bottom - plot.y(2), abs=0.11) for *_, height in plot.columns)


@pytest.mark.parametrize("draw", [drawing.stacked_areas, drawing.stacked_columns, drawing.lines])
@pytest.mark.parametrize("size", drawing.SIZES)
@pytest.mark.parametrize("count", [0, 1, 2, 12, 90])
def test_everything_lies_inside_the_drawing(draw, size, count):
    periods = [f"{at} Aug" for at in range(count)]
    plot = draw(series(critical=[at * 17 % 23 for at in range(count)], low=[1234] * count), periods, size)
    width, height = drawing.SIZES[size]
    assert 2 <= len(plot.grid) <= 6
    assert plot.grid[0][0] == plot.bottom
    assert len(plot.ticks) <= drawing.MOST_TICKS[size]
    assert not count or plot.ticks[-1][1] == periods[-1]
    numbers = [
        float(number)
        for path in [*(p for _, p in plot.areas), *(p for _, p in plot.lines)]
        for number in re.findall(r"[\d.]+", path)
    ]
    assert all(0 <= number <= width for number in numbers)
    assert all(0 < x < width and 0 < y < height for _, x, y, _ in plot.ends)
    assert all(x >= plot.left and x + w <= plot.right + 0.1 and y >= plot.top for _, x, y, w, _ in plot.columns)


def test_labels_of_lines_that_end_together_stand_apart():
    plot = drawing.lines(series(a=[1, 5], b=[2, 5], c=[3, 5], d=[0, 0]), ["Mon", "Tue"])
    heights = sorted(y for _, _, y, _ in plot.ends)
    assert all(below - above >= drawing.LABEL_GAP for above, below in pairwise(heights))
    assert heights[-1] <= plot.bottom
