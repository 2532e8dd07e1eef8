"""One graph over many inputs, as one larger graph in which equal work is one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from talkgraph.cache.store import Store
from talkgraph.engine.graph import Graph
from talkgraph.engine.step import Step, parse_source

Names = dict[str, str]
"""Name in the original graph -> name in the larger one, of steps and inputs."""


def expand(
    graph: Graph, many: Sequence[Mapping[str, Any]], store: Store
) -> tuple[Graph, dict[str, Any], list[Names]]:
    """The larger graph, its inputs, and the names that each of `many` has in it.

    A step is there once for each combination of the inputs that it depends on: with two speeches
    and three people, ``fit/video-2`` is there for each person and ``motion/audio-1/video-2`` for
    each pair. Values are compared by content.
    """
    bound = [graph.bind(one) for one in many]
    numbers = [_numbers(column) for column in _digests(graph, bound, store)]
    varying = {
        name: number
        for name, number in zip(graph.inputs, numbers, strict=True)
        if len(set(number)) > 1
    }
    depends = _depends(graph, varying)
    steps: dict[str, Step] = {}
    inputs: dict[str, Any] = {}
    types: dict[str, Any] = {}
    all_names: list[Names] = []
    for row, given in enumerate(bound):
        names = {name: f"{name}-{varying[name][row]}" for name in varying}
        names = {name: names.get(name, name) for name in graph.inputs}
        for name in graph.order:
            names[name] = name + "".join(f"/{names[one]}" for one in depends[name])
            step = graph.steps[name]
            if names[name] not in steps:
                sources = {port: renamed(source, names) for port, source in step.sources.items()}
                steps[names[name]] = Step(step.node, sources)
        inputs.update({names[name]: value for name, value in given.items()})
        types.update({names[name]: type_ for name, type_ in graph.inputs.items()})
        all_names.append(names)
    output = renamed(graph.output, all_names[0])
    return Graph(graph.name, inputs=types, steps=steps, output=output), inputs, all_names


def _digests(
    graph: Graph, bound: Sequence[Mapping[str, Any]], store: Store
) -> list[list[str | None]]:
    """Content of each input, by row; None where it is left out."""
    return [
        [
            store.digest_of(given[name], f"input '{name}'")[0] if name in given else None
            for given in bound
        ]
        for name in graph.inputs
    ]


def _numbers(column: Sequence[str | None]) -> list[int]:
    """Each row's number among the distinct values of a column, from 1."""
    places = {digest: place for place, digest in enumerate(dict.fromkeys(column), 1)}
    return [places[digest] for digest in column]


def _depends(graph: Graph, varying: Mapping[str, Any]) -> dict[str, list[str]]:
    """The varying inputs that each step depends on, in the graph's order."""
    found: dict[str, list[str]] = {}
    for name in graph.order:
        above = [parse_source(source)[0] for source in graph.steps[name].sources.values()]
        direct = {one for one in above if one in varying}
        further = {one for step in above for one in found.get(step, ())}
        found[name] = [one for one in graph.inputs if one in direct | further]
    return found


def renamed(source: str, names: Names) -> str:
    """A source of the original graph as it is called in the larger one."""
    name, path = parse_source(source)
    return ".".join([names[name], *path])
