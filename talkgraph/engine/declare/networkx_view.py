"""A graph as networkx sees it, for its algorithms and drawings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from talkgraph.engine.declare.sources import parse_source

if TYPE_CHECKING:
    import networkx

    from talkgraph.engine.declare.graph import Declaration


def to_networkx(graph: Declaration) -> networkx.MultiDiGraph[str]:
    """Inputs and steps as vertices, one edge for each bound port.

    Returns:
        a `MultiDiGraph`: vertices have `kind` ("input" or "step"), inputs a `type`, steps their
        `node`; edges have the `port` that reads and the `fields` of the value it reads.
    """
    import networkx

    view: networkx.MultiDiGraph[str] = networkx.MultiDiGraph(name=graph.name)
    for name, type_ in graph.inputs.items():
        view.add_node(name, kind="input", type=type_)
    for name, step in graph.steps.items():
        view.add_node(name, kind="step", node=step.node)
    for name, step in graph.steps.items():
        for port, text in step.sources.items():
            source, fields = parse_source(text)
            view.add_edge(source, name, port=port, fields=fields)
    return view
