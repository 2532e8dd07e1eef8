"""`train head-pattern`: from tracked clips to two networks and their cards, in one command."""

import json
from types import SimpleNamespace

import pytest

from talkgraph.cli.main import main
from talkgraph.cli.train import clips, head_pattern
from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.head_motion import DecodeHeadMotion, EncodeHeadMotion
from talkgraph.nodes.networks import LoadNetwork
from tests.nodes.head_motion.pattern.swaying import heard, person, speech

SHORT = ["--encoder-steps", "2", "--decoder-steps", "2", "--folds", "2"]


@pytest.fixture
def people(tmp_path, monkeypatch):
    """A folder of four people, and what tracking would find in it."""
    folder = tmp_path / "people"
    for name in "abcd":
        (folder / name).mkdir(parents=True)
        (folder / name / "clip.mp4").touch()

    def tracked(*_, **__):
        for seed, name in enumerate("abcd"):
            found = {"view.speech": speech(4.0, seed), "fit": person(4.0, seed)}
            path = folder / name / "clip.mp4"
            yield SimpleNamespace(person=name, path=path, result=found)
        silent = {"view.speech": None, "fit": person(4.0, 9)}
        yield SimpleNamespace(person="e", path=folder / "silent.mp4", result=silent)
        short = {"view.speech": speech(2.0, 8), "fit": person(2.0, 8)}
        yield SimpleNamespace(person="f", path=folder / "short.mp4", result=short)

    monkeypatch.setattr(clips, "tracked_clips", tracked)
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    return folder


def test_two_networks_and_their_cards_are_made(people, tmp_path, capsys):
    target = tmp_path / "mine.onnx"
    command = ["train", "head-pattern", "--clips", str(people), *SHORT, "-o", str(target), "--json"]
    assert main(command) == 0
    out, err = capsys.readouterr()
    said = json.loads(out)
    encoder = tmp_path / "mine_encoder.onnx"
    assert said["output"] == str(target) and said["encoder"] == str(encoder)
    assert said["clips"] == said["people"] == 4
    assert said["scores"]["halves"]["asked"] == 0  # of clips of 6 s or more
    assert "silent.mp4 is left out: it has no sound" in err
    assert "f/short is left out: shorter than 3 s" in err
    assert "nobody to find again; spread" in err  # one clip of each, and short ones
    for path, kind in ((target, "decoder"), (encoder, "encoder")):
        assert path.with_suffix(".md").read_text().startswith(f"# Head pattern {kind}")
    pattern = EncodeHeadMotion().run(person(4.0, 5), LoadNetwork(file=encoder).run())
    made = DecodeHeadMotion().run(
        synthetic_fit(frames=100).motion, pattern, heard(4.0), LoadNetwork(file=target).run()
    )
    assert made.rotation.shape == (100, 3)


def test_the_encoder_lies_beside_the_decoder(tmp_path):
    for decoder, encoder in (("head_pattern_decoder.onnx", "head_pattern_encoder.onnx"),
                             ("mine.onnx", "mine_encoder.onnx")):  # fmt: skip
        assert head_pattern.encoder_beside(tmp_path / decoder) == tmp_path / encoder


def test_one_person_is_too_few(tmp_path, capsys):
    for name in ("one", "two"):
        (tmp_path / "ann").mkdir(exist_ok=True)
        (tmp_path / "ann" / f"{name}.mp4").touch()
    assert main(["train", "head-pattern", "--clips", str(tmp_path), "--quiet"]) == 2
    assert "clips of one person only" in capsys.readouterr().err
