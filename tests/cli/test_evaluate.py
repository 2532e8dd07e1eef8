"""`talkgraph evaluate`: what is refused, and how scores are printed."""

import pytest

from talkgraph.cli.evaluate.choices import with_mapping
from talkgraph.cli.evaluate.measured import json_of, with_strangers
from talkgraph.cli.evaluate.text import aligned, text_of
from talkgraph.cli.main import main
from talkgraph.engine import graph
from talkgraph.errors import InputError
from talkgraph.nodes.evaluate.summary import ClipScores
from tests.nodes.evaluate.head.made import talk


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"nothing")
    return str(path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sync"], "no clip; give --video FILE, or --clips DIR"),
        (["sync", "--video", "none.mp4"], "none.mp4: no such video file"),
        (["sync", "--clips", "none"], "none: no such folder of clips"),
        (["sync", "--video", "FILE", "--mapping", "none.onnx"], "none.onnx: no such mapping file"),
        (["sync", "--video", "FILE", "FILE", "--phones", "FILE"], "--phones belongs to one clip"),
        (["sync", "--video", "FILE", "--graph", "photoo"], "did you mean 'photo'?"),
        (["sync", "--video", "FILE", "--graph", "yi2020"], "has no input 'photo' that one step"),
        (["sync", "--video", "FILE", "--set", "nothing.x=1"], "has no step 'nothing'"),
        (["self", "--video", "FILE", "--seconds", "0"], "--seconds 0: give a number above 0"),
        (["compare", "FILE", "none.mp4"], "none.mp4: no such video file"),
        (["sync", "--video", "FILE", "--report", "page.pdf"], "end its name in .html"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_before_any_work(words, said, file, tmp_path, capsys):
    words = [file if word == "FILE" else word for word in words]
    assert main(["evaluate", *words, *(["--store", str(tmp_path / "store")])]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 1
    assert said in printed.err


def test_a_file_that_is_no_video_is_one_line_too(file, tmp_path, capsys):
    store = ["--store", str(tmp_path / "store"), "--quiet"]
    assert main(["evaluate", "sync", "--video", file, *store]) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1 and "a.mp4" in err
    assert main(["evaluate", "sync", "--video", file, file, *store]) == 2
    assert "none of 2 clips can be measured; a.mp4: " in capsys.readouterr().err


def test_any_mapping_is_put_where_the_system_loads_one(tmp_path):
    mine = tmp_path / "mine.onnx"
    for name, step in (("photo", "mapping"), ("yi2020", "general_mapping")):
        changed = with_mapping(graph(name), mine)
        assert [s for s in changed.steps if changed.steps[s] != graph(name).steps[s]] == [step]
        assert changed.steps[step].node.file.path == mine
    with pytest.raises(InputError, match="loads no mapping"):
        with_mapping(graph("photo").subgraph("fit"), mine)


def clip(name, r):
    made = {"opening_r": r, "opening_r_at_lag": r, "lag": 2.0, "frames": 50.0}
    return ClipScores(f"{name}.mp4", name, {"made": made, "energy": {"opening_r": 0.1}})


def test_every_clip_is_printed_then_the_mean_and_who_fares_worst():
    text = text_of("sync", [clip("anna", 0.7), clip("bert", 0.3)], {})
    lines = text.splitlines()
    assert lines[1].split() == ["anna.mp4", ".70", "/", ".70", "2"]
    assert lines[4] == "mean of 2 clips, weighted by frames"
    assert ["opening", "r", ".50", "/", ".50", ".10", "1"] in [line.split() for line in lines]
    assert lines[-1] == "worst: bert, opening r at the lag 0.30"
    alone = text_of("sync", [clip("anna", 0.7)], {})
    assert alone.splitlines()[0] == "anna.mp4" and "worst" not in alone


def test_columns_stand_under_each_other():
    assert aligned([["a", "10"], ["long", "2"]]) == "a     10\nlong   2"


def test_json_holds_no_infinity():
    found = json_of("self", [ClipScores("a", "a", {"made": {"sharpness": float("inf")}})], {}, {})
    assert found["clips"][0]["scores"] == {"made": {"sharpness": None}}
    assert found["worst"] is None


def test_the_stranger_is_the_next_other_person():
    clips = [ClipScores(n, n[0], {}) for n in ("a1", "a2", "b1")]
    heads = [talk(k) for k in range(3)]
    found = with_strangers(clips, heads)
    assert all(0.5 < one.columns["stranger"]["hs"] < 1 for one in found)
    assert "stranger" not in with_strangers(clips[:2], heads[:2])[0].columns
