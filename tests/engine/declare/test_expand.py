"""Many inputs in one run: common work once, failures apart."""

import itertools
from pathlib import Path

import pytest

from talkgraph import Graph, Node, Store, node
from talkgraph.errors import GraphError, InputError, NodeError

calls: list[str] = []


@pytest.fixture(autouse=True)
def _fresh():
    calls.clear()


@node("test_many_fit", version=1)
class Fit(Node):
    def run(self, video: Path) -> int:
        calls.append("fit")
        return int(video.read_text())


@node("test_many_features", version=1)
class Features(Node):
    def run(self, audio: int) -> int:
        calls.append("features")
        if audio == 13:
            raise ValueError("unlucky")
        return audio * 10


@node("test_many_talk", version=1)
class Talk(Node):
    def run(self, fit: int, features: int, mood: str | None = None) -> str:
        calls.append("talk")
        return f"{fit} says {features} {mood}"


def graph():
    return Graph(
        "many",
        inputs={"video": Path, "audio": int, "mood": str | None},
        steps={
            "fit": Fit().on(video="video"),
            "features": Features().on(audio="audio"),
            "talk": Talk().on(fit="fit", features="features", mood="mood"),
        },
    )


@pytest.fixture
def people(tmp_path):
    made = []
    for number in range(3):
        made.append(tmp_path / f"{number}.txt")
        made[-1].write_text(str(number))
    return made


def test_each_person_and_each_speech_is_done_once(people, tmp_path):
    pairs = [{"video": v, "audio": a} for v, a in itertools.product(people, [1, 2])]
    said = []
    store = Store(tmp_path / "s")
    results = graph().map(pairs, store=store, on_event=said.append)
    assert [r.output for r in results] == [f"{v} says {a}0 None" for v in range(3) for a in (1, 2)]
    assert sorted(calls) == ["features"] * 2 + ["fit"] * 3 + ["talk"] * 6
    assert results[0]["fit"] == 0 and results[5]["features"] == 20
    assert set(results[5].records) == {"fit", "features", "talk"}
    assert "talk/video-3/audio-2" in {event.step for event in said}
    assert all(r.error is None for r in results)
    calls.clear()
    assert graph().run(pairs[3], store=store).output == results[3].output and not calls


def test_inputs_are_compared_by_content_and_may_be_left_out(people, tmp_path):
    copy = tmp_path / "copy.txt"
    copy.write_text("0")
    rows = [{"video": people[0], "audio": 1}, {"video": copy, "audio": 1, "mood": "glad"}]
    results = graph().map(rows, store=tmp_path / "s")
    assert [r.output for r in results] == ["0 says 10 None", "0 says 10 glad"]
    assert sorted(calls) == ["features", "fit", "talk", "talk"]
    assert graph().map([], store=tmp_path / "s") == []


def test_a_failure_belongs_to_the_results_that_need_it(people, tmp_path):
    rows = [{"video": people[0], "audio": a} for a in (1, 13, 2)]
    good, bad, other = graph().map(rows, store=tmp_path / "s")
    assert good.output == "0 says 10 None" and other.output == "0 says 20 None"
    assert isinstance(bad.error, NodeError) and "unlucky" in str(bad.error)
    assert good.error is None and bad["fit"] == 0
    with pytest.raises(NodeError, match="unlucky"):
        _ = bad.output


def test_a_file_that_cannot_be_read_loses_its_own_row_alone(people, tmp_path):
    people[1].unlink()
    people[2].write_text("no number")
    rows = [{"video": video, "audio": 1} for video in people]
    good, gone, broken = graph().map(rows, store=tmp_path / "s")
    assert good.output == "0 says 10 None" and good.error is None
    assert isinstance(gone.error, InputError) and "1.txt: no such file" in str(gone.error)
    assert isinstance(broken.error, NodeError) and broken["features"] == 10
    for lost, kind in ((gone, InputError), (broken, NodeError)):
        with pytest.raises(kind):
            _ = lost.output
    assert [r.error is None for r in graph().map(rows[1:2], store=tmp_path / "s")] == [False]


def test_wrong_inputs_are_said(people, tmp_path):
    with pytest.raises(GraphError, match="has no input 'sound'"):
        graph().map([{"sound": 1}], store=tmp_path / "s")
    with pytest.raises(GraphError, match="needs input 'audio"):
        graph().map([{"video": people[0]}, {"audio": 1}], store=tmp_path / "s")
