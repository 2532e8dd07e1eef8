"""Runs: only what is needed, exactly once, and the right answer always."""

import errno
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph import File, Frames, Graph, Node, Store, engine, node, param, value
from talkgraph.cache import codecs
from talkgraph.engine import Failed, Finished, Note, Progress, Started
from talkgraph.errors import (
    DamagedError,
    GraphError,
    InputError,
    NodeError,
    StoreError,
    TalkgraphError,
)

calls: list[str] = []


@pytest.fixture(autouse=True)
def _fresh():
    calls.clear()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "the store", durable=False)


@value("test_run_pair")
class Pair:
    left: np.ndarray
    right: int


@node("test_run_read", version=1)
class Read(Node):
    def run(self, path: Path) -> Pair:
        calls.append("read")
        engine.note("read it")
        engine.progress(1, 2)
        text = path.read_text()
        return Pair(left=np.arange(len(text)), right=int(text.split()[0]))


@node("test_run_sum", version=1)
class Sum(Node):
    scale: int = param(1, "scale", ge=0)
    threads: int = param(1, "threads", keyed=False)

    def run(self, array: np.ndarray) -> float:
        calls.append("sum")
        return float(array.sum() * self.scale)


@node("test_run_half", version=1)
class Half(Node):
    def run(self, x: int) -> int:
        calls.append("half")
        return x // 2


@node("test_run_add", version=1)
class Add(Node):
    def run(self, one: float, two: float = 100.0) -> float:
        calls.append("add")
        return one + two


def graph():
    return Graph(
        "test",
        inputs={"path": Path},
        steps={
            "read": Read().on(path="path"),
            "sum": Sum().on(array="read.left"),
            "half": Half().on(x="read.right"),
            "add": Add().on(one="sum", two="half"),
        },
    )


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "in put ü.txt"
    made.write_text("7 abc")
    return made


def states(plan):
    return {step.name: step.state for step in plan}


# -- what runs and what does not -------------------------------------------------------------------


def test_a_second_run_computes_and_loads_nothing(store, path, monkeypatch):
    first = graph().run({"path": path}, store=store)
    assert first.output == 10 + 3 and calls == ["read", "sum", "half", "add"]
    assert not any(record.cached for record in first.records.values())
    calls.clear()
    monkeypatch.setattr(Store, "load", lambda *args: pytest.fail("loaded"))
    again = graph().run({"path": path}, store=Store(store.path))
    assert not calls and all(record.cached for record in again.records.values())
    monkeypatch.undo()
    assert again.output == 13 and again["read"].right == 7 and again["read.right"] == 7
    assert not again["read"].left.flags.writeable


def test_early_cutoff(store, path):
    graph().run({"path": path}, store=store)
    calls.clear()
    path.write_text("6 abc")  # the same length, and 6 // 2 == 7 // 2
    result = graph().run({"path": path}, store=store)
    assert calls == ["read", "half"] and result.output == 13
    assert result.records["half"].reason == "input read.right changed"


def test_only_what_a_change_reaches_is_run(store, path):
    graph().run({"path": path}, store=store)
    calls.clear()
    assert graph().with_params(sum={"scale": 3}).run({"path": path}, store=store).output == 33
    assert calls == ["sum", "add"]
    calls.clear()
    graph().with_params(sum={"threads": 4}).run({"path": path}, store=store)
    assert not calls
    graph().with_params(sum={"scale": 1}).run({"path": path}, store=store)
    assert not calls  # A, B, A: B is the only new work


def test_neither_path_nor_step_name_nor_order_is_in_the_key(store, path, tmp_path):
    graph().run({"path": path}, store=store)
    calls.clear()
    moved = tmp_path / "moved.txt"
    path.rename(moved)
    os.utime(moved, (1, 1))
    other = Graph(
        "other",
        inputs={"unused": int, "p": Path},
        steps={
            "b": Half().on(x="r.right"),
            "a": Sum().on(array="r.left"),
            "z": Add().on(two="b", one="a"),
            "r": Read().on(path="p"),
        },
        output="z",
    )
    assert other.run({"p": moved}, store=store).output == 13 and not calls


def test_equal_arrays_of_another_shape_or_dtype_are_other_inputs(store):
    @node("test_run_shape", version=1)
    class Shape(Node):
        def run(self, a: np.ndarray) -> str:
            return f"{a.shape} {a.dtype}"

    shape = Graph("shape", inputs={"a": np.ndarray}, steps={"s": Shape().on(a="a")})
    inputs = [
        np.zeros(4),
        np.zeros((2, 2)),
        np.zeros((4, 1)),
        np.zeros(4, np.int64),
        np.zeros(8, "f4"),
    ]
    for _ in range(2):
        for a in inputs:
            assert shape.run({"a": a}, store=store).output == f"{a.shape} {a.dtype}"


