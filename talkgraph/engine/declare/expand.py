"""One graph over many inputs, as one larger graph in which equal work is one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.declare.node import Step
from talkgraph.engine.declare.sources import parse_source, redirect, redirected

Names = dict[str, str]
"""Name in the original graph -> name in the larger one, of steps and inputs."""


def expand(
    graph: Declaration, bound: Sequence[Mapping[str, Any]], digests: Sequence[Mapping[str, str]]
) -> tuple[Declaration, dict[str, Any], list[Names]]:
    """The larger graph, its inputs, and the names that each row of inputs has in it.

    A step is there once for each combination of the inputs that it depends on: with two speeches
    and three people, ``fit/video-2`` is there for each person and ``motion/audio-1/video-2`` for
    each pair. Values are compared by content: `digests` has that of each input of each row.
    """
    varying = _varying(graph, digests)
    depends = _depends(graph, varying)
    steps: dict[str, Step] = {}
    inputs: dict[str, Any] = {}
    types: dict[str, Any] = {}
    all_names: list[Names] = []
    for row, given in enumerate(bound):
        names = {
            name: f"{name}-{varying[name][row]}" if name in varying else name
            for name in graph.inputs
        }
        for name in graph.order:
            names[name] = name + "".join(f"/{names[one]}" for one in depends[name])
            step = graph.steps[name]
            if names[name] not in steps:
                steps[names[name]] = Step(step.node, redirected(step.sources, names))
        inputs.update({names[name]: value for name, value in given.items()})
        types.update({names[name]: type_ for name, type_ in graph.inputs.items()})
        all_names.append(names)
    output = redirect(graph.output, all_names[0])
    return Declaration(graph.name, inputs=types, steps=steps, output=output), inputs, all_names


def _varying(graph: Declaration, digests: Sequence[Mapping[str, str]]) -> dict[str, list[int]]:
    """The inputs that rows do not have in common: each row's number among the values, from 1."""
    found = {}
    for name in graph.inputs:
        column = [row.get(name) for row in digests]
        numbers = {digest: number for number, digest in enumerate(dict.fromkeys(column), 1)}
        if len(numbers) > 1:
            found[name] = [numbers[digest] for digest in column]
    return found


def _depends(graph: Declaration, varying: Mapping[str, Any]) -> dict[str, list[str]]:
    """The varying inputs that each step depends on, in the graph's order."""
    found = {name: [name] for name in varying}
    for name in graph.order:
        above = [parse_source(source)[0] for source in graph.steps[name].sources.values()]
        inputs = {one for source in above for one in found.get(source, ())}
        found[name] = [one for one in varying if one in inputs]
    return found
