"""`train head-pose` and `train keypoint-motion`: from clips with sound to networks that run."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.cli.main import main
from talkgraph.cli.train import spoken
from talkgraph.nodes.audio_features import F0Features
from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.keypoint_field import DetectKeypoints, PredictHeadPose, PredictKeypoints
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.values import Clip, Crop, FaceTrack, Speech
from tests.nodes.keypoint_field.train.faces import face_points, moving

FRAMES = 70


def speech(seconds=FRAMES / 25):
    sound = np.sin(np.arange(round(16000 * seconds)) / 9).astype(np.float32)
    return Speech(samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000)


def tracked(name, *, sound=True, frames=FRAMES):
    """What tracking gives of a face that drifts to the right, at 320 px."""
    points = np.zeros((frames, 478, 3), np.float32)
    points[:, :468, :2] = (face_points() + 0.1 * np.arange(frames)[:, None, None]) * 320 / 256
    seen = np.ones(frames, np.bool_)
    picture = np.kron(moving(name, frames=1).frames[0], np.ones((2, 2, 1), np.uint8))[:320, :320]
    return {
        "view.speech": speech(frames / 25) if sound else None,
        "clip": Clip(
            frames=Frames.from_array(np.repeat(picture[None], frames, axis=0)), fps=25.0,
            crop=Crop(left=0.0, top=0.0, side=320.0), speech=None,
        ),
        "track": FaceTrack(
            landmarks=points, confidence=seen.astype(np.float32), measured=seen, size=320, fps=25.0
        ),
        "fit": synthetic_fit(frames=frames, size=320),
    }  # fmt: skip


@pytest.fixture
def people(tmp_path, monkeypatch):
    results = {
        "a": tracked("a"), "b": tracked("b"), "c": tracked("c", sound=False),
        "d": tracked("d", frames=30),
    }  # fmt: skip
    folder = tmp_path / "people"
    for name in results:
        (folder / name).mkdir(parents=True)
        (folder / name / "clip.mp4").touch()

    def found(*_, **__):
        for name, result in results.items():
            yield SimpleNamespace(person=name, path=folder / name / "clip.mp4", result=result)

    monkeypatch.setattr(spoken, "tracked_clips", found)
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    return folder


def photo():
    return tracked("e")["clip"]


def test_a_head_pose_predictor_is_made(people, tmp_path, capsys):
    target = tmp_path / "pose.onnx"
    command = ["train", "head-pose", "--clips", str(people), "--minutes", "0", "-o", str(target)]
    assert main([*command, "--json"]) == 0
    said = capsys.readouterr()
    assert "c/clip.mp4 is left out: it has no sound" in said.err
    assert "d/clip.mp4 is left out: less than 64 frames" in said.err
    told = json.loads(said.out)
    assert told["clips"] == 2 and told["score"]["people"] == 1
    assert target.with_suffix(".md").read_text().startswith("# Light head pose predictor")
    features = F0Features().run(speech())
    motion = PredictHeadPose().run(features, photo(), LoadNetwork(file=target).run())
    assert motion.rotation.shape == (FRAMES, 3)


def test_a_predictor_and_its_detector_are_made(people, tmp_path, capsys):
    target = tmp_path / "my_predictor.onnx"
    command = ["train", "keypoint-motion", "--clips", str(people), "--minutes", "0"]
    assert main([*command, "-o", str(target), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["detector"] == str(tmp_path / "my_detector.onnx") and told["score"]["windows"] == 1
    card = target.with_suffix(".md").read_text()
    assert card.startswith("# Light keypoint predictor and detector") and "0 steps" in card
    source = DetectKeypoints().run(photo(), LoadNetwork(file=tmp_path / "my_detector.onnx").run())
    features, motion = F0Features().run(speech()), synthetic_fit(frames=FRAMES).motion
    network = LoadNetwork(file=target).run()
    driving = PredictKeypoints().run(features, photo(), motion, network)
    assert driving.position.shape == (FRAMES, 20, 2)
    # What was never trained leaves the photo as it is, and both see the photo alike.
    np.testing.assert_allclose(driving.position[5], source.position[0], atol=1e-4)


@pytest.mark.parametrize("model", ["head-pose", "keypoint-motion"])
def test_without_clips_it_is_refused(model, capsys):
    assert main(["train", model, "--quiet"]) == 2
    assert "give --clips DIR" in capsys.readouterr().err
