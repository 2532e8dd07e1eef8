"""A clip, a face and a refiner small enough for seconds."""

from pathlib import Path

import numpy as np
import onnx

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.nodes.face_model.face_mesh import OUTER_LIPS
from talkgraph.nodes.refine.export import export
from talkgraph.nodes.refine.network import Generator
from talkgraph.nodes.refine.train_refiner import TrainRefiner
from talkgraph.nodes.values import FaceTrack, IdentityFeature, OnnxModel
from tests.nodes.tracks import track_of

SMALL = {"size": 32, "width": 4, "stem": 2, "levels": 3, "discriminator_width": 4, "threads": 1}


def identity(size: int = 128) -> IdentityFeature:
    vector = np.random.default_rng(0).normal(size=size)
    return IdentityFeature(vector=(vector / np.linalg.norm(vector)).astype(np.float32))


def clip(count: int = 12, side: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """A grey "face" that wanders over noise; rendered: too dark and too blue."""
    rng = np.random.default_rng(1)
    real = np.tile(rng.integers(60, 200, (side, side, 3), dtype=np.uint8), (count, 1, 1, 1))
    rendered = real.copy()
    for k in range(count):
        at = slice(side // 4 + k % 3, side * 3 // 4 + k % 3)
        real[k, at, at] = (180, 140, 120)
        rendered[k, at, at] = (120, 110, 160)
    return rendered, real


def track(count: int = 12, side: int = 32) -> FaceTrack:
    points = np.random.default_rng(2).uniform(side / 4, side * 3 / 4, (478, 3))
    return track_of(np.tile(points, (count, 1, 1)), side)


def face(count: int = 1) -> np.ndarray:
    """A face between (30, 20) and (70, 60) of 100 px with lips from (40, 48) to (60, 52)."""
    rng = np.random.default_rng(0)
    points = np.zeros((count, 478, 3))
    points[..., :2] = rng.uniform([30, 20], [70, 60], (478, 2))
    points[:, 2, :2], points[:, 3, :2] = (30, 20), (70, 60)
    angle = np.linspace(0, 2 * np.pi, len(OUTER_LIPS), endpoint=False)
    lips = np.stack([50 + 10 * np.cos(angle), 50 + 2 * np.sin(angle)], axis=1)
    points[:, OUTER_LIPS, :2] = lips
    return points


def train(rendered: np.ndarray, real: np.ndarray, face: FaceTrack | None = None, **changes):
    node = TrainRefiner(**{**SMALL, "steps": 2, **changes})
    return node.run(Frames.from_array(rendered), Frames.from_array(real), identity(), face)


def constant_model(folder: Path, colour: float, attention: float, **facts: str) -> OnnxModel:
    """A refiner whose masks are the same everywhere, `colour` and `attention` in [0, 1]."""
    net = Generator(width=4, stem=2, levels=3, residual=False)
    for parameter in net.parameters():
        parameter.data.zero_()
    net.colour.fine.bias.data.fill_(float(np.arctanh(colour * 2 - 1)))
    net.attention.fine.bias.data.fill_(float(np.log(attention / (1 - attention))))
    export(net, folder / "constant.onnx", 32, 128)
    return OnnxModel(file=File(folder / "constant.onnx"), facts=dict(facts))


def parameters(model: OnnxModel) -> dict[str, np.ndarray]:
    graph = onnx.load(str(model.file.path)).graph
    return {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
