"""Every run leaves a record: what became of each step, whether it ended well or not."""

import time
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3

from talkgraph import Frames, Graph, Node, Store, engine, node, param
from talkgraph.cache.records import read_record, write_record
from talkgraph.engine.history import machine, run_records
from talkgraph.errors import DamagedError, GraphError, InputError, NodeError


@node("test_history_read", version=3)
class Read(Node):
    def run(self, path: Path) -> np.ndarray:
        engine.note("it is short")
        return np.frombuffer(path.read_bytes(), np.uint8)


@node("test_history_sum", version=1)
class Sum(Node):
    scale: float = param(1.0, "scale")
    threads: int = param(1, "threads", keyed=False)
    trouble: str = param("", "raised")

    def run(self, array: np.ndarray) -> float:
        if self.trouble == "stop":
            raise KeyboardInterrupt
        if self.trouble:
            raise ZeroDivisionError(self.trouble)
        return float(array.sum() * self.scale)


@node("test_history_grey", version=1, transient=True)
class Grey(Node):
    def run(self, level: float) -> Frames:
        return Frames(30, (4, 4, 3), lambda a, b: np.full((b - a, 4, 4, 3), level, np.uint8))


@node("test_history_mean", version=1)
class Mean(Node):
    def run(self, frames: Frames, plus: float) -> float:
        return float(np.mean([chunk.mean() for chunk in frames.chunks(8)])) + plus


@node("test_history_array", version=1)
class Array(Node):
    array: np.ndarray = param()

    def run(self) -> float:
        return float(self.array.sum())


def graph(**trouble):
    return Graph(
        "history",
        inputs={"path": Path, "plus": float},
        steps={
            "read": Read().on(path="path"),
            "sum": Sum(**trouble).on(array="read"),
            "grey": Grey().on(level="sum"),
            "mean": Mean().on(frames="grey", plus="plus"),
            "alone": Sum(scale=2).on(array="read"),
        },
        output="mean",
    )


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "the store", durable=False)


@pytest.fixture
def inputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drei äpfel.txt").write_bytes(bytes([1, 2, 3]))
    return {"path": Path("drei äpfel.txt"), "plus": 0.5}


def states(run):
    return {name: step.state for name, step in run.steps.items()}


def test_a_run_is_written_down_and_its_values_can_be_had_later(store, inputs, tmp_path):
    before = time.time()
    result = graph().run(inputs, store=store)
    run = run_records.find(store)
    assert (run.run_id, run.graph, run.outcome, run.error) == (
        result.run_id, "history", "done", None,
    )  # fmt: skip
    assert before - 1 <= run.started <= time.time()
    assert 0 < run.seconds <= time.time() - before + 1
    assert run.targets == ("mean",)
    assert states(run) == {"read": "run", "sum": "run", "grey": "streamed", "mean": "run"}
    assert run.inputs["path"].text == str(tmp_path / "drei äpfel.txt")
    assert run.inputs["path"].digest == blake3(bytes([1, 2, 3])).hexdigest()
    assert (run.inputs["plus"].text, run.inputs["plus"].value) == ("0.5", 0.5)
    read, total = run.steps["read"], run.steps["sum"]
    said = f"{inputs['path']}: it is short"
    assert (read.node, read.version, read.reason) == ("test_history_read", 3, "first run")
    assert (read.notes, read.sources) == ((said,), {"path": "path"})
    assert read.digests["path"] == store.digest_of(inputs["path"], "path")[0]
    assert read.seconds > 0
    assert read.size == 3
    assert (total.parameters, total.size) == ({"scale": "1.0", "trouble": "''"}, 0)
    assert list(run.load(store, "read")) == [1, 2, 3]
    assert run.load(store, "sum") == 6.0
    assert run.load(store, "grey") is None
    facts = {"machine": run.machine, "talkgraph": run.talkgraph, "python": run.python}
    assert facts == machine.facts()

    again = graph().run(inputs, store=store)
    warm = run_records.find(store, again.run_id)
    assert states(warm) == {"read": "hit", "sum": "hit", "grey": "not needed", "mean": "hit"}
    assert warm.steps["read"].notes == (said,)
    assert warm.steps["read"].reason == "stored"
    assert warm.steps["read"].size == read.size
    assert [one.run_id for one in run_records.runs(store)] == [warm.run_id, run.run_id]
    assert run_records.runs(store, limit=1) == [warm]
    assert run_records.find(store, run.run_id[:-3]) == run


