"""Where the boxes and lines of a graph go: layers from left to right (Sugiyama et al. 1981).

Layers by longest path; lines that cross layers pass through waypoints, which all lines of one
source share; the order within a layer by barycentres, keeping the one with the fewest crossings;
heights by least squares under that order (pool adjacent violators). No step takes more than
about n log n for the graphs that people draw.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial

import attrs

Key = Hashable
_SWEEPS = 12
_MOST_COUNTED = 400  # cells; of larger drawings the last order is taken, crossings uncounted


@attrs.frozen
class Layout:
    """Places in px of the drawing.

    boxes: top left corner of each box.   lines: the points of each edge, in the order given.
    """

    boxes: dict[str, tuple[float, float]]
    lines: list[list[tuple[float, float]]]
    width: float
    height: float


@attrs.frozen
class Measures:
    """Sizes in px: of a box, and the room between boxes."""

    width: float = 132
    height: float = 44
    across: float = 44
    down: float = 14
    waypoint: float = 6
    margin: float = 8


def layered(
    names: Sequence[str], edges: Sequence[tuple[str, str]], measures: Measures | None = None
) -> Layout:
    """Lay out an acyclic graph; `names` in an order in which every edge points forward."""
    m = measures or Measures()
    layer = _layers(names, edges)
    cells: list[list[Key]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for name in names:
        cells[layer[name]].append(name)
    routes: list[list[Key]] = []
    links: dict[tuple[Key, Key], None] = {}
    for source, target in edges:
        between: list[Key] = [(source, k) for k in range(layer[source] + 1, layer[target])]
        for waypoint in between:
            column = cells[waypoint[1]]  # type: ignore[index]
            if waypoint not in column:
                column.append(waypoint)
        route = [source, *between, target]
        routes.append(route)
        links.update(dict.fromkeys(itertools.pairwise(route)))
    before: dict[Key, list[Key]] = {}
    after: dict[Key, list[Key]] = {}
    for one, other in links:
        after.setdefault(one, []).append(other)
        before.setdefault(other, []).append(one)
    cells = _ordered(cells, before, after)
    y = _heights(cells, before, after, m)
    top = min(y[cell] - _size(cell, m) / 2 for column in cells for cell in column) if y else 0.0
    y = {cell: value - top + m.margin for cell, value in y.items()}
    step = m.width + m.across
    boxes = {name: (m.margin + layer[name] * step, y[name] - m.height / 2) for name in names}
    lines = []
    for route in routes:
        first, *middle, last = route
        points = [(boxes[str(first)][0] + m.width, y[first])]
        for waypoint in middle:
            left = m.margin + waypoint[1] * step  # type: ignore[index]
            points += [(left, y[waypoint]), (left + m.width, y[waypoint])]
        lines.append([*points, (boxes[str(last)][0], y[last])])
    height = max((y[c] + _size(c, m) / 2 for column in cells for c in column), default=0) + m.margin
    return Layout(boxes, lines, 2 * m.margin + len(cells) * step - m.across, height)


def _size(cell: Key, m: Measures) -> float:
    return m.height if isinstance(cell, str) else m.waypoint


def _layers(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Longest path from the left; what reads nothing stands just before its first reader."""
    import networkx  # takes a while to import

    graph: networkx.DiGraph[str] = networkx.DiGraph(edges)
    graph.add_nodes_from(names)
    generations = networkx.topological_generations(graph)
    layer = {name: place for place, found in enumerate(generations) for name in found}
    for name in reversed(names):
        if not graph.in_degree(name) and graph.out_degree(name):
            layer[name] = min(layer[one] for one in graph.successors(name)) - 1
    return layer


def _ordered(
    cells: list[list[Key]], before: Mapping[Key, list[Key]], after: Mapping[Key, list[Key]]
) -> list[list[Key]]:
    best, fewest = [list(column) for column in cells], None
    counted = sum(map(len, cells)) <= _MOST_COUNTED
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        neighbours = before if forward else after
        at = {cell: k for column in cells for k, cell in enumerate(column)}
        for column in cells if forward else reversed(cells):
            column.sort(key=partial(_middle, at=at, neighbours=neighbours))
            at.update({cell: k for k, cell in enumerate(column)})
        crossings = _crossings(cells, after) if counted else -sweep
        if fewest is None or crossings < fewest:
            best, fewest = [list(column) for column in cells], crossings
    return best


def _middle(cell: Key, at: Mapping[Key, int], neighbours: Mapping[Key, list[Key]]) -> float:
    """Barycentre of a cell's neighbours; its own place where it has none."""
    found = [at[one] for one in neighbours.get(cell, ())]
    return sum(found) / len(found) if found else at[cell]


def _crossings(cells: list[list[Key]], after: Mapping[Key, list[Key]]) -> int:
    total = 0
    for left, right in itertools.pairwise(cells):
        at = {cell: k for k, cell in enumerate(right)}
        ends = [sorted(at[one] for one in after.get(cell, ()) if one in at) for cell in left]
        flat = [end for group in ends for end in group]
        total += sum(a > b for i, a in enumerate(flat) for b in flat[i + 1 :])
    return total


def _heights(
    cells: list[list[Key]],
    before: Mapping[Key, list[Key]],
    after: Mapping[Key, list[Key]],
    m: Measures,
) -> dict[Key, float]:
    """The middle of every cell: near its neighbours, in order, without overlap."""
    y: dict[Key, float] = {}
    for column in cells:
        y.update(zip(column, _offsets(column, m), strict=True))
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for column in cells if forward else reversed(cells):
            offsets = _offsets(column, m)
            wanted = []
            for cell in column:
                both = [*before.get(cell, ()), *after.get(cell, ())]
                near = both if sweep >= _SWEEPS - 2 else (before if forward else after).get(cell)
                values = [y[one] for one in near or ()]
                wanted.append(sum(values) / len(values) if values else y[cell])
            # Straight rails matter more than centred boxes.
            weights = [1.0 if isinstance(cell, str) else 4.0 for cell in column]
            shifted = [w - o for w, o in zip(wanted, offsets, strict=True)]
            for cell, value, offset in zip(column, _rising(shifted, weights), offsets, strict=True):
                y[cell] = value + offset
    return y


def _offsets(column: Sequence[Key], m: Measures) -> list[float]:
    """Middles of cells that stand as close as they may, the first at 0."""
    offsets: list[float] = []
    for k, cell in enumerate(column):
        if not k:
            offsets.append(0.0)
            continue
        both = (_size(column[k - 1], m) + _size(cell, m)) / 2
        offsets.append(offsets[-1] + both + m.down)
    return offsets


def _rising(values: Iterable[float], weights: Iterable[float]) -> list[float]:
    """The non-decreasing sequence nearest to `values` in the weighted squares."""
    blocks: list[tuple[float, float, int]] = []  # mean, weight, length
    for value, weight in zip(values, weights, strict=True):
        blocks.append((value, weight, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, wa, na), (b, wb, nb) = blocks[-2], blocks[-1]
            blocks[-2:] = [((a * wa + b * wb) / (wa + wb), wa + wb, na + nb)]
    return [mean for mean, _, length in blocks for _ in range(length)]
