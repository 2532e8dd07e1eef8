"""Parts of a graph put into another: what a step needs, with other sources for some of it."""

from __future__ import annotations

from collections.abc import Mapping

from talkgraph.engine import Graph, Step
from talkgraph.engine.declare.sources import parse_source, redirected
from talkgraph.errors import GraphError


def part_of(
    graph: Graph, *targets: str, instead: Mapping[str, str], prefix: str = ""
) -> dict[str, Step]:
    """The steps of `graph` that `targets` need, named with `prefix`, for a graph of your own.

    Args:
        instead: step or input of `graph` -> the source in your graph that takes its place; what
            only that step needed is left out.
    """
    needed = [name for name in graph.needed_for(targets, given=instead) if name not in instead]
    ends = {name: f"{prefix}{name}" for name in needed} | dict(instead)
    return {
        ends[name]: Step(graph.steps[name].node, redirected(graph.steps[name].sources, ends))
        for name in needed
    }


def joined(*parts: Mapping[str, Step]) -> dict[str, Step]:
    """Steps from several places together.

    Raises:
        GraphError: two of them have one name.
    """
    whole: dict[str, Step] = {}
    for part in parts:
        for name, step in part.items():
            if name in whole:
                raise GraphError(
                    f"two steps would be called '{name}'; give that of your graph another name"
                )
            whole[name] = step
    return whole


def reader_of(graph: Graph, name: str) -> str:
    """The step that reads an input.

    Raises:
        GraphError: no such input, or not exactly one step reads it.
    """
    readers = [
        step
        for step, placed in graph.steps.items()
        if name in map(_step_of, placed.sources.values())
    ]
    if name not in graph.inputs or len(readers) != 1:
        raise GraphError(
            f"graph '{graph.name}' has no input '{name}' that one step reads; its inputs are "
            f"{', '.join(graph.inputs) or 'none'}"
        )
    return readers[0]


def source_of(graph: Graph, step: str, port: str) -> str:
    """The step that another reads at a port.

    Raises:
        GraphError: no such step, or it reads nothing there.
    """
    if step not in graph.steps or port not in graph.steps[step].sources:
        raise GraphError(f"graph '{graph.name}' has no step '{step}' with something at '{port}'")
    return _step_of(graph.steps[step].sources[port])


def reading(graph: Graph, *names: str) -> set[str]:
    """The steps that depend on one of these steps, themselves included."""
    found = set(names)
    for step in graph.order:
        if found & set(graph.above[step]):
            found.add(step)
    return found


def _step_of(source: str) -> str:
    return parse_source(source)[0]
