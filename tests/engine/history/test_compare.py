"""What two runs have in common, and what not."""

import math

import attrs
import numpy as np
import pytest

from talkgraph import Graph, Node, Store, node, param, value
from talkgraph.engine.history.compare import Difference, differences, figures_of
from talkgraph.engine.history.run_records import before, find, runs
from talkgraph.errors import InputError, NodeError


@value("test_compare_scores")
class Scores:
    psnr: float
    values: dict[str, float]
    frames: int = 3


@node("test_compare_gain", version=1)
class Gain(Node):
    by: float = param(1.0, "factor")

    def run(self, x: float) -> float:
        if self.by < 0:
            raise ValueError("negative")
        return x * self.by


@node("test_compare_offset", version=2)
class Offset(Node):
    def run(self, x: float) -> float:
        return x + 1


@node("test_compare_score", version=1)
class Score(Node):
    def run(self, x: float) -> Scores:
        return Scores(psnr=x, values={"lag": x / 2})


@node("test_compare_wave", version=1)
class Wave(Node):
    def run(self, x: float) -> np.ndarray:
        return np.full(5, x)


def graph(first=None, **more):
    steps = {"first": (first or Gain()).on(x="x"), "score": Score().on(x="first"), **more}
    return Graph("compared", inputs={"x": float}, steps=steps)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def recorded(store, made, x=1.0):
    made.run({"x": x}, store=store, until=[name for name in made.steps])
    return runs(store, 1)[0]


def test_the_same_run_again_has_no_differences(store):
    assert differences(recorded(store, graph()), recorded(store, graph())) == []


def test_an_input_that_differs_and_what_follows(store):
    found = differences(recorded(store, graph()), recorded(store, graph(), 4.0))
    assert found == [
        Difference("input", None, "x", "1.0", "4.0"),
        Difference("figure", "first", "", "1", "4"),
        Difference("figure", "score", "psnr", "1", "4"),
        Difference("figure", "score", "values.lag", "0.5", "2"),
    ]
    assert found[3].about == "figure values.lag"


def test_parameters_nodes_ports_and_steps(store):
    was = recorded(store, graph(wave=Wave().on(x="first")))
    now = recorded(store, graph(Gain(by=3.0), wave=Wave().on(x="x"), more=Offset().on(x="x")))
    found = {(one.step, one.about, one.before, one.after) for one in differences(was, now)}
    assert ("first", "parameter by", "1.0", "3.0") in found
    assert ("wave", "port x", "first", "x") in found
    assert ("more", "step", None, "test_compare_offset v2") in found
    assert not any(step == "wave" and about == "result" for step, about, *_ in found)
    back = {(one.step, one.about, one.before, one.after) for one in differences(now, was)}
    assert ("more", "step", "test_compare_offset v2", None) in back
    other = differences(was, recorded(store, graph(Offset())))
    assert other[0] == Difference(
        "node", "first", "", "test_compare_gain v1", "test_compare_offset v2"
    )


def test_what_is_no_figure_differs_by_its_digest(store):
    made = graph(wave=Wave().on(x="first"))
    was, now = recorded(store, made), recorded(store, made, 2.0)
    (result,) = [one for one in differences(was, now) if one.step == "wave"]
    assert result.what == "result"
    assert was.steps["wave"].result.startswith(result.before)
    assert now.steps["wave"].result.startswith(result.after)


def test_code_that_differs_is_told(store):
    was = recorded(store, graph())
    steps = {**was.steps, "first": attrs.evolve(was.steps["first"], code="f" * 64)}
    (code,) = differences(was, attrs.evolve(was, steps=steps))
    assert (code.what, code.step, code.after) == ("code", "first", "f" * 12)


def test_a_step_that_failed_is_told(store):
    was = recorded(store, graph())
    with pytest.raises(NodeError):
        recorded(store, graph(Gain(by=-1.0)))
    found = differences(was, find(store, "last"))
    assert Difference("state", "first", "", "run", "failed") in found
    assert Difference("state", "score", "", "run", "blocked") in found


def test_figures_are_the_numbers_of_a_result(store):
    tree = {"value": ["s", {"a": {"list": [{"int": 2}, {"float": "0x1.8p+0"}]}, "b": True}]}
    assert figures_of(tree) == {"a.0": 2.0, "a.1": 1.5, "b": 1.0}
    assert figures_of({"float": math.nan.hex()}) == {}
    assert figures_of({"list": [{"int": 1}] * 101}) == {}


def test_runs_are_found_from_the_last_backwards(store):
    first, second = recorded(store, graph()), recorded(store, graph(), 2.0)
    assert find(store, "last") == find(store, "last~0") == second
    assert find(store, "last~1") == first
    with pytest.raises(InputError, match="there is no run 'last~2'"):
        find(store, "last~2")
    Graph("other", inputs={"x": float}, steps={"first": Gain().on(x="x")}).run(
        {"x": 1.0}, store=store
    )
    assert before(store, second) == first and before(store, first) is None
    assert before(store, find(store, "last")) is None
