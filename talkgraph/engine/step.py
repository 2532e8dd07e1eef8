"""A node, or a whole graph, in its place: what each of its ports reads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from talkgraph.engine.node import Node
from talkgraph.errors import GraphError

if TYPE_CHECKING:
    from talkgraph.engine.graph import Graph

Source = tuple[str, tuple[str, ...]]
"""Where a port reads: the name of a step or input, and the fields to follow in its value."""


@lru_cache(maxsize=1 << 14)
def parse_source(text: str) -> Source:
    """``"fit.motion"`` as ``("fit", ("motion",))``."""
    name, *fields = text.split(".")
    return name, tuple(fields)


def _copied(sources: Mapping[str, str]) -> dict[str, str]:
    return dict(sources)


@attrs.frozen(eq=False)
class Step:
    """A node in its place: which step, field or input each port reads."""

    node: Node
    sources: Mapping[str, str] = attrs.field(converter=_copied)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Step):
            return NotImplemented
        return self.sources == other.sources and _same(self.node, other.node)

    __hash__ = None  # type: ignore[assignment]


@attrs.frozen
class NestedGraph:
    """A graph in the place of a step; its steps are named ``step/inner``."""

    graph: Graph
    sources: Mapping[str, str] = attrs.field(converter=_copied)


def flatten(
    graph_name: str, steps: Mapping[str, Step | NestedGraph]
) -> tuple[dict[str, Step], dict[str, str]]:
    """Replace nested graphs by their steps; also where each nested graph's value comes from."""
    ends = {
        name: f"{name}/{entry.graph.output}"
        for name, entry in steps.items()
        if isinstance(entry, NestedGraph)
    }
    flat: dict[str, Step] = {}
    for name, entry in steps.items():
        if isinstance(entry, Step):
            sources = {port: redirect(text, ends) for port, text in entry.sources.items()}
            flat[name] = entry if sources == entry.sources else Step(entry.node, sources)
        elif isinstance(entry, NestedGraph):
            outer = {port: redirect(text, ends) for port, text in entry.sources.items()}
            for inner_name, step in entry.graph.steps.items():
                sources = {}
                for port, text in step.sources.items():
                    inner, path = parse_source(text)
                    if inner in entry.graph.steps:
                        sources[port] = f"{name}/{text}"
                    elif inner in outer:
                        sources[port] = ".".join([outer[inner], *path])
                flat[f"{name}/{inner_name}"] = Step(step.node, sources)
        else:
            raise GraphError(
                f"graph '{graph_name}': step '{name}' is a {type(entry).__name__}; "
                "write Node(...).on(port='source')"
            )
    return flat, ends


def redirect(source: str, ends: Mapping[str, str]) -> str:
    """A source with the name of a nested graph replaced by where its value comes from."""
    name, path = parse_source(source)
    return ".".join([ends[name], *path]) if name in ends else source


def _same(one: Node, other: Node) -> bool:
    """Equal class and parameters; parameters may hold arrays and NaN."""
    if type(one) is not type(other):
        return False
    from talkgraph.engine.graph_file import parameter_identity

    return bool(parameter_identity(one) == parameter_identity(other))