def test_one_and_its_spelling_are_other_inputs(store):
    @node("test_run_kind", version=1)
    class Kind(Node):
        def run(self, x: object) -> str:
            return repr(x)

    kind = Graph("kind", inputs={"x": object}, steps={"k": Kind().on(x="x")})
    for x in (1, "1", 1.0, True, None, "None", (1,), [1], -0.0, 0.0, {"a": 1}, float("nan")):
        assert kind.run({"x": x}, store=store).output == repr(x)


def test_until_only_given_and_force(store, path):
    g = graph()
    result = g.run({"path": path}, store=store, until="half")
    assert calls == ["read", "half"] and result.output == 3
    assert g.run({"path": path}, store=store, until=["half", "sum"]).output == {
        "half": 3,
        "sum": 10.0,
    }
    calls.clear()
    assert g.run({"path": path}, store=store, given={"half": 50}).output == 60
    assert calls == ["add"]
    calls.clear()
    assert g.run({"path": path}, store=store, given={"sum": 1, "half": 2}).output == 3
    assert calls == ["add"]
    assert g.run(store=store, given={"sum": 1, "half": 2}).output == 3  # needs no input at all
    with pytest.raises(GraphError, match="needs input 'path'"):
        _ = g.run(store=store, given={"sum": 1, "half": 2})["read"]
    calls.clear()
    g.run({"path": path}, store=store, force="sum")
    assert calls == ["sum", "add"]  # add had not been made before
    calls.clear()
    g.run({"path": path}, store=store, force=True)
    assert calls == ["read", "sum", "half", "add"]
    calls.clear()
    g.run({"path": path}, store=store, force="sum")
    assert calls == ["sum"]
    with pytest.raises(
        GraphError, match=r"step 'read' would have to run \(first run\) but only sum"
    ):
        g.run({"path": path}, store=str(store.path) + "2", only="sum")
    calls.clear()
    assert g.with_params(sum={"scale": 2}).run({"path": path}, store=store, only="sum").output == 20
    assert calls == ["sum"]


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        ({"until": "hlaf"}, GraphError, "no step or input 'hlaf' .did you mean 'half'"),
        ({"force": "hlaf"}, GraphError, "force: .*'hlaf' .did you mean"),
        ({"only": ["hlaf"]}, GraphError, "only: .*'hlaf'"),
        ({"given": {"hlaf": 1}}, GraphError, "given: .*'hlaf'"),
        ({"given": {"half": "x"}}, InputError, "given value of step 'half': expected int, got str"),
        ({"inputs": {}}, GraphError, "needs input 'path'"),
        (
            {"inputs": {"path": 3}},
            InputError,
            "input 'path' of graph 'test': expected Path, got int",
        ),
        ({"inputs": {"path": "no such"}}, InputError, "no such: no such file"),
    ],
)
def test_wrong_requests_are_said(store, path, arguments, kind, said):
    for act in (graph().plan, graph().run):
        with pytest.raises(kind, match=said):
            act(**{"inputs": {"path": path}, "store": store, **arguments})
    assert not calls


def test_optional_inputs_and_defaults(store):
    g = Graph(
        "opt", inputs={"a": float, "b": float | None}, steps={"add": Maybe().on(one="a", two="b")}
    )
    assert g.run({"a": 1}, store=store).output == "1.0 None"
    assert g.run({"a": 1, "b": 2}, store=store).output == "1.0 2.0"
    assert Graph("d", inputs={"a": float}, steps={"add": Add().on(one="a")}).run(
        {"a": 1}, store=store
    ).output == 101  # fmt: skip


@node("test_run_maybe", version=1)
class Maybe(Node):
    def run(self, one: float, two: float | None) -> str:
        return f"{one} {two}"


def test_equal_steps_run_once(store, path):
    g = Graph(
        "same",
        inputs={"path": Path},
        steps={
            "one": Read().on(path="path"),
            "two": Read().on(path="path"),
            "add": Add().on(one="one.right", two="two.right"),
        },
    )
    assert g.run({"path": path}, store=store).output == 14
    assert calls == ["read", "add"]


def test_a_parameter_that_is_a_file_counts_by_content(store, tmp_path):
    @node("test_run_file_param", version=1)
    class Weights(Node):
        path: Path = param(tmp_path / "weights", "weights")

        def run(self) -> str:
            return self.path.read_text()

    g = Graph("w", steps={"w": Weights().on()})
    for text in ("one", "two", "one"):
        (tmp_path / "weights").write_text(text)
        assert g.run(store=store).output == text


