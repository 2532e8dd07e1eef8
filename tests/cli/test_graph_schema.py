"""The schema of graph files lets pass what the engine reads, and stops what it refuses."""

import enum
import json
from pathlib import Path
from typing import Any, Literal

import attrs
import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from talkgraph import File, Graph, Node, node, param
from talkgraph.cli.graph_schema import graph_schema
from talkgraph.cli.lookup import load_graph
from talkgraph.cli.main import main
from talkgraph.engine import graphs
from talkgraph.engine.declare.plain_yaml import _Loader
from talkgraph.errors import GraphError


class Shape(enum.Enum):
    ROUND = 1
    FLAT = 2


@node("test_schema_thing", version=1)
class Thing(Node):
    """A thing with parameters

    of every kind.
    """

    size: float = param(0.5, "how large", unit="m", ge=0, lt=10)
    count: int | None = param(None, "how many", gt=0)
    name: str = param("a", "its name", choices=("a", "b", "null"))
    flag: bool = param(False, "a flag")
    shape: Shape = param(Shape.ROUND, "a shape")
    sizes: tuple[int, ...] = param((), "sizes", le=9)
    pair: tuple[int, str] | None = param(None, "a pair")
    mode: Literal["x", "y"] = param("x", "a mode")
    table: dict[str, float] = param({}, "a table")
    place: Path = param(Path("p"), "a place")
    file: File | None = param(None, "a file, by its path")
    anything: Any = param(None, "anything")
    endless: float = param(float("inf"), "no limit")
    half: float = param(attrs.Factory(lambda self: self.size / 2, takes_self=True), "half the size")

    def run(self, source: Path, other: int | None = None) -> int:
        return 1


@node("test_schema_needs", version=1)
class Needs(Node):
    size: int = param(help="size")

    def run(self) -> int:
        return self.size


@node("test_schema_faulty", version=1)
class Faulty(Node):
    def run(self, untyped) -> int:
        return 1


@pytest.fixture(scope="module")
def schema():
    made = graph_schema()
    jsonschema.Draft202012Validator.check_schema(made)
    return json.loads(json.dumps(made, allow_nan=False))


def fits(schema, text):
    document = yaml.load(text, Loader=_Loader)
    return jsonschema.Draft202012Validator(schema).is_valid(document)


@pytest.mark.parametrize("name", sorted(graphs()))
def test_the_shipped_graphs_fit(schema, name):
    jsonschema.validate(yaml.load(load_graph(name).to_yaml(), Loader=_Loader), schema)


HEAD = "graph: g\ninputs: {p: Path, q: int | None}\nsteps:\n"
GOOD = "  a: {node: test_schema_thing, on: {source: p}}\n"


@pytest.mark.parametrize(
    "text",
    [
        HEAD + GOOD,
        HEAD + GOOD + "  b: {node: test_schema_needs, params: {size: 3}}\noutput: b\n",
        "graph: g\nsteps: {b: {node: test_schema_needs, params: {size: 3}, on: }}\n",
        *(
            HEAD + f"  a: {{node: test_schema_thing, on: {{source: p}}, params: {{{params}}}}}"
            for params in (
                "", "size: 0", "size: 1", "size: 9.9", "count: 1", "count: null", "name: b",
                "flag: true", "shape: FLAT", "sizes: [1, 9]", "pair: [1, a]", "mode: y",
                "table: {a: 1.5}", "place: x/y", "file: null", "file: a/b.npz",
                "anything: [1, {a: b}]", "endless: 3",
            )
        ),
    ],
)  # fmt: skip
def test_what_the_engine_reads_fits(schema, text):
    Graph.from_yaml(text)
    assert fits(schema, text)


@pytest.mark.parametrize(
    "text",
    [
        "steps: {a: {node: test_schema_needs, params: {size: 3}}}",
        "graph: g\nsteps: {}",
        "graph: g",
        HEAD + GOOD + "extra: 1",
        HEAD + "  a: {node: test_schema_thnig, on: {source: p}}",
        HEAD + "  a b: {node: test_schema_thing, on: {source: p}}",
        HEAD + "  a: {node: test_schema_thing}",
        HEAD + "  a: {node: test_schema_thing, on: {}}",
        HEAD + "  a: {node: test_schema_thing, on: {source: p, more: q}}",
        HEAD + "  a: {node: test_schema_thing, on: {source: 3}}",
        HEAD + "  a: {node: test_schema_thing, on: {source: p}, with: {}}",
        HEAD + "  a: {node: test_schema_needs}",
        "graph: g\ninputs: {p: Pth}\nsteps:\n" + GOOD,
        HEAD + GOOD + "output: [a]",
        *(
            HEAD + f"  a: {{node: test_schema_thing, on: {{source: p}}, params: {{{params}}}}}"
            for params in (
                "sz: 1", "size: -1", "size: 10", "size: large", "size: null", "count: 0",
                "count: 1.5", "name: c", "name: null", "flag: 1", "flag: yes", "shape: SQUARE",
                "sizes: [10]", "sizes: [a]", "sizes: 1", "pair: [1]", "pair: [a, 1]",
                "pair: [1, a, 2]", "mode: z", "table: {a: b}", "place: 1", "file: 1",
            )
        ),
    ],
)  # fmt: skip
def test_what_the_engine_refuses_does_not(schema, text):
    with pytest.raises(GraphError):
        Graph.from_yaml(text)
    assert not fits(schema, text)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 12) | st.floats(-2, 12) | st.sampled_from("abxy"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([f.name for f in Thing.__attrs_attrs__]), values))
def test_schema_and_engine_agree_on_any_parameters(schema, params):
    document = {"graph": "g", "inputs": {"p": "Path"}, "steps": {}}
    document["steps"]["a"] = {"node": "test_schema_thing", "params": params, "on": {"source": "p"}}
    try:
        Thing(**params)
        read = True
    except GraphError:
        read = False
    valid = jsonschema.Draft202012Validator(schema).is_valid(document)
    whole = any(isinstance(v, float) and v.is_integer() for v in leaves(params))
    assert valid == read or (valid and whole)  # to JSON, 3.0 is an integer


def leaves(thing):
    if isinstance(thing, dict | list):
        for inner in thing.values() if isinstance(thing, dict) else thing:
            yield from leaves(inner)
    else:
        yield thing


def test_editors_are_told_what_a_parameter_is(schema):
    nodes = schema["$defs"]["step"]["allOf"]
    [thing] = [
        one["then"]
        for one in nodes
        if one["if"]["properties"]["node"]["const"] == "test_schema_thing"
    ]
    assert thing["description"] == "A thing with parameters"
    params = thing["properties"]["params"]["properties"]
    assert params["size"] == {
        "description": "how large [m]", "type": "number", "minimum": 0, "exclusiveMaximum": 10,
        "default": 0.5,
    }  # fmt: skip
    assert params["shape"]["default"] == "ROUND"
    assert "default" not in params["endless"] and "default" not in params["half"]
    assert thing["properties"]["on"]["properties"]["source"]["description"] == "Path"


def test_the_command_prints_it(capsys):
    assert main(["show", "--schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert "test_schema_faulty" not in printed["$defs"]["step"]["properties"]["node"]["enum"]
    assert "mfcc" in printed["$defs"]["step"]["properties"]["node"]["enum"]
