import numpy as np
import pytest
import torch

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.models.audio2head.published import EXPORTS
from talkgraph.nodes.values import Clip, Crop, OnnxModel, SpeechFeatures
from tests.models.audio2head.narrow import NARROW


@pytest.fixture(scope="session")
def torch_networks():
    """Narrow networks of Audio2Head's kind, by the entry of the checkpoint."""
    torch.manual_seed(0)
    made = {entry: make() for entry, make in NARROW.items() if entry != "audio2kp"}
    return {entry: network.eval() for entry, network in made.items()}


@pytest.fixture(scope="session")
def networks(torch_networks, tmp_path_factory):
    """The same as they flow between nodes, by the names of the assets without `audio2head-`."""
    folder = tmp_path_factory.mktemp("networks")
    made = {}
    for name, exported in EXPORTS.items():
        if exported.entry not in torch_networks:  # the keypoint predictor takes seconds a window
            continue
        file = folder / f"{name}.onnx"
        file.write_bytes(exported.write(torch_networks[exported.entry], {"name": name}))
        made[name.removeprefix("audio2head-")] = OnnxModel(file=File(file), facts={"name": name})
    return made


def clip_of(frames):
    crop = Crop(left=0.0, top=0.0, side=float(frames.shape[1]))
    return Clip(frames=Frames.from_array(frames), fps=25.0, crop=crop, speech=None)


@pytest.fixture(scope="session")
def photo():
    """A clip of one smooth picture of 256 px."""
    y, x = np.mgrid[:256, :256] / 255
    waves = np.stack([np.sin(7 * x + 3 * y), np.cos(9 * y), np.sin(5 * x * y)], axis=-1)
    return clip_of(np.uint8(127 + 100 * waves)[None])


@pytest.fixture(scope="session")
def features():
    """Of 70 frames."""
    windows = np.random.default_rng(0).standard_normal((70, 4, 41)).astype(np.float32)
    return SpeechFeatures(windows=windows, fps=25.0)
