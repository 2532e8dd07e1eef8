import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.report.curves import (
    POINTS,
    Series,
    axis_labels,
    heat_map,
    histogram,
    line_chart,
    nice_range,
)

NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, NUMBERS)
def test_the_range_holds_both_ends_and_is_not_much_wider(a, b):
    low, high = min(a, b), max(a, b)
    start, stop = nice_range(low, high)
    room = max(high - low, 1e-9 * max(abs(low), abs(high), 1e-6))
    assert start <= low + 1e-6 * room and stop >= high - 1e-6 * room
    if high - low > 1e-3:
        assert stop - start <= 4 * (high - low)


@pytest.mark.parametrize(
    ("values", "unit", "labels"),
    [
        ([0, 2.5, 5, 7.5, 10], "s", ["0 s", "2.5", "5.0", "7.5", "10.0 s"]),
        ([20, 10, 0, -10, -20], "°", ["20°", "10", "0", "−10", "−20°"]),
        ([0, 25, 50, 75, 100], "", ["0", "25", "50", "75", "100"]),
        ([0, 0.01, 0.02], "px", ["0 px", "0.01", "0.02 px"]),
    ],
)
def test_labels_tell_ticks_apart_in_few_digits(values, unit, labels):
    assert axis_labels(values, unit) == labels


def test_a_line_goes_through_its_points(parsed):
    page = parsed(line_chart([Series("a", [0, 4, 2])], "up and down"))
    (path,) = page.all("path", "curve")
    assert path["d"] == "M0 200L500 0L1000 100"
    assert "up and down" in page.text


def test_long_lines_keep_their_extremes_in_few_points(parsed):
    y = np.zeros(100_000)
    y[54_321] = 7
    page = parsed(line_chart([Series("a", y)], ""))
    (path,) = page.all("path", "curve")
    assert path["d"].count("L") <= POINTS
    heights = [float(word.split()[1]) for word in path["d"][1:].split("L")]
    assert min(heights) <= 50  # 7 of at most 8, seen from the top


def test_gaps_interrupt_the_line_and_marks_and_bands_are_drawn(parsed):
    page = parsed(
        line_chart([Series("a", [0, 1, np.nan, 1, 0])], "", marks=[2.0], marks_name="keyframes",
                   band=(0.2, 0.4), band_name="usual", gaps=[(1, 2)], gaps_name="missing")
    )  # fmt: skip
    assert page.all("path", "curve")[0]["d"].count("M") == 2
    assert len(page.all("line", "mark")) == 1
    assert len(page.all("rect", "band")) == len(page.all("rect", "gap")) == 1
    for word in ("keyframes", "usual", "missing"):
        assert word in page.text


@pytest.mark.parametrize(
    "made",
    [
        line_chart([Series("a", [])], "none"),
        line_chart([Series("a", [np.nan, np.inf])], "not finite"),
        line_chart([Series("a", [3.0])], "one"),
        heat_map(np.zeros((0, 3)), "empty"),
        heat_map(np.full((3, 3), np.nan), "not finite"),
        histogram(np.array([1.0, 1.0]), "alike"),
        histogram(np.array([np.nan]), "not finite"),
    ],
)
def test_odd_input_is_drawn_or_said(made, parsed):
    page = parsed(made)
    assert page.text and "nan" not in made and "inf" not in made.replace("infinite", "")
