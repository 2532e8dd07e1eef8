"""A node, or a whole graph, in its place: what each of its ports reads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from talkgraph.engine.declare.node import Node
from talkgraph.engine.declare.types import identity
from talkgraph.errors import GraphError

if TYPE_CHECKING:
    from talkgraph.engine.declare.graph import Graph

Source = tuple[str, tuple[str, ...]]
"""Where a port reads: the name of a step or input, and the fields to follow in its value."""


@lru_cache(maxsize=1 << 14)
def parse_source(text: str) -> Source:
    """``"fit.motion"`` as ``("fit", ("motion",))``."""
    name, *fields = text.split(".")
    return name, tuple(fields)


def _copied(sources: Mapping[str, str]) -> dict[str, str]:
    return dict(sources)


@attrs.frozen
class Step:
    """A node in its place: which step, field or input each port reads."""

    node: Node = attrs.field(eq=identity)
    sources: Mapping[str, str] = attrs.field(converter=_copied)

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
            flat[name] = Step(entry.node, redirected(entry.sources, ends))
        elif isinstance(entry, NestedGraph):
            bound = redirected(entry.sources, ends)
            bound |= {inner: f"{name}/{inner}" for inner in entry.graph.steps}
            for inner, step in entry.graph.steps.items():
                sources = {p: s for p, s in step.sources.items() if parse_source(s)[0] in bound}
                flat[bound[inner]] = Step(step.node, redirected(sources, bound))
        else:
            raise GraphError(
                f"graph '{graph_name}': step '{name}' is a {type(entry).__name__}; "
                "write Node(...).on(port='source')"
            )
    return flat, ends


def redirect(source: str, ends: Mapping[str, str]) -> str:
    """A source in which a name is replaced by where its value comes from, if that is in `ends`."""
    name, path = parse_source(source)
    return ".".join([ends[name], *path]) if name in ends else source


def redirected(sources: Mapping[str, str], ends: Mapping[str, str]) -> dict[str, str]:
    """What ports read, as `redirect` says."""
    return {port: redirect(source, ends) for port, source in sources.items()}
