"""Graph files: round trip, and a typed error for everything else."""

import contextlib
import enum
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph import File, Graph, Node, node, param
from talkgraph.errors import GraphError


class Kind(enum.Enum):
    OPEN = "o"
    SHUT = "s"


@node("test_file_node", version=1)
class Thing(Node):
    number: float = param(0.5, "a number")
    count: int | None = param(None, "a count")
    text: str = param("", "a text")
    flag: bool = param(False, "a flag")
    sizes: tuple[int, ...] = param((), "sizes")
    kind: Kind = param(Kind.OPEN, "kind")
    path: Path = param(Path("a"), "a path")

    def run(self, on: Path, no: int | None = None) -> File:
        return File(on)


parameters = st.fixed_dictionaries(
    {},
    optional={
        "number": st.floats(allow_nan=False),
        "count": st.none() | st.integers(),
        "text": st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))),
        "flag": st.booleans(),
        "sizes": st.lists(st.integers(0, 9)).map(tuple),
        "kind": st.sampled_from(Kind),
        "path": st.sampled_from(["x", "a b/ü", "1e-4", "on", "null"]).map(Path),
    },
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(parameters)
def test_round_trip(given_parameters):
    graph = Graph(
        "g",
        inputs={"yes": Path, "null": int | None},
        steps={"off": Thing(**given_parameters).on(on="yes", no="null")},
    )
    text = graph.to_yaml()
    assert Graph.from_yaml(text) == graph
    assert Graph.from_yaml(text).to_yaml() == text


@pytest.mark.parametrize("text", ["on", "1e-4", "yes", "null", "~", "true", "12", "", "0x1f", ".5", "2020-01-01", "1_000", "a: b", "#"])  # fmt: skip  # noqa: E501
def test_texts_that_look_like_something_else(text):
    graph = Graph("g", inputs={"p": Path}, steps={"a": Thing(text=text).on(on="p")})
    assert Graph.from_yaml(graph.to_yaml()).steps["a"].node.text == text


def test_only_what_differs_from_the_defaults_is_written():
    graph = Graph("g", inputs={"p": Path}, steps={"a": Thing(count=3).on(on="p")})
    assert "params:\n      count: 3\n" in graph.to_yaml()
    assert "number" not in graph.to_yaml()


def test_a_default_that_is_made_from_another_parameter():
    @node("test_file_derived", version=1)
    class Derived(Node):
        size: int = param(3, "a size")
        half: float = param(attrs.Factory(lambda self: self.size / 2, takes_self=True), "half")

        def run(self) -> float:
            return self.half

    graph = Graph("g", steps={"a": Derived(size=5).on(), "b": Derived(half=1).on()})
    assert Graph.from_yaml(graph.to_yaml()) == graph


HEAD = "graph: g\ninputs: {p: Path}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it needs 'graph: NAME'"),
        ("- 1", "expected names with values, got list"),
        ("graph: [", "graph file, line"),
        ("graph: g\nstps: {}", r"unknown entry 'stps' \(did you mean 'steps'"),
        (HEAD + "steps: {a: {node: test_file_nod, on: {on: p}}}", r"unknown node 'test_file_nod' \(did you mean"),  # noqa: E501
        (HEAD + "steps: {a: {nod: x}}", r"step 'a': unknown entry 'nod' \(did you mean 'node'"),
        (HEAD + "steps: {a: {on: {on: p}}}", "step 'a': it needs 'node: ID'"),
        (HEAD + "steps: {a: {node: test_file_node, on: {on: p}, params: {flg: true}}}", r"no parameter 'flg'"),  # noqa: E501
        (HEAD + "steps: {a: {node: test_file_node, on: {on: p}, params: {count: x}}}", "expected int | None, got str"),  # noqa: E501
        (HEAD + "steps: {a: {node: test_file_node, on: {on: 1}}}", "port 'on' reads 1, not a name"),
        (HEAD + "steps: {a: {node: test_file_node, on: p}}", "expected names with values"),
        (HEAD + "steps: {a: {node: test_file_node, on: {on: q}}}", "no step or input 'q'"),
        (HEAD + "steps: {1: {node: test_file_node, on: {on: p}}}", "1 is no name"),
        (HEAD + "steps: {a: {node: test_file_node, on: {on: p}}}\noutput: [a]", "not the name of a step"),  # noqa: E501
        ("graph: g\ninputs: {p: Pth}\nsteps: {}", "unknown type 'Pth'"),
        ("graph: g\ngraph: h\nsteps: {}", "'graph' is there twice"),
        (HEAD + "steps: {a: {node: x, node: y}}", "'node' is there twice"),
        ("graph: !!python/object/apply:os.system [ls]\nsteps: {}", "tags are not used"),
        ("graph: !!int \"\"\nsteps: {}", "tags are not used"),
        ("a: &a [1]\nb: [*a, *a]", "anchors are not used"),
        ("a: [*nobody]", "anchors are not used"),
        ("graph: g\nsteps: {<<: {a: 1}}", "."),
        ("[" * 5000, "not plain YAML"),
        (" " * ((1 << 24) + 1), "longer than 16777216 characters; split the graph"),
        ("{" * 5000, "not plain YAML"),
        ("graph: \x00", "."),
        ("? [a]\n: 1", "."),
        ("graph: g\nsteps: " + "9" * 5000, "."),
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_a_typed_error_for_everything_else(text, said):
    with pytest.raises(GraphError, match=said.replace("|", r"\|")) as error:
        Graph.from_yaml(text)
    assert "\n" not in str(error.value)


def test_an_alias_bomb_is_refused_at_once():
    bomb = "a0: &a0 [x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
    )
    with pytest.raises(GraphError, match="anchors"):
        Graph.from_yaml(bomb)


def test_types_without_a_name_are_refused():
    class Local:
        pass

    @node("test_file_local", version=1)
    class Use(Node):
        def run(self, x: Local) -> int:
            return 1

    graph = Graph("g", inputs={"x": Local}, steps={"a": Use().on(x="x")})
    with pytest.raises(GraphError, match="input 'x': Local has no name"):
        graph.to_yaml()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="graph:steps{}[]&*!|>-?'\"\n #%@,ab1.~<", max_size=60))
def test_no_text_gives_anything_but_a_typed_error(text):
    with contextlib.suppress(GraphError):
        Graph.from_yaml(text)
