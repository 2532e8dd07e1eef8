"""`train keypoint-field`: from tracked clips to two networks that move a photo."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.cli.main import main
from talkgraph.cli.train import keypoint_field
from talkgraph.nodes.keypoint_field import DenseMotion, GenerateFrames
from talkgraph.nodes.keypoint_field.mesh_keypoints import keypoints_from_mesh
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.values import Clip, Crop, FaceTrack, Keypoints
from tests.nodes.keypoint_field.train.faces import moving


def tracked(example):
    points = np.zeros((len(example), 478, 3), np.float32)
    points[:, :468, :2] = example.points
    seen = np.ones(len(example), np.bool_)
    crop = Crop(left=0.0, top=0.0, side=256.0)
    clip = Clip(frames=Frames.from_array(example.frames), fps=25.0, crop=crop, speech=None)
    track = FaceTrack(landmarks=points, confidence=seen.astype(np.float32), measured=seen,
                      size=256, fps=25.0)  # fmt: skip
    return {"clip": clip, "track": track}


@pytest.fixture
def people(tmp_path, monkeypatch):
    folder = tmp_path / "people"
    for name in "ab":
        (folder / name).mkdir(parents=True)
        (folder / name / "clip.mp4").touch()

    def found(*_, **__):
        for name in "ab":
            path = folder / name / "clip.mp4"
            yield SimpleNamespace(person=name, path=path, result=tracked(moving(name)))

    monkeypatch.setattr(keypoint_field, "tracked_clips", found)
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    return folder


def test_two_networks_and_a_card_are_made(people, tmp_path, capsys):
    target = tmp_path / "my_generator.onnx"
    command = ["train", "keypoint-field", "--clips", str(people), "--minutes", "0", "--frames", "3",
               "-o", str(target), "--json"]  # fmt: skip
    assert main(command) == 0
    said = json.loads(capsys.readouterr().out)
    motion = tmp_path / "my_motion.onnx"
    assert said["output"] == str(target) and said["motion"] == str(motion)
    assert said["clips"] == said["people"] == 2 and said["score"]["people"] == 1
    card = target.with_suffix(".md").read_text()
    assert card.startswith("# Light keypoint field") and "0 steps" in card
    example = moving("c")
    clip = tracked(example)["clip"]
    position, jacobian = keypoints_from_mesh(example.points, 256)
    keypoints = Keypoints(position=position, jacobian=jacobian, fps=25.0)
    field = DenseMotion().run(clip, keypoints, keypoints, LoadNetwork(file=motion).run())
    frames = GenerateFrames().run(clip, field, LoadNetwork(file=target).run())[:]
    moved, stood = (
        np.abs(one[60:200, 60:200].astype(int) - example.frames[2, 60:200, 60:200]).mean()
        for one in (frames[2], example.frames[0])
    )
    assert moved < 0.5 * stood


def test_without_clips_or_with_one_person_it_is_refused(tmp_path, capsys):
    assert main(["train", "keypoint-field", "--quiet"]) == 2
    assert "give --clips DIR" in capsys.readouterr().err
    (tmp_path / "one.mp4").touch()
    assert main(["train", "keypoint-field", "--clips", str(tmp_path), "--quiet"]) == 2
    assert "clips of one person only" in capsys.readouterr().err