# -- plans ---------------------------------------------------------------------------------------


def test_a_plan_runs_nothing_and_says_why(store, path):
    g = graph()
    plan = g.plan({"path": path}, store=store)
    assert states(plan) == {"read": "run", "sum": "pending", "half": "pending", "add": "pending"}
    assert plan["read"].reason == "first run" and plan["add"].reason == "waits for sum, half"
    assert not calls and not store.ls()
    g.run({"path": path}, store=store)
    calls.clear()
    assert set(states(g.plan({"path": path}, store=store)).values()) == {"hit"}
    plan = g.with_params(sum={"scale": 2}).plan({"path": path}, store=store)
    assert states(plan) == {"read": "hit", "sum": "run", "half": "hit", "add": "pending"}
    assert plan["sum"].reason == "parameter scale changed from 1 to 2"
    assert plan.to_run == ["sum", "add"]
    plan = g.plan({"path": path}, store=store, force="half", given={"sum": 1})
    assert states(plan) == {"sum": "given", "half": "run", "read": "hit", "add": "pending"}
    assert plan["half"].reason == "forced"
    path.write_text("8 other")
    plan = g.plan({"path": path}, store=store)
    assert plan["read"].reason == f"input path ({path.name}) has other content"
    table = str(plan)
    assert "plan of test: 1 run, 3 pending" in table and "test_run_read" in table
    assert not calls


def test_a_plan_says_when_a_result_is_gone(store, path, monkeypatch):
    monkeypatch.setattr(codecs, "INLINE", 0)
    g = graph()
    g.run({"path": path}, store=store)
    store.rm("sum")
    plan = g.plan({"path": path}, store=store)
    assert states(plan) == {"read": "hit", "sum": "run", "half": "hit", "add": "pending"}
    assert plan["sum"].reason == "its result is no longer in the store"
    calls.clear()
    g.run({"path": path}, store=store)
    assert calls == ["sum"]
    for blob in (store.path / "blobs").rglob("*.npy"):
        blob.unlink()
    assert set(states(g.plan({"path": path}, store=store)).values()) == {"hit"}  # not needed
    plan = g.plan({"path": path}, store=store, until="read")
    assert plan["read"].state == "run" and "gone" in plan["read"].reason
    changed = g.with_params(sum={"scale": 2})
    plan = changed.plan({"path": path}, store=store)  # sum will load what is gone
    assert states(plan) == {"read": "run", "sum": "pending", "half": "pending", "add": "pending"}
    calls.clear()
    result = changed.run({"path": path}, store=store)
    assert result.output == 23 and calls == ["read", "sum", "add"]
    assert result.records["read"].reason == plan["read"].reason
    assert set(states(changed.plan({"path": path}, store=store)).values()) == {"hit"}


def test_a_reason_compares_with_what_was_used_last(store, path):
    for scale in (1, 2, 1):  # the last is a hit
        graph().with_params(sum={"scale": scale}).run({"path": path}, store=store)
    assert calls.count("sum") == 2
    plan = graph().with_params(sum={"scale": 3}).plan({"path": path}, store=store)
    assert plan["sum"].reason == "parameter scale changed from 1 to 3"


def test_a_version_counts(store):
    def versioned(n):
        @node("test_run_versioned", version=n)
        class Versioned(Node):
            def run(self) -> int:
                return 1

        return Graph("v", steps={"v": Versioned().on()})

    versioned(1).run(store=store)
    assert versioned(2).plan(store=store)["v"].reason == "version changed from 1 to 2"


# -- events, notes, failures -------------------------------------------------------------------------  # noqa: E501


def test_events_and_notes(store, path):
    said = []
    first = graph().run({"path": path}, store=store, on_event=said.append)
    assert [type(e) for e in said if e.step == "read"] == [Started, Note, Progress, Finished]
    assert first.records["read"].notes == (f"{path}: read it",)
    said.clear()
    again = graph().run({"path": path}, store=store, on_event=said.append)
    assert Note("read", f"{path}: read it") in said and Finished("read", True, 0.0) in said
    assert again.records["read"].notes == (f"{path}: read it",)
    assert not [e for e in said if isinstance(e, Started)]


@node("test_run_fail", version=1)
class Fail(Node):
    how: str = param("value", "how")

    def run(self, x: float) -> float:
        calls.append("fail")
        if self.how == "input":
            raise InputError("x.mp4 shows no face; use another clip")
        if self.how == "interrupt":
            raise KeyboardInterrupt
        if self.how == "type":
            return "text"
        raise ValueError("bad\nvalue")


