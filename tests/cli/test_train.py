"""`train`: which files are whose, and what is refused."""

import pytest

from talkgraph.cli.main import main
from talkgraph.cli.train.clips import clips


def test_a_subfolder_is_a_person_and_a_loose_file_another(tmp_path):
    for name in ("b/two.MP4", "b/one.mov", "a.mp4", "a.txt", "c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [(person, path.name) for person, path in clips(tmp_path)]
    assert found == [("a", "a.mp4"), ("b", "one.mov"), ("b", "two.MP4")]
    assert ("c", "c.png") in [(person, path.name) for person, path in clips(tmp_path, photos=True)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mapping"], "give --clips DIR"),
        (["mapping", "--clips", "nowhere"], "nowhere: no such folder"),
        (["face-model", "--clips", "empty"], "no clips in it"),
        (["head-pattern"], "give --clips DIR"),
        (["general-refiner"], "give --clips DIR"),
        (["general-refiner", "--clips", "one"], "clips of one person only"),
        (["general-refiner", "--clips", "one", "--steps", "0"], "--steps 0: give 1 or more"),
        (["general-refiner", "--clips", "one", "--held-out", "1"], "give 0, or 2 or more"),
        (["refiner"], "give --video FILE"),
        (["refiner", "--video", "me.mp4"], "me.mp4: no such video"),
        (["mapping", "--clips", "one"], "one: clips of one person only; a general model needs"),
        (["mapping", "--clips", "bad"], "bad: none of its 2 files can be used; see the notes"),
        (["head-motion"], "give --clips DIR"),
        (["head-motion", "--clips", "one"], "one: clips of one person only; a general model needs"),
        (["mapping", "--clips", ".", "-o", "nowhere/m.onnx"], "nowhere"),
    ],
)
def test_what_is_missing_is_said(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    (tmp_path / "empty").mkdir()
    for name in ("one/ann/a.mp4", "one/ann/b.mp4", "bad/ann/a.mp4", "bad/bob/b.mp4"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("no video")
    assert main(["train", *arguments, "--quiet"]) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert len(printed.err.splitlines()) == 1
