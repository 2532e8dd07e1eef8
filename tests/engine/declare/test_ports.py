"""What a node's `run` must say of its ports, and what is said where it does not."""

from pathlib import Path

import numpy as np
import pytest

from talkgraph import Graph, Node, node, value
from talkgraph.cache.files import File
from talkgraph.engine.declare.ports import signature
from talkgraph.errors import GraphError


@value("test_ports_pair")
class Pair:
    left: np.ndarray
    right: int


@node("test_ports_split", version=1)
class Split(Node):
    def run(self, path: Path, times: int = 2) -> Pair:
        return Pair(left=np.zeros(times), right=times)


def test_ports_have_types_and_may_have_defaults():
    made = signature(Split)
    assert {name: (port.type, port.required) for name, port in made.inputs.items()} == {
        "path": (Path, True), "times": (int, False),
    }  # fmt: skip
    assert made.output is Pair


def without_run():
    @node("test_ports_wrong", version=1)
    class Wrong(Node):
        pass

    return Wrong


def of_any_number():
    @node("test_ports_wrong", version=1)
    class Wrong(Node):
        def run(self, *parts: int) -> int:
            return 1

    return Wrong


def without_type():
    @node("test_ports_wrong", version=1)
    class Wrong(Node):
        def run(self, part) -> int:
            return 1

    return Wrong


def without_return():
    @node("test_ports_wrong", version=1)
    class Wrong(Node):
        def run(self, part: int):
            return 1

    return Wrong


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (without_run, " has no run method; define run(self, port: Type) -> Type"),
        (of_any_number, ": run takes *parts; name every port"),
        (without_type, ": port 'part' has no type; annotate it in run"),
        (without_return, ": run has no return type; annotate it"),
    ],
)
def test_a_run_that_does_not_say_its_ports(make, words):
    with pytest.raises(GraphError) as caught:
        Graph("wrong", inputs={"part": int}, steps={"a": make()().on(part="part")})
    assert str(caught.value) == f"node 'test_ports_wrong'{words}"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("split.rigth", "'split' (Pair) has no field 'rigth' (did you mean 'right'?)"),
        ("split.zzz", "'split' (Pair) has no field 'zzz'; it has left, right"),
        ("split.right.real", "'split' (Pair) has no field 'real'; take 'split.right' itself"),
        ("path.name", "'path' (Path) has no field 'name'; take 'path' itself"),
        ("file.path", "'file' (File) has no field 'path'; take 'file' itself"),
    ],
)
def test_a_field_that_is_not_there(source, words):
    with pytest.raises(GraphError) as caught:
        Graph(
            "g",
            inputs={"path": Path, "file": File},
            steps={"split": Split().on(path="path")},
            output=source,
        )
    assert str(caught.value) == f"the output: {words}"
