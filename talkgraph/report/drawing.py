"""The graph as a drawing, from left to right, nested graphs folded into one box each."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import attrs

from talkgraph.engine import Graph
from talkgraph.engine.declare.sources import parse_source
from talkgraph.report.layout import Measures, layered
from talkgraph.report.markup import Html, tag
from talkgraph.report.styles import stylesheet

_MEASURES = Measures()
_LETTERS = 16  # of a name that fit into a box
_UNFOLDED = 60  # steps
MOST_BOXES = 1000  # more are not drawn: nobody could read them


@attrs.frozen
class Box:
    """What is written in a box.

    kind: class of the drawing: a state, `input`, `outside` or `plain`.
    detail: the second line.   words: what a pointer that rests on it is told.
    href: where a click leads.   output: drawn with a thick border.
    """

    name: str
    kind: str = "plain"
    detail: str = ""
    words: str = ""
    href: str | None = None
    output: bool = False


@attrs.frozen
class Fold:
    """One level of a graph: the boxes in order, inputs first, and the lines between them."""

    inputs: list[str]
    steps: list[str]
    groups: dict[str, list[str]]
    edges: list[tuple[str, str]]


Sources = Mapping[str, Mapping[str, str]]
"""Step -> port -> source, steps in an order in which each comes after what it reads."""


def sources_of(graph: Graph) -> Sources:
    """What each step of a graph reads, in order."""
    return {name: graph.steps[name].sources for name in graph.order}


def fold(steps: Sources, prefix: str = "") -> Fold:
    """What is seen of a graph inside the nested graph `prefix`, such as ``outer/``.

    `groups` gives the steps of each deeper nested graph by its full name; sources from elsewhere
    count as inputs.
    """
    groups: dict[str, list[str]] = {}
    seen: dict[str, str] = {}
    for name in steps:
        if name.startswith(prefix):
            first, slash, _ = name[len(prefix) :].partition("/")
            seen[name] = prefix + first
            if slash:
                groups.setdefault(prefix + first, []).append(name)
    outside: dict[str, None] = {}
    edges: dict[tuple[str, str], None] = {}
    for name, box in seen.items():
        for text in steps[name].values():
            source = parse_source(text)[0]
            if source not in seen:
                outside[source] = None
            end = seen.get(source, source)
            if end != box:
                edges[end, box] = None
    return Fold(
        list(outside), _sorted(list(dict.fromkeys(seen.values())), edges), groups, list(edges)
    )


def _sorted(names: list[str], edges: Mapping[tuple[str, str], None]) -> list[str]:
    """Boxes in an order in which every line points forward; folding may have mixed them up."""
    waits = dict.fromkeys(names, 0)
    readers: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        if source in waits:
            waits[target] += 1
            readers[source].append(target)
    done: dict[str, None] = {}
    ready = deque(name for name in names if not waits[name])
    for left in names:
        if not ready and left not in done:  # two groups that feed each other: a cycle
            ready.append(left)
        while ready:
            name = ready.popleft()
            if name in done:
                continue
            done[name] = None
            for reader in readers[name]:
                waits[reader] -= 1
                if not waits[reader]:
                    ready.append(reader)
    return list(done)


def drawn(view: Fold, boxes: Mapping[str, Box], label: str) -> Html:
    """The drawing, a keyboard stop at every box that leads somewhere."""
    names = [*view.inputs, *view.steps]
    if len(names) > MOST_BOXES:
        return tag("p", f"{len(names)} boxes are too many to draw; the list below has them all.")
    place = {name: k for k, name in enumerate(names)}
    forward = [(a, b) for a, b in view.edges if place[a] < place[b]]
    layout = layered(names, forward, _MEASURES)
    lines = [
        tag("path", d=_curve(points), class_="edge", data_from=a, data_to=b)
        for (a, b), points in zip(forward, layout.lines, strict=True)
    ]
    shapes = [_box(name, boxes[name], *layout.boxes[name]) for name in names]
    return tag(
        "svg", tag("title", label), tag("g", *lines), tag("g", *shapes),
        viewBox=f"0 0 {layout.width:.0f} {layout.height:.0f}", width=round(layout.width),
        height=round(layout.height), class_="graph", xmlns="http://www.w3.org/2000/svg",
        role="group", aria_label=label,
    )  # fmt: skip


def _box(name: str, box: Box, x: float, y: float) -> Html:
    m = _MEASURES
    round_ = m.height / 2 if box.kind in ("input", "outside") else 5
    shapes = [
        tag("rect", x=round(x, 1), y=round(y, 1), width=m.width, height=m.height, rx=round_),
        tag(
            "rect", x=round(x, 1), y=round(y + 5, 1), width=4, height=m.height - 10, class_="stripe"
        ),
        tag("text", _short(box.name), x=round(x + 12, 1), y=round(y + 18, 1), class_="name"),
        tag(
            "text", _short(box.detail, 17), x=round(x + 12, 1), y=round(y + 34, 1), class_="detail"
        ),
    ]
    kind = f"box {box.kind}{' output' if box.output else ''}"
    words = f"{box.name}: {box.words or box.detail}"
    if box.href is None:  # no script may be there: the browser's own tip
        return tag("g", *shapes, tag("title", words), class_=kind, data_name=name)
    return tag("a", *shapes, href=box.href, class_=kind, data_name=name, data_words=words,
               aria_label=words)  # fmt: skip


def _short(text: str, letters: int = _LETTERS) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"


def _curve(points: list[tuple[float, float]]) -> str:
    """A smooth line through points that come in pairs: level along waypoints, bent in between."""
    (x, y), *others = points
    words = [f"M{x:.1f} {y:.1f}"]
    for k, (to_x, to_y) in enumerate(others):
        if k % 2:  # along a waypoint
            words.append(f"H{to_x:.1f}")
        else:
            middle = (x + to_x) / 2
            words.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
    return "".join(words)


def plain_boxes(graph: Graph, view: Fold) -> dict[str, Box]:
    """Boxes that name nodes and types, for a graph that has not run."""
    from talkgraph.engine.declare.types import type_name

    end = parse_source(graph.output)[0]
    boxes = {}
    for name in view.inputs:
        type_ = graph.inputs.get(name)
        detail = type_name(type_) if name in graph.inputs else "from outside"
        boxes[name] = Box(name, "input", detail, f"input {name}: {detail}")
    for name in view.steps:
        if name in graph.steps:
            node = graph.steps[name].node
            words = f"step {name}, node {node.node_id}"
            boxes[name] = Box(name, "plain", node.node_id, words, output=name == end)
        else:
            count = len(view.groups[name])
            ends = end in view.groups[name]
            boxes[name] = Box(name, "group", f"{count} steps", f"nested graph {name}", output=ends)
    return boxes


def drawing_of(graph: Graph) -> Html:
    """A graph that has not run; nested graphs are folded where it is long."""
    steps = sources_of(graph)
    view = fold(steps)
    if len(steps) <= _UNFOLDED:
        edges = {
            (parse_source(s)[0], n): None for n, ports in steps.items() for s in ports.values()
        }
        view = Fold(view.inputs, list(steps), {}, list(edges))
    return drawn(view, plain_boxes(graph, view), f"graph {graph.name}")


def svg_file(graph: Graph) -> str:
    """A graph as the text of an SVG file, for light and dark."""
    drawing = drawing_of(graph)
    style = tag("style", Html(stylesheet("colours.css") + stylesheet("graph.css")))
    head, _, rest = drawing.partition(">")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}>{style}{rest}\n'
