import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError
from talkgraph.nodes.evaluate import HoldFrame


def movie(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 6, 8, 3), dtype=np.uint8)


def test_the_last_frame_of_the_clip_stands_at_any_moment():
    clip = movie(3)
    still = HoldFrame().run(Frames.from_array(clip), Frames.from_array(movie(70, 1)))
    assert len(still) == 70 and still.shape == clip.shape[1:]
    assert (still[60:64] == clip[-1]).all() and (still.array() == clip[-1]).all()


def test_the_picture_has_the_clips_size_whatever_the_other_has():
    other = Frames.from_array(np.zeros((4, 2, 2, 3), np.uint8))
    assert HoldFrame().run(Frames.from_array(movie(1)), other).array().shape == (4, 6, 8, 3)


def test_a_clip_without_frames_is_refused():
    with pytest.raises(InputError, match="hold_frame got a clip without frames; give one with a"):
        HoldFrame().run(Frames.from_array(movie(0)), Frames.from_array(movie(5)))