def failing(how):
    return Graph(
        "fail",
        inputs={"path": Path},
        steps={
            "read": Read().on(path="path"),
            "bad": Fail(how=how).on(x="read.right"),
            "half": Half().on(x="read.right"),
            "add": Add().on(one="bad", two="half"),
            "last": Add().on(one="add"),
        },
    )


def test_a_failure_is_isolated_and_a_rerun_starts_there(store, path):
    said = []
    with pytest.raises(NodeError) as caught:
        failing("value").run({"path": path}, store=store, on_event=said.append)
    error = caught.value
    assert str(error) == "step 'bad' (test_run_fail) failed: ValueError: bad"
    assert isinstance(error.__cause__, ValueError)
    assert (error.step, error.node_id) == ("bad", "test_run_fail")
    assert error.inputs["x"].startswith("read.right @ ") and list(error.failures) == ["bad"]
    assert calls == ["read", "fail", "half"] and Failed("bad", error) in said
    calls.clear()
    with pytest.raises(NodeError):
        failing("value").run({"path": path}, store=store)
    assert calls == ["fail"]


def test_an_input_error_is_the_failure_of_its_step(store, path):
    with pytest.raises(
        InputError, match=r"in put .*: x.mp4 shows no face; use another clip$"
    ) as caught:
        failing("input").run({"path": path}, store=store)
    assert caught.value.step == "bad" and calls == ["read", "fail", "half"]


@pytest.mark.parametrize("how", ["value", "input"])
def test_what_did_not_fail_can_be_had_and_what_did_be_tried_by_hand(store, path, how):
    with pytest.raises(TalkgraphError) as caught:
        failing(how).run({"path": path}, store=store, until=["last", "half"])
    error, result = caught.value, caught.value.result
    assert result["half"] == 3 and result["read.right"] == 7
    assert result.records["half"].state == "run" and result.records["last"].state == "blocked"
    assert result.error is error and result.run_id == error.run_id
    for lost in (lambda: result["last"], lambda: result["bad"], lambda: result.output):
        with pytest.raises(type(error)) as again:
            lost()
        assert again.value is error
    assert error.arguments() == {"x": 7}
    with pytest.raises(ValueError if how == "value" else InputError):
        error.node.run(**error.arguments())
    assert list(error.failures) == ["bad"] and error.inputs["x"].startswith("read.right @ ")
    sent = pickle.loads(pickle.dumps(error))  # to another process, where the run is not
    assert (type(sent), str(sent), sent.step) == (type(error), str(error), "bad")
    with pytest.raises(GraphError, match="it has no arguments"):
        sent.arguments()


def test_arguments_may_be_streamed(store):
    @node("test_run_hates", version=1)
    class Hates(Node):
        def run(self, frames: Frames) -> int:
            raise ValueError(f"{frames.count} frames")

    steps = {"film": Film().on(), "negative": Negative().on(frames="film")}
    steps["hates"] = Hates().on(frames="negative")
    with pytest.raises(NodeError) as caught:
        Graph("hates", steps=steps).run(store=store)
    assert caught.value.arguments()["frames"][3].tolist() == np.full((2, 2, 3), 252).tolist()


def test_one_target_gives_its_value_and_a_list_a_dict(store, path):
    g, asked = graph(), {"inputs": {"path": path}, "store": store}
    assert g.run(**asked).output == 13 and g.run(**asked, until="half").output == 3
    assert g.run(**asked, until=["half"]).output == {"half": 3}
    assert g.run(**asked, only="half").output == 3
    assert g.run(**asked, only=["half"]).output == {"half": 3}
    assert [one.output for one in g.map([{"path": path}], store=store, until="half")] == [3]
    assert g.map([{"path": path}], store=store, until=["half"])[0].output == {"half": 3}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"path": "a"}, {"pth": "a"}], "row 1 of the inputs, .* has no input 'pth'"),
        ([{"path": "a"}, {"path": 3}], "row 1 of the inputs, .* input 'path'.*: expected Path"),
        ([3], "row 0 of the inputs, .* expected inputs by name, .* got int 3"),
        ({"path": ["a"]}, "row 0 of the inputs, .* expected inputs by name, .* got str 'path'"),
    ],
)
def test_a_row_of_other_names_or_types_is_named(store, rows, said):
    with pytest.raises((GraphError, InputError), match=said):
        graph().map(rows, store=store)


def test_an_output_of_another_type_is_an_error(store, path):
    with pytest.raises(
        NodeError, match="what run returned is not what it promises: expected float, got str"
    ):
        failing("type").run({"path": path}, store=store)


