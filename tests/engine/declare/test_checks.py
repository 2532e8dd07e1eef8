"""What a node finds of its own results."""

import json

import numpy as np
import pytest

from talkgraph import Frames, Graph, Node, Store, check, node, param
from talkgraph.cli.main import main
from talkgraph.engine import Note
from talkgraph.engine.declare.checks import checks_of
from talkgraph.engine.history.run_records import find
from talkgraph.errors import GraphError, NodeError


@node("test_checks_scale", version=1)
class Scale(Node):
    by: float = param(1.0, "factor")

    def run(self, x: float) -> np.ndarray:
        return np.full(4, x * self.by)

    @check("it is small")
    def is_small(self, made: np.ndarray) -> str:
        return f"it is {made.max():g},\n not below 10" if made.max() >= 10 else ""

    @check("it is positive", severity="stop")
    def is_positive(self, made: np.ndarray) -> bool:
        return (made > 0).all()  # of NumPy

    @check("it is looked at as the store gives it")
    def is_read_only(self, made: np.ndarray) -> str | None:
        return "it can be written" if made.flags.writeable else None


@node("test_checks_reader", version=1)
class Reader(Node):
    def run(self, made: np.ndarray) -> float:
        return float(made.sum())


@node("test_checks_odd", version=1)
class Odd(Node):
    def run(self, x: float) -> float:
        return x

    @check("it is odd")
    def is_odd(self, made: float) -> float:
        return made


@node("test_checks_frames", version=1)
class Grey(Node):
    def run(self, x: float) -> Frames:
        return Frames.from_function(
            3, (2, 2, 3), lambda a, b: np.full((b - a, 2, 2, 3), int(x), np.uint8)
        )

    @check("no frame is black")
    def is_bright(self, made: Frames) -> str:
        black = [i for i in range(len(made)) if not made[i].any()]
        return f"{len(black)} are" if black else ""


def graph(**parameters):
    steps = {"made": Scale(**parameters).on(x="x"), "read": Reader().on(made="made")}
    return Graph("checks", inputs={"x": float}, steps=steps)


PASSED = {"it is small": "", "it is positive": "", "it is looked at as the store gives it": ""}
LARGE = "check 'it is small' failed: it is 20, not below 10"


def test_checks_that_pass_are_kept_with_the_result(tmp_path):
    for _ in range(2):
        result = graph().run({"x": 1.0}, store=tmp_path)
        assert result.records["made"].checks == PASSED and result.records["made"].notes == ()
        assert result.records["read"].checks == {}
        assert find(Store(tmp_path)).steps["made"].checks == PASSED


@pytest.mark.parametrize("executor", [None, "joblib"])
def test_a_warning_is_told_by_the_run_that_makes_the_result_and_by_each_that_finds_it(
    tmp_path, executor
):
    for _ in range(2):
        said = []
        result = graph().run({"x": 20.0}, store=tmp_path, on_event=said.append, executor=executor)
        assert result.output == 80.0
        assert [one for one in said if isinstance(one, Note)] == [Note("made", LARGE)]
        assert result.records["made"].checks["it is small"] == "it is 20, not below 10"
    assert graph().plan({"x": 20.0}, store=tmp_path)["made"].reason == f"stored; {LARGE}"


@pytest.mark.parametrize("executor", [None, "joblib"])
def test_a_check_that_stops_fails_its_step_and_keeps_nothing(tmp_path, executor):
    words = r"step 'made' \(test_checks_scale\) failed: check 'it is positive' failed: it does not"
    for _ in range(2):
        with pytest.raises(NodeError, match=words) as caught:
            graph(by=-1.0).run({"x": 1.0}, store=tmp_path, executor=executor)
        assert caught.value.step == "made"
        assert Store(tmp_path).ls() == []


def test_frames_are_checked_from_the_store(tmp_path):
    grey = Graph("grey", inputs={"x": float}, steps={"grey": Grey().on(x="x")})
    assert grey.run({"x": 0.0}, store=tmp_path).records["grey"].checks == {
        "no frame is black": "3 are"
    }
    assert grey.run({"x": 9.0}, store=tmp_path).records["grey"].checks["no frame is black"] == ""


def test_a_check_that_gives_neither_a_bool_nor_a_text_is_said(tmp_path):
    odd = Graph("odd", inputs={"x": float}, steps={"odd": Odd().on(x="x")})
    with pytest.raises(NodeError, match=r"check 'it is odd' gives 3\.0; return a bool, or a text"):
        odd.run({"x": 3.0}, store=tmp_path)


def test_the_code_of_a_check_is_code_of_its_node(tmp_path):
    def made(limit):
        @node("test_checks_inner", version=1)
        class Inner(Node):
            def run(self, x: float) -> float:
                return x

            @check("it is small")
            def is_small(self, made: float) -> bool:
                return made < limit

        return Graph("inner", inputs={"x": float}, steps={"inner": Inner().on(x="x")})

    made(1).run({"x": 0.5}, store=tmp_path)
    assert made(1).plan({"x": 0.5}, store=tmp_path)["inner"].state == "hit"
    assert made(2).plan({"x": 0.5}, store=tmp_path)["inner"].state == "run"


def test_a_node_of_a_node_has_its_checks_too():
    @node("test_checks_more", version=1)
    class More(Scale):
        @check("there are four")
        def is_four(self, made: np.ndarray) -> bool:
            return len(made) == 4

        def is_small(self, made: np.ndarray) -> str:  # no check any more
            return ""

    assert [one.name for one in checks_of(More)] == [
        "it is positive", "it is looked at as the store gives it", "there are four",
    ]  # fmt: skip


def test_what_cannot_be_a_check_is_refused():
    with pytest.raises(GraphError, match="severity is 'stopp', expected 'warn' or 'stop'"):
        check("x", severity="stopp")
    with pytest.raises(GraphError, match="node 'test_checks_transient' is transient"):

        @node("test_checks_transient", version=1, transient=True)
        class Transient(Node):
            def run(self, frames: Frames) -> Frames:
                return frames

            @check("x")
            def is_x(self, made: Frames) -> bool:
                return True


def test_commands_tell_checks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    (tmp_path / "g.yaml").write_text(
        "graph: g\ninputs: {x: float}\nsteps:\n  made: {node: test_checks_scale, on: {x: x}}\n"
    )
    assert main(["run", "g.yaml", "-i", "x=20", "--json"]) == 0
    shown = capsys.readouterr()
    assert f"made: note: {LARGE}" in shown.err
    assert json.loads(shown.out)["stages"]["made"]["checks"]["it is positive"] == ""
    assert main(["runs", "last"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"made: {LARGE}" in lines and "made: check 'it is positive' passed" in lines
    assert main(["plan", "g.yaml", "-i", "x=20"]) == 0
    assert LARGE in capsys.readouterr().out
    assert main(["report", "last", "-o", "page.html"]) == 0
    page = (tmp_path / "page.html").read_text()
    assert "it is 20, not below 10" in page and "passed" in page
