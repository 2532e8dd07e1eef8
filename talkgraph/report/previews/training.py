"""Networks: what their files say about themselves, and how the loss fell while they learned."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from talkgraph.display import Scene, preview
from talkgraph.nodes.training.curve import read_curve
from talkgraph.nodes.values import OnnxModel
from talkgraph.report.curves import Series, line_chart
from talkgraph.report.format import bounded, size_text
from talkgraph.report.markup import Html, facts, table, tag

_FIRST = ("kind", "licence", "trained", "start", "size", "parity")


@preview(OnnxModel)
def onnx_model(value: OnnxModel, scene: Scene) -> Iterator[Html]:
    """Size, training curve, model card, and every other fact in short."""
    yield facts(size=size_text(value.file.path.stat().st_size))
    curve = read_curve(value.facts)
    if curve is not None:
        steps, loss = curve
        middle = (np.arange(len(loss)) + 0.5) * steps / len(loss)
        yield line_chart(
            [Series("loss", loss, middle)], "Training loss, each point the mean of a stretch",
            x_unit="steps", zero=True,
        )  # fmt: skip
    hidden = {"card", *_hidden(value)}
    names = [n for n in _FIRST if n in value.facts]
    names += [n for n in value.facts if n not in names and n not in hidden]
    rows = [(name, bounded(value.facts[name], 160)) for name in names if value.facts[name]]
    if rows:
        yield table(rows)
    if value.facts.get("card"):
        card = tag("pre", bounded(value.facts["card"], 6000))
        yield tag("details", tag("summary", "Model card"), card)


def _hidden(value: OnnxModel) -> set[str]:
    """Facts that are long lists of numbers, for programs."""
    return {name for name, text in value.facts.items() if len(text) > 400 or name == "curve"}