def test_a_record_rebuilds_its_graph_and_inputs_so_that_stored_steps_are_hits(
    store, inputs, monkeypatch
):
    graph().run(inputs, store=store)
    monkeypatch.chdir("/")  # the record's paths hold anywhere
    made, values = run_records.find(store).rebuild(Graph)
    assert made == graph()
    plan = made.plan(values, store=store)
    assert [step.state for step in plan] == ["hit", "hit", "streamed", "hit"]
    frames = made.run(values, store=store, until="grey").output
    assert frames[0:1][0, 0, 0].tolist() == [6, 6, 6]
    assert run_records.find(store).targets == ("grey",)


def test_what_failed_what_it_blocked_and_what_went_on(store, inputs):
    failing = graph(trouble="no apples\nat all")
    with pytest.raises(NodeError) as caught:
        failing.run(inputs, store=store, until=["mean", "alone"])
    run = run_records.find(store, caught.value.run_id)
    assert run.outcome == "failed"
    assert run.error == str(caught.value)
    assert states(run) == {
        "read": "run", "sum": "failed", "grey": "blocked", "mean": "blocked", "alone": "run",
    }  # fmt: skip
    total = run.steps["sum"]
    assert total.error == "step 'sum' (test_history_sum) failed: ZeroDivisionError: no apples"
    assert total.parameters["trouble"] == repr("no apples\nat all")
    assert caught.value.inputs["array"] == f"read @ {total.digests['array'][:12]}"
    assert (total.reason, total.size) == ("first run", None)
    assert total.seconds > 0
    assert run.steps["mean"].parameters == {}
    assert list(run.load(store, "read")) == [1, 2, 3]
    assert run.load(store, "sum") is None


def test_an_interrupted_run_says_where_it_stood(store, inputs):
    with pytest.raises(KeyboardInterrupt):
        graph(trouble="stop").run(inputs, store=store)
    run = run_records.find(store)
    assert (run.outcome, run.error) == ("cancelled", "KeyboardInterrupt")
    assert states(run) == {
        "read": "run", "sum": "cancelled", "grey": "not reached", "mean": "not reached",
    }  # fmt: skip
    assert run.steps["sum"].seconds > 0


@node("test_history_half", version=1)
class Half(Node):
    error: str = param("KeyboardInterrupt", "raised", choices=("KeyboardInterrupt", "ValueError"))

    def run(self, frames: Frames) -> float:
        next(frames.chunks(8)).mean()
        raise KeyboardInterrupt if self.error == "KeyboardInterrupt" else ValueError


@pytest.mark.parametrize("error", [KeyboardInterrupt, NodeError])
def test_a_stream_that_was_read_in_part_is_not_called_needless(store, error):
    name = "KeyboardInterrupt" if error is KeyboardInterrupt else "ValueError"
    steps = {
        "grey": Grey().on(level="plus"),
        "half": Half(error=name).on(frames="grey"),
        "late": Grey().on(level="half"),
        "mean": Mean().on(frames="late", plus="half"),
    }
    with pytest.raises(error):
        Graph("half", inputs={"plus": float}, steps=steps).run({"plus": 1.0}, store=store)
    reached = states(run_records.find(store))
    stopped = ("cancelled", "not reached") if error is KeyboardInterrupt else ("failed", "blocked")
    assert reached == {
        "grey": "streamed", "half": stopped[0], "late": stopped[1], "mean": stopped[1],
    }  # fmt: skip


def test_a_refused_input_is_a_failed_run_too(store, inputs):
    with pytest.raises(InputError) as caught:
        graph().run({**inputs, "path": Path("nowhere.txt")}, store=store)
    run = run_records.find(store, caught.value.run_id)
    assert run.outcome == "failed"
    assert "nowhere.txt" in run.error
    assert set(states(run).values()) == {"not reached"}
    assert run.inputs["path"].digest is None


