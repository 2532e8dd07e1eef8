"""A graph is checked when it is made, and an error names the place and the fix."""

import sys
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal, NewType, TypeVar

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from talkgraph import Frames, Graph, Node, node, param, value
from talkgraph.engine.declare.ports import field_types, signature
from talkgraph.engine.declare.types import coerce, fits, type_name
from talkgraph.errors import GraphError, InputError


@value("test_graph_sound")
class Sound:
    samples: NDArray[np.float32]
    rate: int
    of: "Sound | None" = None


@node("test_graph_read", version=1)
class Read(Node):
    gain: float = param(1.0, "gain", ge=0.0, le=10.0, unit="dB")
    mode: str = param("fast", "mode", choices=("fast", "best"))
    sizes: tuple[int, ...] = param((1, 2), "sizes", gt=0)

    def run(self, path: Path) -> Sound:
        return Sound(samples=np.zeros(3, np.float32), rate=1)


@node("test_graph_rate", version=1)
class Rate(Node):
    def run(self, rate: float, scale: int = 1) -> float:
        return rate * scale


@node("test_graph_join", version=1)
class Join(Node):
    def run(self, one: Sound, two: Sound | None = None) -> Sound:
        return one


@node("test_graph_sum", version=1)
class Sum(Node):
    def run(self, one: Sound, two: Sound) -> Sound:
        return one


@node("test_graph_alone", version=1)
class Alone(Node):
    def run(self, one: Sound) -> Sound:
        return one


@node("test_graph_maybe", version=1)
class Maybe(Node):
    def run(self, sound: Sound) -> Sound | None:
        return None


