"""The view for networkx agrees with the graph."""

from pathlib import Path

import networkx

from talkgraph.engine import Graph
from talkgraph.graphs import yi2020
from talkgraph.nodes.audio_features import Mfcc
from talkgraph.nodes.media import ReadSpeech


def test_vertices_edges_and_ports():
    steps = {"speech": ReadSpeech().on(audio="audio"), "features": Mfcc().on(speech="speech")}
    view = Graph("listen", inputs={"audio": Path}, steps=steps).networkx()
    assert view.nodes["audio"] == {"kind": "input", "type": Path}
    assert view.nodes["features"]["node"] == Mfcc()
    assert list(view.edges(data="port")) == [
        ("audio", "speech", "audio"),
        ("speech", "features", "speech"),
    ]


def test_its_order_is_one_of_networkx_topological_orders():
    graph = yi2020.graph("standard")
    view = graph.networkx()
    assert networkx.is_directed_acyclic_graph(view)
    place = {name: index for index, name in enumerate(graph.order)}
    for source, target in view.edges():
        assert source in graph.inputs or place[source] < place[target]
    needed = set(graph.needed_for((graph.output,)))
    assert needed == networkx.ancestors(view, graph.output) - set(graph.inputs) | {graph.output}