def test_given_values_and_inputs_that_json_cannot_hold(store, inputs):
    graph().run(inputs, store=store, given={"sum": 7.0})
    run = run_records.find(store)
    assert states(run) == {"sum": "given", "grey": "streamed", "mean": "run"}
    assert run.steps["sum"].key is None

    array = Graph("array", inputs={"array": np.ndarray}, steps={"sum": Sum().on(array="array")})
    array.run({"array": np.arange(3)}, store=store)
    run = run_records.find(store)
    assert run.inputs["array"].text == "array([0, 1, 2])"
    with pytest.raises(InputError, match="input 'array' was array"):
        run.rebuild(Graph)

    nan = Graph("nan", inputs={"level": float}, steps={"grey": Grey().on(level="level")})
    nan.run({"level": float("nan")}, store=store)
    assert run_records.find(store).inputs["level"].has_value is False


def test_a_graph_without_a_text_keeps_everything_else(store):
    odd = Graph("odd", steps={"array": Array(array=np.arange(4)).on()})
    odd.run(store=store)
    run = run_records.find(store)
    assert (run.graph, run.document, states(run)) == ("odd", None, {"array": "run"})
    with pytest.raises(GraphError, match="'odd' was not kept as text; run it from Python"):
        run.rebuild(Graph)


def test_only_the_last_runs_are_kept(store, inputs, monkeypatch):
    monkeypatch.setattr(run_records, "KEPT", 3)
    ids = [graph().run(inputs, store=store).run_id for _ in range(5)]
    assert [run.run_id for run in run_records.runs(store)] == ids[:1:-1]
    monkeypatch.setattr(run_records, "_KEPT_BYTES", 1)  # the newest is always kept
    last = graph().run(inputs, store=store).run_id
    assert [run.run_id for run in run_records.runs(store)] == [last]


def test_a_store_that_cannot_keep_a_history_works_all_the_same(store, inputs):
    store.prepare()
    (store.path / "history").write_text("in the way")
    assert graph().run(inputs, store=store).output == 6.5
    assert run_records.runs(store) == []


def test_damaged_and_foreign_records_are_left_out(store, inputs):
    graph().run(inputs, store=store)
    good = graph().run(inputs, store=store).run_id
    folder = store.path / "history"
    first = min(folder.iterdir())
    data = first.read_bytes()
    first.write_bytes(data.replace(b'"outcome": "done"', b'"outcome": "dome"'))
    assert [run.run_id for run in run_records.runs(store)] == [good]
    with pytest.raises(DamagedError, match=first.stem):
        run_records.find(store, first.stem)
    for name in ("../../etc/passwd", "", "*", "nonsense"):
        with pytest.raises(InputError, match="lists them"):
            run_records.find(store, name)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((), {"graph": 3}), ((), {"targets": "mean"}), ((), {"outcome": "splendid"}),
        ((), {"seconds": "long"}), ((), {"extra": 1}), ((), {"steps": []}),
        ((), {"steps": {"a": 1}}),
        (("steps", "sum"), {"state": "odd"}), (("steps", "sum"), {"key": 7}),
        (("steps", "sum"), {"sources": {"a": 1}}), (("steps", "sum"), {"notes": [1]}),
        (("inputs", "path"), {"digest": 1}), ((), {"format": 99}),
    ],
)  # fmt: skip
def test_a_record_of_another_shape_is_no_record(store, inputs, place, value):
    graph().run(inputs, store=store)
    (path,) = (store.path / "history").iterdir()
    record = read_record(path)
    part = record
    for name in place:
        part = part[name]
    part.update(value)
    write_record(path, record, store.blobs.temporary, False)
    assert run_records.runs(store) == []


def test_every_stored_result_knows_where_and_when_it_was_made(store, inputs):
    result = graph().run(inputs, store=store)
    record = store.action(run_records.find(store, result.run_id).steps["sum"].key)
    facts = machine.facts()
    assert {name: record[name] for name in facts} == facts
    assert set(facts["machine"]) == {"host", "system", "cpu", "gpu"}
    assert (record["graph"], record["step"], record["node"], record["version"]) == (
        "history", "sum", "test_history_sum", 1,
    )  # fmt: skip
    assert record["parameters"]["scale"][1] == "1.0"
    assert record["inputs"]["array"][1] == "read"
    assert record["seconds"] >= 0
    assert abs(record["created"] - time.time()) < 60
