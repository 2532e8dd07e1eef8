"""The time left is told when there is something to tell it from."""

from pathlib import Path

import pytest

from talkgraph import Graph, Node, Store, engine, node, param
from talkgraph.engine.history.time_left import StepTime, past_seconds
from talkgraph.errors import NodeError


@node("test_time_left_work", version=1)
class Work(Node):
    fails: bool = param(False, "whether it fails", keyed=False)

    def run(self, x: int) -> int:
        engine.progress(1, 2)
        if self.fails:
            raise ValueError("no")
        return x


def test_the_pace_counts_from_the_first_progress_that_is_told():
    time = StepTime()
    time.start(100.0)
    assert time.left(150.0) is None
    time.progress(160.0, 1, 101)  # a minute of loading
    assert time.left(160.0) is None
    time.progress(162.0, 2, 101)  # 1 % in 2 s: too little to tell from
    assert time.left(162.0) is None
    time.progress(170.0, 11, 101)
    assert time.left(170.0) == pytest.approx(90.0)
    assert time.left(180.0) == pytest.approx(80.0)  # no news since: it is awaited


def test_what_took_longer_than_was_told_tells_nothing():
    time = StepTime()
    time.start(0.0)
    for second in range(1, 10):
        time.progress(second, second, 10)
    assert time.left(9.0) == pytest.approx(1.0)
    assert time.left(30.0) is None


def test_a_burst_at_the_start_tells_nothing():
    time = StepTime()
    time.start(0.0)
    time.progress(0.1, 1, 10)
    time.progress(0.2, 5, 10)
    assert time.left(0.2) is None


def test_a_step_that_begins_to_count_anew_has_a_new_pace():
    time = StepTime()
    time.start(0.0)
    for second in range(0, 11):
        time.progress(second, second, 10)
    time.progress(11.0, 0, 1000)
    assert time.left(11.0) is None
    time.progress(31.0, 100, 1000)
    assert time.left(31.0) == pytest.approx(180.0)


def test_before_there_is_a_pace_the_last_time_tells():
    time = StepTime(past=60.0)
    assert time.left(0.0) is None
    time.start(10.0)
    assert time.left(30.0) == pytest.approx(40.0)
    assert time.left(71.0) is None
    time.progress(30.0, 0, 10)
    time.progress(40.0, 1, 10)
    assert time.left(40.0) == pytest.approx(90.0)


def test_a_streamed_step_begins_with_its_first_progress():
    time = StepTime(past=10.0)
    time.progress(5.0, 0, 10)
    assert time.left(6.0) == pytest.approx(9.0)


def test_progress_without_a_total_is_no_error():
    time = StepTime()
    time.progress(0.0, 0, 0)
    time.progress(5.0, 3, 0)
    assert time.left(6.0) is None


def test_the_seconds_of_a_step_are_those_of_the_last_run_that_made_it(tmp_path):
    store = Store(tmp_path)

    def graph(name="work", fails=False):
        return Graph(name, inputs={"x": int}, steps={"work": Work(fails=fails).on(x="x")})

    assert past_seconds(store, "work") == {}
    first = graph().run({"x": 1}, store=store)
    second = graph().run({"x": 2}, store=store)
    graph().run({"x": 2}, store=store)  # a hit
    graph("other").run({"x": 3}, store=store)
    with pytest.raises(NodeError):
        graph(fails=True).run({"x": 4}, store=store)
    assert first.records["work"].seconds != second.records["work"].seconds
    assert past_seconds(store, "work") == {"work": second.records["work"].seconds}


def test_the_last_time_over_other_files_tells_nothing(tmp_path):
    @node("test_time_left_reads", version=1)
    class Reads(Node):
        def run(self, file: Path) -> int:
            return len(file.read_bytes())

    store = Store(tmp_path / "store")
    graph = Graph("reads", inputs={"file": Path}, steps={"reads": Reads().on(file="file")})
    for name in ("long", "short"):
        (tmp_path / name).write_text(name)
    graph.run({"file": tmp_path / "long"}, store=store)
    assert past_seconds(store, "reads", {"file": tmp_path / "short"}) == {}
    assert past_seconds(store, "reads", {"file": tmp_path / "long"}).keys() == {"reads"}
    assert past_seconds(store, "reads").keys() == {"reads"}