def test_an_interrupt_leaves_a_whole_store(store, path):
    with pytest.raises(KeyboardInterrupt):
        failing("interrupt").run({"path": path}, store=store)
    assert store.verify() == [] and not list((store.path / "tmp").iterdir())
    assert not list((store.path / "leases").iterdir()) and not list((store.path / "runs").iterdir())
    calls.clear()
    with pytest.raises(KeyboardInterrupt):
        failing("interrupt").run({"path": path}, store=store)
    assert calls == ["fail"]


def test_an_input_that_changes_meanwhile_is_not_stored(store, path):
    @node("test_run_meddle", version=1)
    class Meddle(Node):
        def run(self, path: Path) -> int:
            path.write_text("9 changed")
            return 1

    g = Graph("m", inputs={"path": Path}, steps={"m": Meddle().on(path="path")})
    with pytest.raises(InputError, match="changed while it was being used"):
        g.run({"path": path}, store=store)
    assert store.ls() == []


def test_a_full_disk_is_one_clear_line(store, path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    store.prepare()
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StoreError, match="the disk is full; free some") as caught:
        graph().run({"path": path}, store=store)
    assert caught.value.step == "read" and "\n" not in str(caught.value)
    monkeypatch.undo()
    assert store.ls() == [] and graph().run({"path": path}, store=store).output == 13


def test_a_store_that_cannot_be_written_is_said_before_anything_runs(tmp_path, path):
    (tmp_path / "file").write_text("x")
    for store in (tmp_path / "file", tmp_path / "file" / "store", tmp_path / ("x" * 300)):
        with pytest.raises(StoreError, match="; give another folder as store") as caught:
            graph().run({"path": path}, store=store)
        assert str(caught.value).startswith(f"store {store}: ")
    assert not calls


# -- damage ----------------------------------------------------------------------------------------


def damage_all(store, folder, pattern):
    found = list((store.path / folder).rglob(pattern))
    assert found
    for one in found:
        one.chmod(0o644)
        data = bytearray(one.read_bytes())
        data[-5] ^= 4
        one.write_bytes(data)


def test_damage_is_reported_and_made_again(store, path, monkeypatch):
    monkeypatch.setattr(codecs, "INLINE", 0)
    graph().run({"path": path}, store=store)
    calls.clear()
    damage_all(store, "blobs", "*.npy")
    said = []
    result = (
        graph().with_params(sum={"scale": 2}).run({"path": path}, store=store, on_event=said.append)
    )
    assert result.output == 23 and calls == ["read", "sum", "add"]
    assert [
        e for e in said if isinstance(e, Note) and "changed content; it is made again" in e.text
    ]
    assert "made again" in result.records["read"].notes[0]
    assert store.verify() == []


def test_a_damaged_target_is_made_again_even_after_the_run(store, path, monkeypatch):
    monkeypatch.setattr(codecs, "INLINE", 0)
    graph().run({"path": path}, store=store)
    damage_all(store, "blobs", "*.npy")
    calls.clear()
    result = graph().run({"path": path}, store=store)
    assert not calls and result["read"].left.sum() == 10 and calls == ["read"]


def test_a_result_that_is_damaged_as_often_as_it_is_made_ends_the_run(store, path, monkeypatch):
    monkeypatch.setattr(codecs, "INLINE", 0)

    def hurt(event):
        if isinstance(event, Finished):
            damage_all(store, "blobs", "*.npy")

    result = graph().run({"path": path}, store=store, until="read", on_event=hurt)
    with pytest.raises(DamagedError, match=r"has changed content, each time .*; check the disk"):
        _ = result["read"]
    assert len(calls) == 4 and set(calls) == {"read"}


def test_a_result_that_is_said_to_be_there_and_is_not(store, path, monkeypatch):
    """As if others finished it, and it went, each time that we look."""
    monkeypatch.setattr(Store, "claim", lambda *_: None)
    words = r"the result of step 'read' vanished, each time .*; check the disk"
    with pytest.raises(DamagedError, match=words) as said:
        graph().run({"path": path}, store=store)
    assert said.value.step == "read" and not calls


def test_a_damaged_record_is_made_again(store, path):
    graph().run({"path": path}, store=store)
    calls.clear()
    damage_all(store, "actions", "*.json")
    assert graph().run({"path": path}, store=store).output == 13
    assert calls == ["read", "sum", "half", "add"]


def test_a_damaged_memo_or_last_run_is_only_forgotten(store, path):
    time.sleep(0.15)  # so that the digest of the file is remembered
    graph().run({"path": path}, store=store)
    calls.clear()
    damage_all(store, "memo", "*.json")
    damage_all(store, "last_runs", "*.json")
    assert graph().run({"path": path}, store=store).output == 13 and not calls


