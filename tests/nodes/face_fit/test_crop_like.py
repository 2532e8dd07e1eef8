import numpy as np
import pytest
from PIL import Image

from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError
from talkgraph.nodes.face_fit import CropLike
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.media import ReadPhoto
from talkgraph.nodes.values import Clip, Crop


def scene(tmp_path, width=160, height=120, name="a"):
    """A gradient from left to right as footage of one frame."""
    picture = np.tile(np.linspace(0, 255, width).astype(np.uint8)[None, :, None], (height, 1, 3))
    path = tmp_path / f"{name}.png"
    Image.fromarray(picture).save(path)
    return ReadPhoto().run(path)


def clip(size=64, **place):
    frames = Frames.from_array(np.zeros((1, size, size, 3), np.uint8))
    return Clip(frames=frames, fps=25.0, crop=Crop(**place), speech=None)


def test_the_same_square_at_the_same_size(tmp_path):
    like = clip(left=40.0, top=20.0, side=64.0)
    found = CropLike().run(scene(tmp_path), like)
    assert np.array_equal(found.frames[:][0], open_footage(scene(tmp_path))[:][0][20:84, 40:104])
    assert (found.crop.left, found.crop.top, found.crop.side) == (40, 20, 64)


def test_a_larger_copy_of_the_scene_gives_the_same_picture(tmp_path):
    small, large = scene(tmp_path), scene(tmp_path, 320, 240, "b")
    like = clip(left=40.0, top=20.0, side=64.0)
    found = CropLike().run(large, like, small)
    assert (found.crop.left, found.crop.top, found.crop.side) == (80, 40, 128)
    here = CropLike().run(small, like).frames[:].astype(int)
    assert np.abs(found.frames[:].astype(int) - here).max() <= 3


def test_another_shape_is_no_copy_of_the_scene(tmp_path):
    wide, tall = scene(tmp_path), scene(tmp_path, 120, 160, "b")
    with pytest.raises(InputError, match="120 x 160 px cannot be laid over frames of 160 x 120"):
        CropLike().run(tall, clip(left=0.0, top=0.0, side=64.0), wide)
