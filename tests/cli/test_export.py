"""`export mesh`: a finished video gives its head away."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import trimesh

from talkgraph.cache.frames import Frames
from talkgraph.cli.main import main
from talkgraph.engine import Graph, Node, node
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.synthetic import synthetic_face_model
from talkgraph.nodes.media import ReadSpeech, WriteVideo
from talkgraph.nodes.values import Albedo, FaceFit, Motion, Speech

FRAMES = 25
IDENTITY = np.linspace(-1, 1, 80).astype(np.float32)


@node("test_export_model", version=1)
class Model(Node):
    def run(self) -> FaceModel:
        return synthetic_face_model(levels=0)


@node("test_export_fit", version=1)
class Fit(Node):
    def run(self, model: FaceModel) -> FaceFit:
        motion = Motion(
            expression=np.zeros((FRAMES, 64), np.float32),
            rotation=np.zeros((FRAMES, 3), np.float32),
            translation=np.zeros((FRAMES, 3), np.float32),
            fps=25.0,
        )
        return FaceFit(
            identity=IDENTITY, motion=motion, error=np.zeros(FRAMES, np.float32),
            measured=np.ones(FRAMES, bool), size=64,
        )  # fmt: skip


@node("test_export_albedo", version=1)
class Colours(Node):
    def run(self, model: FaceModel) -> Albedo:
        return Albedo(colour=model.mean_albedo, light=np.zeros((9, 3), np.float32))


@node("test_export_motion", version=1)
class Nod(Node):
    def run(self, fit: FaceFit) -> Motion:
        rotation = np.zeros((FRAMES, 3), np.float32)
        rotation[:, 0] = 0.2 * np.sin(np.arange(FRAMES))
        still = np.zeros((FRAMES, 64), np.float32)
        return Motion(expression=still, rotation=rotation, translation=rotation, fps=25.0)


@node("test_export_paint", version=1)
class Paint(Node):
    def run(self, motion: Motion, albedo: Albedo) -> Frames:
        return Frames.from_array(np.full((len(motion.rotation), 32, 32, 3), 90, np.uint8))


@node("test_export_grey", version=1)
class Grey(Node):
    def run(self, speech: Speech) -> Frames:
        return Frames.from_array(np.full((FRAMES, 32, 32, 3), 90, np.uint8))


def yaml(steps):
    return Graph("film", inputs={"audio": Path}, steps=steps, output="video_out").to_yaml()


FILM = {
    "speech": ReadSpeech().on(audio="audio"),
    "model": Model().on(),
    "fit": Fit().on(model="model"),
    "albedo": Colours().on(model="model"),
    "motion": Nod().on(fit="fit"),
    "frames": Paint().on(motion="motion", albedo="albedo"),
    "video_out": WriteVideo().on(frames="frames", speech="speech"),
}
FACELESS = {
    "speech": ReadSpeech().on(audio="audio"),
    "frames": Grey().on(speech="speech"),
    "video_out": WriteVideo().on(frames="frames", speech="speech"),
}


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    soundfile.write("a.wav", 0.3 * np.sin(np.arange(16000) * 0.1), 16000)
    Path("film.yaml").write_text(yaml(FILM))
    Path("faceless.yaml").write_text(yaml(FACELESS))
    return tmp_path


def made(name):
    assert main(["run", f"{name}.yaml", "-i", "audio=a.wav", "-o", f"{name}.mp4", "-q"]) == 0


def animated(path):
    data = Path(path).read_bytes()
    return "animations" in json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])


def test_the_head_of_a_video_is_that_of_its_run(desk):
    made("film")
    assert main(["export", "mesh", "film.mp4", "-o", "head.glb", "-q"]) == 0
    assert main(["export", "mesh", "film.mp4", "-o", "still.glb", "--still", "-q"]) == 0
    assert main(["export", "mesh", "-o", "head.ply", "-q"]) == 0
    assert animated("head.glb") and not animated("still.glb")
    expected = synthetic_face_model(levels=0).neutral(IDENTITY)
    for name in ("head.glb", "still.glb", "head.ply"):
        mesh = trimesh.load(name, force="mesh", process=False)
        np.testing.assert_allclose(mesh.vertices, expected, atol=1e-5)


def test_what_has_no_head_or_no_format_is_refused_in_a_line(desk, capsys):
    made("faceless")
    capsys.readouterr()
    assert main(["export", "mesh", "faceless.mp4", "-o", "head.glb"]) == 2
    assert "the store has no FaceFit of it; make the video again" in capsys.readouterr().err
    assert main(["export", "mesh", "-o", "head.fbx"]) == 2
    assert "head.fbx: a mesh ends in .glb, .ply, .obj; name it so" in capsys.readouterr().err
    assert main(["export", "mesh", "faceless.mp4", "--store", "elsewhere"]) == 2
    assert "its run is not in store" in capsys.readouterr().err
    assert not list(desk.glob("head.*"))