def test_a_step_that_is_never_the_same_twice(store, path, monkeypatch):
    """Damage of a random step's result: what was keyed on the old output is keyed anew."""
    monkeypatch.setattr(codecs, "INLINE", 0)

    @node("test_run_random", version=1)
    class Random(Node):
        def run(self) -> np.ndarray:
            return np.frombuffer(os.urandom(80), np.uint8)

    g = Graph("r", steps={"r": Random().on(), "s": Sum().on(array="r"), "a": Add().on(one="s")})
    before = g.run(store=store)["r"].copy()
    damage_all(store, "blobs", "*.npy")
    result = g.with_params(s={"scale": 2}).run(store=store)
    assert not np.array_equal(result["r"], before)
    assert result["s"] == float(result["r"].sum() * 2)
    assert result["a"] == result["s"] + 100


@pytest.mark.parametrize("random", [False, True])
def test_an_input_that_is_lost_each_time_ends_the_run(store, random):
    @node("test_run_noise", version=1)
    class Noise(Node):
        def run(self) -> Frames:
            shape = (40, 8, 8, 3)
            seed = os.urandom(4) if random else b"same"
            return Frames.from_array(np.resize(np.frombuffer(seed, np.uint8), shape))

    blobs[:] = [store.path / "blobs"]
    steps = {
        "noise": Noise().on(),
        "lost": Vanish(times=2 if random else 100).on(frames="noise"),
        "also": Vanish(times=100, name="also").on(frames="noise"),
    }
    kind, words = DamagedError, r"is gone \(.*\), each time that it was made; check the disk"
    if random:
        kind, words = GraphError, "step 'noise' gives another output each time; seed its randomness"
    with pytest.raises(kind, match=words):
        Graph("lost", steps=steps).run(store=store, until=["lost", "also"])


# -- frames ------------------------------------------------------------------------------------------  # noqa: E501


@node("test_run_film", version=1)
class Film(Node):
    count: int = param(70, "frames")
    single: bool = param(False, "single pass")

    def run(self) -> Frames:
        calls.append("film")

        def read(a, b):
            calls.append(f"{a}")
            return np.stack([np.full((2, 2, 3), i, np.uint8) for i in range(a, b)])

        if self.single:
            return Frames.from_iterable(
                self.count, (2, 2, 3), (np.full((2, 2, 3), i, np.uint8) for i in range(self.count))
            )
        return Frames.from_function(self.count, (2, 2, 3), read)


@node("test_run_negative", version=1, transient=True)
class Negative(Node):
    single: bool = param(False, "single pass")

    def run(self, frames: Frames) -> Frames:
        calls.append("negative")
        if self.single:
            return Frames.from_iterable(frames.count, frames.shape, (255 - f for f in frames))
        return Frames.from_function(frames.count, frames.shape, lambda a, b: 255 - frames[a:b])


@node("test_run_mean", version=1)
class Mean(Node):
    add: int = param(0, "add")

    def run(self, frames: Frames) -> float:
        calls.append("mean")
        return float(np.mean([chunk.mean() for chunk in frames.chunks()])) + self.add


def film(single=False):
    return Graph(
        "film",
        steps={
            "film": Film(single=single).on(),
            "negative": Negative(single=single).on(frames="film"),
            "again": Negative(single=single).on(frames="negative"),
            "one": Mean().on(frames="again"),
            "two": Mean(add=1).on(frames="negative"),
            "three": Mean(add=2).on(frames="again"),
            "sum": Add().on(one="one", two="two"),
            "all": Add().on(one="sum", two="three"),
        },
    )


@pytest.mark.parametrize("single", [False, True])
def test_transient_steps_are_streamed(store, single):
    expected = np.mean([np.arange(32).mean(), np.arange(32, 64).mean(), np.arange(64, 70).mean()])
    result = film(single).run(store=store)
    assert result.output == pytest.approx(expected + (255 - expected + 1) + expected + 2)
    assert calls.count("film") == 1
    if not single:
        assert calls.count("negative") == 5  # each that is stored streams what it reads
    assert {entry.step for entry in store.ls()} == {"film", "one", "two", "three", "sum", "all"}
    calls.clear()
    again = film(single).run(store=store)
    assert again.output == result.output and not calls
    assert again.records["negative"].cached and again.records["negative"].reason == "not needed"
    assert states(film(single).plan(store=store))["negative"] == "streamed"
    np.testing.assert_array_equal(again["negative"][:4][3], np.full((2, 2, 3), 252))
    np.testing.assert_array_equal(again["film"][3], np.full((2, 2, 3), 3))
    calls.clear()
    film(single).with_params(three={"add": 5}).run(store=store)
    assert calls == ["negative", "negative", "mean", "add"]


def test_a_transient_target(store):
    frames = film().run(store=store, until="again").output
    np.testing.assert_array_equal(frames[69], np.full((2, 2, 3), 69))


