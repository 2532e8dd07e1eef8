"""Curves over time: a stretched drawing with labels beside it, so that text keeps its size."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkgraph.report.markup import Html, figure, tag

WIDTH, HEIGHT = 1000, 200  # units of the drawing; the page stretches it
POINTS = 1200  # more than this along a line is thinned to the extremes of each stretch
_X_LABELS, _Y_LABELS = 5, 5

Line = NDArray[np.float64]


@attrs.frozen(eq=False)
class Series:
    """One line. `y [shape=(n,)]`; x: `[shape=(n,)]`, default 0 to n - 1; faint: in the back."""

    name: str
    y: ArrayLike
    x: ArrayLike | None = None
    faint: bool = False


def line_chart(
    series: Sequence[Series],
    caption: str = "",
    *,
    unit: str = "",
    x_unit: str = "s",
    marks: Iterable[float] = (),
    marks_name: str = "",
    band: tuple[float, float] | None = None,
    band_name: str = "",
    gaps: Iterable[tuple[float, float]] = (),
    gaps_name: str = "",
    zero: bool = False,
) -> Html:
    """Lines over one axis.

    Args:
        marks: places on the x axis to mark with a vertical line.
        band: a range of y to shade from edge to edge.
        gaps: ranges of x to shade from top to bottom.
        zero: let the y axis begin at 0.
    """
    lines = [(one, *_thinned(one)) for one in series]
    lines = [(one, x, y) for one, x, y in lines if len(y)]
    if not lines:
        return figure(tag("p", "nothing to draw", class_="empty"), caption)
    low_x = min(float(x[0]) for _, x, _ in lines)
    high_x = max(max(float(x[-1]) for _, x, _ in lines), low_x + 1e-9)
    ends = [f(y[np.isfinite(y)]) for _, _, y in lines for f in (np.min, np.max) if _finite(y)]
    ends += [*(band or ()), *((0.0,) if zero else ())]
    low_y, high_y = nice_range(min(ends, default=0.0), max(ends, default=1.0))

    def at_x(x: float) -> float:
        return round((x - low_x) / (high_x - low_x) * WIDTH, 1)

    def at_y(y: float) -> float:
        return round((high_y - y) / (high_y - low_y) * HEIGHT, 1)

    shapes = []
    for start, stop in gaps:
        left = at_x(start)
        shapes.append(
            tag("rect", x=left, y=0, width=max(at_x(stop) - left, 1), height=HEIGHT, class_="gap")
        )
    if band is not None:
        top = at_y(band[1])
        depth = max(at_y(band[0]) - top, 1)
        shapes.append(tag("rect", x=0, y=top, width=WIDTH, height=depth, class_="band"))
    shapes += [
        tag("line", x1=0, x2=WIDTH, y1=HEIGHT * k / 4, y2=HEIGHT * k / 4, class_="grid")
        for k in range(1, _Y_LABELS - 1)
    ]
    at = [at_x(mark) for mark in marks]
    shapes += [tag("line", x1=x, x2=x, y1=0, y2=HEIGHT, class_="mark") for x in at]
    names = []
    number = 0
    for one, x, y in lines:
        kind = "faint" if one.faint else f"line{number % 6}"
        number += not one.faint
        shapes.append(tag("path", d=_path(x, y, at_x, at_y), class_=f"curve {kind}"))
        names.append((one.name, kind))
    if band is not None:
        names.append((band_name, "band"))
    if at:
        names.append((marks_name, "mark"))
    if gaps_name and gaps:
        names.append((gaps_name, "gap"))
    drawing = tag(
        "svg", *shapes, viewBox=f"0 0 {WIDTH} {HEIGHT}", preserveAspectRatio="none",
        role="img", aria_label=caption or ", ".join(one.name for one in series),
    )  # fmt: skip
    y_labels = axis_labels(np.linspace(high_y, low_y, _Y_LABELS), unit)
    x_labels = axis_labels(np.linspace(low_x, high_x, _X_LABELS), x_unit)
    chart = tag(
        "div",
        tag("div", *(tag("span", label) for label in y_labels), class_="y-labels"),
        tag("div", drawing, class_="plot"),
        tag("div", *(tag("span", label) for label in x_labels), class_="x-labels"),
        class_="chart",
    )
    legend = _legend(names) if len(names) > 1 else None
    return figure(tag("div", legend, chart), caption, class_="wide")


def _legend(names: list[tuple[str, str]]) -> Html:
    entries = (
        tag("li", tag("span", class_=f"swatch {kind}"), name) for name, kind in names if name
    )
    return tag("ul", *entries, class_="legend")


def _finite(y: Line) -> bool:
    return bool(np.isfinite(y).any())


def _thinned(one: Series) -> tuple[Line, Line]:
    """x and y of at most `POINTS` points; of longer lines the extremes of every stretch."""
    y = np.asarray(one.y)
    count = len(y)
    x = np.arange(count) if one.x is None else np.asarray(one.x)
    if count > POINTS:
        edges = np.linspace(0, count, POINTS // 2 + 1).astype(int)
        keep = []
        for start, stop in itertools.pairwise(edges):
            part = np.nan_to_num(np.asarray(y[start:stop], np.float64))
            keep += sorted({start + int(part.argmin()), start + int(part.argmax())})
        x, y = x[keep], y[keep]
    return np.asarray(x, np.float64), np.asarray(y, np.float64)


def _path(x: Line, y: Line, at_x: object, at_y: object) -> str:
    """The line as an SVG path, interrupted where it is not finite."""
    assert callable(at_x) and callable(at_y)
    words, down = [], False
    for here, value in zip(x.tolist(), y.tolist(), strict=True):
        if math.isfinite(value):
            words.append(f"{'L' if down else 'M'}{at_x(here):g} {at_y(value):g}")
        down = math.isfinite(value)
    if len(words) == 1:
        words.append(f"H{WIDTH}")  # a single value holds for all time
    return "".join(words)


def nice_range(low: float, high: float) -> tuple[float, float]:
    """The smallest range that holds both, four steps of a short number long."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return 0.0, 1.0
    if high - low < 1e-9 * max(abs(low), abs(high), 1e-6):
        pad = abs(low) * 0.1 or 0.5
        low, high = low - pad, high + pad
    steps = _Y_LABELS - 1
    power = 10.0 ** math.floor(math.log10((high - low) / steps))
    for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 10, 20):
        step = factor * power
        start = math.floor(low / step + 1e-9) * step
        if start + steps * step >= high - 1e-9 * step:
            return start, start + steps * step
    return low, high


