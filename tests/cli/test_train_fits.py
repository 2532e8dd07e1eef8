"""`train --fits`: what is kept of clips, and training from it alone."""

import argparse
import json
from types import SimpleNamespace

import attrs
import numpy as np
import pytest

from talkgraph.cli.main import main
from talkgraph.cli.train import clips
from talkgraph.cli.train.fits import HeardClip, fit_path, kept_fits, read_fit, write_fit
from talkgraph.errors import InputError
from talkgraph.nodes.pose_mapping.train import lag
from tests.nodes.head_motion.pattern.swaying import person, speech


def clip(seed=0, seconds=4.0, who="ann"):
    return HeardClip(
        name=f"clip_{seed}", person=who, fit=person(seconds, seed), speech=speech(seconds, seed)
    )


def test_a_fit_comes_back_as_it_was_and_its_sound_to_sixteen_bits(tmp_path):
    kept = clip()
    path = fit_path(tmp_path, "ann", kept.name)
    write_fit(path, kept, "ours")
    (found,) = kept_fits(tmp_path)
    assert found == ("ann", path)
    back = read_fit(path, "ann", "ours")
    assert (back.name, back.person, back.fit.size) == (kept.name, "ann", kept.fit.size)
    assert back.fit.motion.fps == kept.fit.motion.fps
    for one, other in zip(values(back), values(kept), strict=True):
        assert one.dtype == other.dtype and np.array_equal(one, other)
    sound = np.abs(back.speech.samples - np.clip(kept.speech.samples, -1, 1))
    assert sound.max() <= 0.51 / 32767
    assert not list(tmp_path.glob("*/*.part"))


def values(one):
    motion, fit = one.fit.motion, one.fit
    return (motion.expression, motion.rotation, motion.translation, fit.identity, fit.error,
            fit.measured)  # fmt: skip


@pytest.mark.parametrize("damage", ["empty", "cut", "other"])
def test_a_damaged_fit_is_named(tmp_path, damage):
    path = fit_path(tmp_path, "ann", "clip_0")
    write_fit(path, clip(), "ours")
    whole = path.read_bytes()
    if damage == "other":
        np.savez(path, facts=np.array("{}"))
    else:
        path.write_bytes(whole[: 0 if damage == "empty" else len(whole) // 2])
    with pytest.raises(InputError, match=r"no fit of a clip .* delete it to fit again"):
        read_fit(path, "ann", "ours")


def test_a_fit_of_another_face_model_is_refused(tmp_path):
    path = fit_path(tmp_path, "ann", "clip_0")
    write_fit(path, clip(), "theirs")
    with pytest.raises(InputError, match="of the face model 'theirs', not 'ours'; give --fits"):
        read_fit(path, "ann", "ours")


class Watch:
    """Hears what is told."""

    def __init__(self):
        self.notes = []

    def note(self, _, words):
        self.notes.append(words)


@pytest.fixture
def people(tmp_path, monkeypatch):
    """A folder of two people, and which of their clips tracking was asked for."""
    folder = tmp_path / "people"
    for name in "ab":
        (folder / name).mkdir(parents=True)
        (folder / name / "clip.mp4").touch()
    asked = []

    def tracked(of, steps, store, watch, besides=()):
        for seed, name in enumerate("ab"):
            path = of / name / "clip.mp4"
            if path not in besides:
                asked.append(name)
                found = {"view.speech": speech(4.0, seed), "fit": person(4.0, seed)}
                yield SimpleNamespace(person=name, path=path, result=found)

    monkeypatch.setattr(clips, "tracked_clips", tracked)
    return folder, asked


def test_what_is_kept_is_not_tracked_again(people, tmp_path):
    folder, asked = people
    fits = tmp_path / "fits"

    def heard(**options):
        args = argparse.Namespace(**{"clips": None, "fits": None, **options})
        return clips.heard_clips(args, None, Watch())

    first = heard(clips=folder, fits=fits)
    assert asked == ["a", "b"]
    fit_path(fits, "a", "clip").unlink()
    for again in (heard(clips=folder, fits=fits), heard(fits=fits)):
        assert [(one.person, one.name) for one in again] == [("a", "clip"), ("b", "clip")]
        for one, other in zip(again, first, strict=True):
            assert np.array_equal(one.fit.motion.expression, other.fit.motion.expression)
            assert np.array_equal(one.speech.samples, other.speech.samples)
    assert asked == ["a", "b", "a"]


SHORT = ["--steps", "2", "--folds", "2"]


@pytest.fixture
def fits(tmp_path, monkeypatch):
    """Kept fits of four people."""
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    for seed, who in enumerate("abcd"):
        one = talking(clip(seed, who=who), seed)
        write_fit(fit_path(tmp_path / "fits", who, one.name), one, clips_model())
    return tmp_path / "fits"


def talking(one, seed):
    """The clip with a face that moves."""
    moved = np.random.default_rng(seed).standard_normal(one.fit.motion.expression.shape)
    motion = attrs.evolve(one.fit.motion, expression=moved.astype(np.float32))
    return attrs.evolve(one, fit=attrs.evolve(one.fit, motion=motion))


def clips_model():
    from talkgraph.nodes.face_model import LoadFaceModel

    return LoadFaceModel().run().name


def test_a_mapping_is_trained_from_fits_alone_and_reported(fits, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(lag, "MIN_CORRELATION", -1.0)  # these lips follow nothing
    target = tmp_path / "mine.onnx"
    assert main(["train", "mapping", "--fits", str(fits), *SHORT, "-o", str(target), "--json"]) == 0
    out, err = capsys.readouterr()
    said = json.loads(out)
    assert said["clips"] == said["people"] == 4
    assert said["protocol"]["folds"] == 2 and said["protocol"]["shares"] == [0.25, 0.5, 1.0]
    assert set(said["curve"]) == {"0.25", "0.5", "1"}
    assert {row["person"] for row in said["scores"]} == set("abcd")
    assert said["worst"]["person"] in "abcd" and "least of all follows" in err
    assert "learned from 25% of the other people" in err
    assert target.with_suffix(".md").read_text().startswith("# General mapping")


def test_lips_that_follow_no_sound_are_refused(fits, capsys):
    assert main(["train", "mapping", "--fits", str(fits), *SHORT]) == 2
    assert "see that each clip has the sound of the face" in capsys.readouterr().err


def test_head_motion_is_trained_from_fits_alone(fits, tmp_path, capsys):
    target = tmp_path / "head.onnx"
    command = ["train", "head-motion", "--fits", str(fits), *SHORT, "-o", str(target), "--json"]
    assert main(command) == 0
    out, err = capsys.readouterr()
    said = json.loads(out)
    assert said["people"] == 4 and set(said["curve"]) == {"0.5", "1"}
    assert len(said["scores"]) == 4 and said["worst"]["person"] in "abcd"
    assert "learned from 50% of the other people: loss" in err


@pytest.mark.parametrize("model", ["mapping", "head-motion", "head-pattern"])
@pytest.mark.parametrize(
    ("kept", "words"), [("", "no fits in it; give --clips DIR"), ("a", "clips of one person only")]
)
def test_too_few_fits_are_refused(tmp_path, monkeypatch, capsys, model, kept, words):
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    folder = tmp_path / "fits"
    folder.mkdir()
    if kept:
        write_fit(fit_path(folder, kept, "clip"), clip(), "ours")
    assert main(["train", model, "--fits", str(folder)]) == 2
    assert words in capsys.readouterr().err
