"""Sound as a picture of its level."""

from __future__ import annotations

import itertools

import numpy as np

from talkgraph.nodes.values import Speech
from talkgraph.report.curves import HEIGHT, WIDTH, axis_labels
from talkgraph.report.markup import Html, figure, tag

_COLUMNS = 600
_SAMPLED = 8000  # samples looked at per column of a long recording


def waveform(speech: Speech, caption: str) -> Html:
    """Lowest and highest sample of every column; nothing of an hour's sound stays in memory."""
    low, high = envelope(speech.samples, _COLUMNS)
    scale = max(float(np.abs(low).max()), float(np.abs(high).max()), 1e-3)
    x = (np.arange(len(low)) + 0.5) * WIDTH / len(low)
    middle = HEIGHT / 2
    top, bottom = middle - high / scale * middle, middle - low / scale * middle
    there = [f"{a:.1f} {b:.1f}" for a, b in zip(x, top, strict=True)]
    back = [f"{a:.1f} {b:.1f}" for a, b in zip(x[::-1], bottom[::-1], strict=True)]
    shape = tag("path", d=f"M{'L'.join([*there, *back])}Z", class_="wave")
    drawing = tag(
        "svg", shape, viewBox=f"0 0 {WIDTH} {HEIGHT}", preserveAspectRatio="none", role="img",
        aria_label=caption,
    )  # fmt: skip
    labels = axis_labels(np.linspace(0, max(speech.seconds, 1e-6), 5), "s")
    chart = tag(
        "div",
        tag("div", tag("span", f"\u00b1{scale:.2g}"), class_="y-labels"),
        tag("div", drawing, class_="plot low"),
        tag("div", *(tag("span", label) for label in labels), class_="x-labels"),
        class_="chart",
    )
    return figure(chart, caption, class_="wide")


def envelope(samples: object, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest of `samples [shape=(n,)]` in each column, `[shape=(columns,)]` each."""
    data = np.asanyarray(samples)
    edges = np.linspace(0, len(data), min(columns, max(1, len(data))) + 1).astype(int)
    low, high = np.zeros(len(edges) - 1), np.zeros(len(edges) - 1)
    for k, (start, stop) in enumerate(itertools.pairwise(edges)):
        part = data[start : min(stop, start + _SAMPLED)]
        low[k], high[k] = float(part.min()), float(part.max())
    return low, high
