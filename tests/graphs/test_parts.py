from pathlib import Path

import pytest

from talkgraph.engine import Graph, Node, node
from talkgraph.errors import GraphError
from talkgraph.graphs.parts import joined, part_of, reader_of, reading, source_of


@node("parts_read", version=1)
class Read(Node):
    def run(self, path: Path) -> int:
        return int(path.read_text())


@node("parts_add", version=1)
class Add(Node):
    def run(self, one: int, other: int) -> int:
        return one + other


GRAPH = Graph(
    "sum",
    inputs={"a": Path, "b": Path},
    steps={
        "read_a": Read().on(path="a"),
        "read_b": Read().on(path="b"),
        "sum": Add().on(one="read_a", other="read_b"),
        "more": Add().on(one="sum", other="read_a"),
    },
)


def test_a_part_reads_from_its_new_place_and_leaves_out_what_is_not_needed(tmp_path):
    (tmp_path / "x").write_text("5")
    part = part_of(GRAPH, "more", instead={"read_a": "x", "read_b": "x"}, prefix="p_")
    assert list(part) == ["p_sum", "p_more"]
    assert part["p_more"].sources == {"one": "p_sum", "other": "x"}
    whole = Graph("whole", inputs={"f": Path}, steps={"x": Read().on(path="f"), **part})
    assert whole.run({"f": tmp_path / "x"}, store=tmp_path / "store").output == 15


def test_readers_sources_and_all_that_follows():
    assert reader_of(GRAPH, "a") == "read_a"
    assert source_of(GRAPH, "more", "one") == "sum"
    assert reading(GRAPH, "read_b") == {"read_b", "sum", "more"}


def test_what_is_not_there_is_named():
    with pytest.raises(GraphError, match="no input 'video' that one step reads; its inputs are a"):
        reader_of(GRAPH, "video")
    with pytest.raises(GraphError, match="no step 'fit' with something at 'track'"):
        source_of(GRAPH, "fit", "track")
    with pytest.raises(GraphError, match="two steps would be called 'sum'"):
        joined(GRAPH.steps, {"sum": GRAPH.steps["more"]})