def test_a_transient_step_may_use_its_scratch_folder_until_it_is_read(store):
    @node("test_run_scratch", version=1, transient=True)
    class Scratch(Node):
        def run(self) -> Frames:
            folder = engine.scratch_folder()
            np.save(folder / "x.npy", np.full((2, 2, 3), 7, np.uint8))
            return Frames.from_function(
                3, (2, 2, 3), lambda a, b: np.stack([np.load(folder / "x.npy")] * (b - a))
            )

    g = Graph("s", steps={"s": Scratch().on(), "m": Mean().on(frames="s")})
    result = g.run(store=store)
    assert result.output == 7
    assert result["s"][1].mean() == 7
    del result
    assert not list((store.path / "tmp").iterdir())


def test_a_failing_stream_fails_the_step_that_reads_it(store):
    @node("test_run_broken_stream", version=1, transient=True)
    class Broken(Node):
        def run(self) -> Frames:
            def read(a, b):
                raise ValueError("frame is broken")

            return Frames.from_function(3, (2, 2, 3), read)

    with pytest.raises(
        NodeError, match=r"step 'm' \(test_run_mean\) failed: ValueError: frame is broken"
    ):
        Graph("s", steps={"s": Broken().on(), "m": Mean().on(frames="s")}).run(store=store)


def test_files(store):
    @node("test_run_write", version=1)
    class Write(Node):
        def run(self) -> File:
            path = engine.scratch_folder() / "out put.txt"
            path.write_text("hello")
            return File(path)

    @node("test_run_length", version=1)
    class Length(Node):
        def run(self, file: File) -> int:
            return len(file.path.read_text())

    g = Graph("f", steps={"w": Write().on(), "l": Length().on(file="w")})
    result = g.run(store=store)
    assert result.output == 5 and result["w"].path.suffix == ".txt"
    assert result["w"].path.is_relative_to(store.path)
    assert not list((store.path / "tmp").iterdir())


blobs: list[Path] = []


@node("test_run_vanish", version=1)
class Vanish(Node):
    times: int = param(1, "until which call what it reads is taken away", keyed=False)
    name: str = param("", "tells two of them apart")

    def run(self, frames: Frames) -> float:
        calls.append("vanish")
        if calls.count("vanish") <= self.times:
            for blob in blobs[0].rglob("*.npy"):
                blob.unlink()
        return float(np.mean([chunk.mean() for chunk in frames.chunks()]))


def test_a_blob_that_vanishes_under_a_running_node_is_made_again(store):
    blobs[:] = [store.path / "blobs"]
    steps = {
        "f": Film().on(),
        "n": Negative().on(frames="f"),
        "v": Vanish().on(frames="n"),
    }
    g = Graph("v", steps=steps)
    result = g.run(store=store)
    assert calls.count("vanish") == 2 and calls.count("film") == 2
    assert result.output == g.run(store=Store(store.path.parent / "other")).output


@node("test_run_write", version=1)
class Write(Node):
    def run(self, text: str) -> File:
        path = engine.scratch_folder() / "made.txt"
        path.write_text(text)
        return File(path)


@node("test_run_vanishing_file", version=1)
class VanishingFile(Node):
    put_back: bool

    def run(self, written: File) -> str:
        calls.append("read")
        away = written.path.with_suffix(".away")
        if calls.count("read") == 1:  # as a collector does, before it sees who uses it
            written.path.rename(away)
        try:
            return written.path.read_text()
        finally:
            if away.exists() and self.put_back:
                away.rename(written.path)


@pytest.mark.parametrize("put_back", [True, False])
def test_a_file_that_vanishes_under_a_running_node_is_read_again(store, put_back):
    steps = {
        "written": Write().on(text="text"),
        "read": VanishingFile(put_back=put_back).on(written="written"),
    }
    found = Graph("vanishing", inputs={"text": str}, steps=steps).run({"text": "a"}, store=store)
    assert found.output == "a" and calls.count("read") == 2


@node("test_run_missing_scratch", version=1)
class MissingScratch(Node):
    def run(self, number: int) -> str:
        return (engine.scratch_folder() / "never written.txt").read_text()


def test_a_file_that_a_node_never_wrote_is_its_own_failure(store):
    missing = Graph("m", inputs={"n": int}, steps={"m": MissingScratch().on(number="n")})
    with pytest.raises(NodeError, match="FileNotFoundError"):
        missing.run({"n": 1}, store=store)


# -- scale ------------------------------------------------------------------------------------------  # noqa: E501