def axis_labels(values: Iterable[float], unit: str) -> list[str]:
    """Numbers with as many digits as tell them apart, with the unit at the first and last."""
    numbers = [float(v) for v in values]
    step = abs(numbers[1] - numbers[0])
    digits = 0 if step <= 0 else max(0, min(6, math.ceil(-math.log10(step) - 1e-9)))
    if any(abs(round(v, digits) - v) > 0.05 * step for v in numbers):
        digits += 1
    texts = [f"{v:.{digits}f}".replace("-", "\u2212") for v in numbers]
    texts = ["0" if float(t.replace("\u2212", "-")) == 0 else t for t in texts]
    spaced = unit if unit == "°" else f" {unit}" if unit else ""
    return [f"{t}{spaced}" if i in (0, len(texts) - 1) else t for i, t in enumerate(texts)]


def heat_map(
    values: ArrayLike, caption: str, *, seconds: float | None = None, row: str = ""
) -> Html:
    """A picture of `values [shape=(rows, columns)]`, low dark and high light, time to the right."""
    from talkgraph.report.pictures import picture_of

    table = np.nan_to_num(np.asarray(values, np.float32))
    if not table.size:
        return figure(tag("p", "nothing to draw", class_="empty"), caption)
    low, high = np.percentile(table, (1, 99))
    unit = np.clip((table - low) / max(float(high - low), 1e-12), 0, 1)
    image = picture_of(_RAMP[np.rint(unit * 255).astype(np.uint8)], alt=caption, lossless=True)
    labels = [] if seconds is None else axis_labels(np.linspace(0, seconds, _X_LABELS), "s")
    chart = tag(
        "div",
        tag("div", tag("span", row), class_="y-labels"),
        tag("div", image, class_="plot map"),
        tag("div", *(tag("span", label) for label in labels), class_="x-labels"),
        class_="chart",
    )
    return figure(chart, caption, class_="wide")


def _ramp() -> NDArray[np.uint8]:
    """256 colours of steadily rising lightness, from night blue over magenta to pale yellow."""
    stops = np.array([(9, 8, 40), (84, 27, 123), (183, 55, 121), (247, 124, 90), (252, 240, 190)])
    at = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(at, np.arange(len(stops)), stops[:, c]) for c in range(3)]
    colours: NDArray[np.uint8] = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    return colours


_RAMP = _ramp()


def histogram(values: ArrayLike, caption: str) -> Html:
    """How often which values occur, of a sample of at most 100,000 numbers."""
    numbers = np.asarray(values).ravel()
    numbers = numbers[:: max(1, len(numbers) // 100_000)].astype(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers) or numbers.min() == numbers.max():
        return figure(tag("p", "all values are alike", class_="empty"), caption)
    counts, edges = np.histogram(numbers, 48)
    most = counts.max()
    bars = [
        tag("rect", x=round(i * WIDTH / 48, 1), width=round(WIDTH / 48 - 1, 1),
            y=round(HEIGHT * (1 - n / most), 1), height=round(HEIGHT * n / most, 1), class_="bar")
        for i, n in enumerate(counts.tolist()) if n
    ]  # fmt: skip
    drawing = tag(
        "svg", *bars, viewBox=f"0 0 {WIDTH} {HEIGHT}", preserveAspectRatio="none", role="img",
        aria_label=caption,
    )  # fmt: skip
    labels = [f"{v:.3g}" for v in np.linspace(edges[0], edges[-1], 3)]
    chart = tag(
        "div",
        tag("div", class_="y-labels"),
        tag("div", drawing, class_="plot low"),
        tag("div", *(tag("span", label) for label in labels), class_="x-labels"),
        class_="chart",
    )
    return figure(chart, caption, class_="wide")