def base():
    return Graph(
        "base",
        inputs={"audio": Path, "volume": int},
        steps={
            "read": Read().on(path="audio"),
            "rate": Rate().on(rate="read.rate"),
            "join": Join().on(one="read"),
        },
    )


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ({"a": Read().on(pth="audio")}, r"step 'a' \(test_graph_read\) has no port 'pth' \(did you mean 'path'"),  # noqa: E501
        ({"a": Read().on()}, r"step 'a'.*port 'path' \(Path\) is not bound; add path="),
        ({"a": Read().on(path="audoi")}, r"port 'path': there is no step or input 'audoi' \(did you mean 'audio'"),  # noqa: E501
        ({"r": Read().on(path="audio"), "a": Rate().on(rate="r.rat")},
         r"'r' \(Sound\) has no field 'rat' \(did you mean 'rate'"),
        ({"r": Read().on(path="audio"), "a": Rate().on(rate="r")},
         r"step 'a'.*port 'rate' takes float, but 'r' is Sound; bind 'r.rate'"),
        ({"r": Read().on(path="audio"), "m": Maybe().on(sound="r"), "a": Join().on(one="m")},
         r"takes Sound, but 'm' is Sound \| None; it may be None"),
        ({"a": Join().on(one="b"), "b": Join().on(one="c"), "c": Join().on(one="a")},
         r"cycle: a -> b -> c -> a; cut"),
        ({"a": Join().on(one="a")}, r"cycle: a -> a"),
        ({"audio": Read().on(path="audio")}, r"'audio' is an input and a step"),
        ({"a b": Read().on(path="audio")}, r"'a b' is no name"),
        ({"a": Read()}, r"step 'a' is a Read; write Node\(...\)\.on"),
        ({}, r"has no steps"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(steps, said):
    with pytest.raises(GraphError, match=said) as error:
        Graph("g", inputs={"audio": Path}, steps=steps)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Read(gian=1), r"node 'test_graph_read' has no parameter 'gian' \(did you mean 'gain'"),  # noqa: E501
        (lambda: Read(gain=-1), r"node 'test_graph_read': parameter 'gain' is -1.0, expected >= 0.0 dB"),  # noqa: E501
        (lambda: Read(gain=float("nan")), r"parameter 'gain' is nan, expected >= 0"),
        (lambda: Read(gain="1"), r"parameter 'gain': expected float, got str '1'"),
        (lambda: Read(gain=True), r"parameter 'gain': expected float, got bool True"),
        (lambda: Read(mode="bset"), r"'mode' is 'bset', expected one of 'fast', 'best' \(did you mean"),  # noqa: E501
        (lambda: Read(sizes=(1, 0)), r"'sizes' is \(1, 0\), expected > 0"),
        (lambda: Read(sizes=(1, "2")), r"'sizes': expected tuple\[int, ...\]"),
        (lambda: Read(3), r"parameters go by name"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_said(make, said):
    with pytest.raises(GraphError, match=said):
        make()


def test_a_node_has_no_init_of_its_own():
    with pytest.raises(GraphError, match=r"^node 'test_graph_made' has its own __init__; declare"):

        @node("test_graph_made", version=1)
        class Made(Node):
            def __init__(self, k: int = 1) -> None:
                object.__setattr__(self, "k", k)

            def run(self) -> int:
                return 1


def test_parameters_are_normalised():
    assert type(Read(gain=2).gain) is float and Read(gain=1) == Read()
    assert Read(sizes=[3, 4]).sizes == (3, 4)


def test_a_required_parameter():
    @node("test_graph_required", version=1)
    class Required(Node):
        path: Path = param(help="a file")

        def run(self) -> int:
            return 1

    with pytest.raises(GraphError, match="needs parameter 'path'"):
        Required()
    assert Required(path="x").path == Path("x")


def test_unannotated_ports_are_refused():
    @node("test_graph_bare", version=1)
    class Bare(Node):
        def run(self, x) -> int:
            return 1

    @node("test_graph_star", version=1)
    class Star(Node):
        def run(self, *x: int) -> int:
            return 1

    @node("test_graph_no_run", version=1)
    class NoRun(Node):
        pass

    for kind, said in ((Bare, "'x' has no type"), (Star, "name every port"), (NoRun, "no run")):
        with pytest.raises(GraphError, match=said):
            Graph("g", steps={"a": kind().on()})


def test_local_classes_are_resolved():
    @value("test_graph_local")
    class Local:
        x: int

    @node("test_graph_local_node", version=1)
    class Make(Node):
        def run(self) -> "Local":
            return Local(x=1)

    @node("test_graph_local_use", version=1)
    class Use(Node):
        def run(self, x: "int") -> "float":
            return x

    Graph("g", steps={"a": Make().on(), "b": Use().on(x="a.x")})
    with pytest.raises(GraphError, match=r"'a' is Local; bind 'a\.x'"):
        Graph("g", steps={"a": Make().on(), "b": Use().on(x="a")})


def test_names_that_only_a_type_checker_knows_stay_names(monkeypatch):
    elsewhere = ModuleType("test_graph_elsewhere")
    monkeypatch.setitem(sys.modules, elsewhere.__name__, elsewhere)
    code = "import attrs, fractions as f\n@attrs.define\nclass Base:\n    share: 'f.Fraction'\n"
    exec(code, vars(elsewhere))

    @attrs.define
    class Local(elsewhere.Base):
        unknown: "Missing"  # noqa: F821
        itself: "list[Local]"

    assert field_types(Local) == {"share": Fraction, "unknown": "Missing", "itself": list[Local]}

    @node("test_graph_type_checking", version=1)
    class Use(Node):
        def run(self, one: "Missing", two: "Local | None" = None) -> "Other":  # noqa: F821
            return two

    ports = signature(Use)
    assert {name: port.type for name, port in ports.inputs.items()} == {
        "one": "Missing", "two": Local | None,
    }  # fmt: skip
    assert ports.output == "Other"
    with pytest.raises(GraphError, match="'one' takes Missing, but 'a' is Other"):
        Graph("g", inputs={"x": "Missing"}, steps={"a": Use().on(one="x"), "b": Use().on(one="a")})


UserId = NewType("UserId", int)
Number = TypeVar("Number", bound=float)

FITS = [
    (int, float, True), (float, int, False), (bool, int, False), (bool, float, False),
    (int, Any, True), (Any, int, True), (int, int | None, True), (int | None, int, False),
    (None, int | None, True), (int | str, str | int | None, True), (str, object, True),
    (list[int], list[int], True), (list[int], list, True), (list[int], list[str], False),
    (tuple[int, int], tuple[int, ...], True), (tuple[int, ...], tuple[int, int], False),
    (tuple[int, ...], tuple[int, Any], False), (tuple[int, int], tuple[int], False),
    (tuple[int, str], tuple[int, ...], False), (tuple[bool, ...], tuple[int, ...], False),
    (NDArray[np.float32], NDArray[np.float32], True), (NDArray[np.float32], NDArray[np.int64], False),  # noqa: E501
    (np.ndarray, NDArray[np.int64], True), (NDArray[np.int64], np.ndarray, True),
    (NDArray[np.float32], NDArray[np.floating], True), (Annotated[int, "x"], int, True),
    (Literal["a"], str, True), (Literal["a"], Literal["a", "b"], True), (str, Literal["a"], False),
    (Frames, np.ndarray, False), (dict[str, int], dict[str, float], True), (Path, str, False),
    (UserId, int, True), (UserId, str, False), (Number, float, True), (TypeVar("Some"), str, True),
    ("Unknown", "module.Unknown", True), ("Unknown", int, False),
    ("elsewhere.Sound", Sound, True), (Sound, "Sound", True),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target", "expected"), FITS)
def test_fits(source, target, expected):
    assert fits(source, target) is expected


def test_type_names():
    assert type_name(NDArray[np.float32]) == "array[float32]"
    assert type_name(Sound | None) == "Sound | None"
    assert type_name(tuple[int, ...]) == "tuple[int, ...]"


def test_coerce():
    assert coerce("x", Path) == Path("x") and coerce([1], tuple[int, ...]) == (1,)
    assert coerce(np.int64(3), int) == 3 and type(coerce(np.float32(1), float)) is float
    assert coerce(np.bool_(True), bool) is True
    for bad, type_ in (("1", int), (1.5, int), (True, int), ([1, "a"], list[int]), (None, int),
                       (10**400, float)):  # fmt: skip
        with pytest.raises(TypeError):
            coerce(bad, type_)


def test_graphs_are_values():
    assert base() == base()
    assert base() != base().with_params(read={"gain": 2.0})
    assert base().with_params(read={"gain": 2.0}).with_params(read={"gain": 1}) == base()
    with pytest.raises(AttributeError):
        base().name = "other"


def test_more_steps():
    more = base().add(again=Rate().on(rate="volume"))
    assert list(more.steps) == ["read", "rate", "join", "again"] and more.output == "join"
    with pytest.raises(GraphError, match="has a step 'rate'; swap it with replace"):
        base().add(rate=Rate().on(rate="volume"))


def test_a_step_put_in_behind_another_is_read_in_its_place():
    graph = base().after("read", louder=Join())
    assert graph.steps["louder"].sources == {"one": "read"}
    assert graph.steps["rate"].sources == {"rate": "louder.rate"}
    assert graph.steps["join"].sources == {"one": "louder"} and graph.output == "join"
    assert base().after("join", last=Join()).output == "last"
    placed = base().after("read", mixed=Join().on(one="read", two="read"))
    assert placed.steps["mixed"].sources == {"one": "read", "two": "read"}
    assert placed.steps["join"].sources == {"one": "mixed"}
    assert base().after("volume", more=Rate()).steps["more"].sources == {"rate": "volume"}
    assert list(graph.steps) == ["read", "louder", "rate", "join"]
    two = base().after("join", port="two", last=Join().on(one="read")).steps["last"]
    assert two.sources == {"one": "read", "two": "join"}
    assert base().after("read", port="two", last=Join().on(one="read")).output == "join"


@pytest.mark.parametrize(
    ("name", "step", "said"),
    [
        ("raed", {"x": Join()}, r"no step or input 'raed' .did you mean 'read'"),
        ("read", {"join": Join()}, "has a step 'join'; give another name"),
        ("read", {"x": Rate()}, "port 'rate' takes float, but 'read' is Sound; bind 'read.rate'"),
        ("read", {"x": Sum()}, "has to read one, two; place it with .on"),
        ("read", {"x": Join(), "y": Join()}, "one step at a time"),
        ("read", {"audio": Join()}, "has a step 'audio'; give another name"),
        ("read", {"x": Join(), "port": "tow"}, r"no port 'tow' .did you mean 'two'"),
    ],
)
def test_a_step_that_cannot_be_put_in(name, step, said):
    with pytest.raises(GraphError, match=said):
        base().after(name, **step)


def test_replace_and_with_params_check_names():
    other = base().replace(read=Read(mode="best"))
    assert other.steps["read"].node.mode == "best" and base().steps["read"].node.mode == "fast"
    assert base().replace(rate=Rate().on(rate="volume")).steps["rate"].sources == {"rate": "volume"}
    for change in (
        lambda: base().replace(raed=Read()),
        lambda: base().with_params(raed={}),
        lambda: base().subgraph("raed"),
        lambda: base().source_type("raed"),
    ):
        with pytest.raises(GraphError, match=r"raed.*did you mean 'read'"):
            change()
    with pytest.raises(GraphError, match="no parameter 'gian'"):
        base().with_params(read={"gian": 1})
    with pytest.raises(GraphError, match=r"step 'read': expected parameters by name, .* got int 5"):
        base().with_params(read=5)


def test_a_node_that_reads_less_takes_the_place_of_one_that_reads_more():
    graph = base().add(both=Sum().on(one="read", two="join"))
    assert graph.replace(both=Alone()).steps["both"].sources == {"one": "read"}
    with pytest.raises(GraphError, match=r"port 'rate' .* is not bound"):
        graph.replace(both=Rate())


def test_subgraph_keeps_what_is_needed():
    part = base().subgraph("rate")
    assert list(part.steps) == ["read", "rate"] and list(part.inputs) == ["audio"]
    assert part.output == "rate"


def test_nesting():
    inner = Graph(
        "inner",
        inputs={"sound": Sound, "other": Sound | None},
        steps={"join": Join().on(one="sound", two="other"), "again": Join().on(one="join")},
    )
    outer = Graph(
        "outer",
        inputs={"audio": Path},
        steps={
            "read": Read().on(path="audio"),
            "both": inner.on(sound="read"),
            "rate": Rate().on(rate="both.rate"),
        },
    )
    assert list(outer.steps) == ["read", "both/join", "both/again", "rate"]
    assert outer.steps["both/join"].sources == {"one": "read"}
    assert outer.steps["rate"].sources == {"rate": "both/again.rate"}
    twice = Graph("twice", inputs={"audio": Path}, steps={"outer": outer.on(audio="audio")})
    assert twice.output == "outer/rate" and "outer/both/join" in twice.steps
    with pytest.raises(GraphError, match="no input 'sond'"):
        inner.on(sond="x")


def test_inputs_are_checked():
    graph = base()
    assert graph.bind({"audio": "x.wav"}) == {"audio": Path("x.wav")}
    with pytest.raises(GraphError, match="no input 'adio'"):
        graph.bind({"adio": "x"})
    with pytest.raises(InputError, match="input 'volume' of graph 'base': expected int, got str"):
        graph.bind({"volume": "x"})


def test_ten_thousand_steps():
    steps = {"s0": Join().on(one="sound")}
    for i in range(1, 10_000):
        steps[f"s{i}"] = Join().on(one=f"s{i - 1}")
    shuffled = dict(sorted(steps.items(), key=lambda item: hash(item[0])))
    graph = Graph("chain", inputs={"sound": Sound}, steps=shuffled, output="s9999")
    assert graph.order == tuple(steps)
    part = graph.subgraph("s1000")
    assert len(part.steps) == 1001
    assert Graph.from_yaml(part.to_yaml()) == part


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_order_respects_every_edge(data):
    count = data.draw(st.integers(1, 12))
    names = data.draw(st.permutations([f"s{i}" for i in range(count)]))
    steps = {}
    for i in range(count):
        above = data.draw(st.sampled_from(["sound", *(f"s{j}" for j in range(i))]))
        other = data.draw(st.sampled_from([None, *(f"s{j}" for j in range(i))]))
        steps[f"s{i}"] = Join().on(one=above, **({"two": other} if other else {}))
    graph = Graph("g", inputs={"sound": Sound}, steps={name: steps[name] for name in names})
    place = {name: i for i, name in enumerate(graph.order)}
    assert set(place) == set(steps)
    for name, step in graph.steps.items():
        assert all(place[s] < place[name] for s in step.sources.values() if s in place)
    assert Graph.from_yaml(graph.to_yaml()) == graph