def chain(count):
    steps = {"s0": Half().on(x="x")}
    for i in range(1, count):
        steps[f"s{i}"] = Half().on(x=f"s{i - 1}")
    return Graph("chain", inputs={"x": int}, steps=steps)


def test_a_chain_of_ten_thousand_steps(store):
    g = chain(10_000)
    assert g.run({"x": 1 << 9}, store=store).output == 0
    assert len(calls) == 11  # 512, 256, …, 1, 0: equal inputs are equal work
    began = time.process_time()
    plan = g.plan({"x": 1 << 9}, store=store)
    assert all(step.state == "hit" for step in plan)
    assert time.process_time() - began < 30


def test_a_chain_of_ten_thousand_transient_steps(store):
    steps = {"n0": Negative().on(frames="frames")}
    for i in range(1, 10_000):
        steps[f"n{i}"] = Pass().on(frames=f"n{i - 1}")
    steps["mean"] = Mean().on(frames="n9999")
    g = Graph("deep", inputs={"frames": Frames}, steps=steps)
    frames = Frames.from_array(np.zeros((2, 2, 2, 3), np.uint8))
    assert g.run({"frames": frames}, store=store).output == 255


@node("test_run_pass", version=1, transient=True)
class Pass(Node):
    def run(self, frames: Frames) -> Frames:
        return frames


def test_a_warm_plan_of_a_thousand_steps_is_quick(store):
    @node("test_run_plus", version=1)
    class Plus(Node):
        def run(self, x: int) -> int:
            return x + 1

    steps = {"s0": Plus().on(x="x")}
    for i in range(1, 1000):
        steps[f"s{i}"] = Plus().on(x=f"s{i - 1}")
    g = Graph("plus", inputs={"x": int}, steps=steps)
    assert g.run({"x": 0}, store=store).output == 1000
    began = time.process_time()
    assert not g.plan({"x": 0}, store=store).to_run
    assert time.process_time() - began < 5


# -- several processes -------------------------------------------------------------------------------  # noqa: E501

WORKER = """
import sys, time
from pathlib import Path
from talkgraph import Graph, Node, Store, node

@node("worker_slow", version=1)
class Slow(Node):
    def run(self, x: int) -> int:
        with open(sys.argv[2], "a") as log:
            log.write("ran\\n")
        time.sleep(float(sys.argv[3]))
        return x + 1

g = Graph("g", inputs={"x": int}, steps={"a": Slow().on(x="x"), "b": Slow().on(x="a")})
print(g.run({"x": 1}, store=Store(sys.argv[1], durable=False)).output, flush=True)
"""


def worker(tmp_path, seconds):
    (tmp_path / "worker.py").write_text(WORKER)
    return subprocess.Popen(
        [sys.executable, tmp_path / "worker.py", tmp_path / "store", tmp_path / "log", str(seconds)],  # noqa: E501
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_several_processes_make_each_result_once(tmp_path):
    processes = [worker(tmp_path, 0.4) for _ in range(3)]
    assert [process.communicate()[0].strip() for process in processes] == ["3"] * 3
    assert (tmp_path / "log").read_text().count("ran") == 2


def test_a_killed_run_is_taken_over(tmp_path):
    first = worker(tmp_path, 30)
    while not (tmp_path / "log").exists():
        time.sleep(0.02)
    second = worker(tmp_path, 0)
    time.sleep(0.3)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert second.communicate(timeout=120)[0].strip() == "3"


# -- a cached run and a fresh one agree, whatever the graph ------------------------------------------------  # noqa: E501


@node("test_run_mix", version=1)
class Mix(Node):
    k: int = param(0, "k")

    def run(self, a: int, b: int = 5) -> int:
        return (a * 31 + b * 17 + self.k) % 7


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_a_cached_run_and_a_fresh_one_agree(tmp_path_factory, data):
    shared = Store(tmp_path_factory.getbasetemp() / "shared", durable=False)
    steps = {}
    for i in range(data.draw(st.integers(1, 8))):
        above = st.sampled_from(["x", "y", *(f"s{j}" for j in range(i))])
        sources = {"a": data.draw(above)}
        if data.draw(st.booleans()):
            sources["b"] = data.draw(above)
        steps[f"s{i}"] = Mix(k=data.draw(st.integers(0, 2))).on(**sources)
    g = Graph("mix", inputs={"x": int, "y": int}, steps=steps)
    inputs = {"x": data.draw(st.integers(0, 2)), "y": data.draw(st.integers(0, 2))}

    def reference(name):
        if name in inputs:
            return inputs[name]
        step = steps[name]
        return step.node.run(**{port: reference(s) for port, s in step.sources.items()})

    result = g.run(inputs, store=shared, until=list(steps))
    for name in steps:
        assert result[name] == reference(name)
