"""The visible label: in its corner, whatever the size, and nowhere else."""

import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import GraphError
from talkgraph.nodes.marking import LabelFrames


def labelled(height, width, level=128, **parameters):
    frames = np.full((2, height, width, 3), level, np.uint8)
    return LabelFrames(**parameters).run(Frames.from_array(frames)).array()


@pytest.mark.parametrize(("height", "width"), [(480, 640), (256, 256), (64, 48), (32, 300)])
def test_words_stand_in_the_lower_left_corner(height, width):
    made = labelled(height, width)
    changed = np.argwhere((made[0] != 128).any(-1))
    assert np.array_equal(made[0], made[1])
    assert changed[:, 0].min() >= 0.3 * height - 20 and changed[:, 1].min() <= 0.1 * width + 2
    assert made.max() > 180 and made.min() < 70  # bright on dark


def test_a_longer_text_is_a_wider_strip():
    def width(text):
        return np.ptp(np.argwhere((labelled(256, 512, text=text)[0] != 128).any(-1))[:, 1])

    assert width("made by a machine") > width("AI") > 0


@pytest.mark.parametrize("text", ["", "  \n", "x" * 81])
def test_no_text_and_too_long_ones_are_refused(text):
    with pytest.raises(GraphError, match=r"label_frames: `text` has \d+ letters"):
        labelled(64, 64, text=text)


def test_only_colour_is_labelled():
    with pytest.raises(GraphError, match="expected RGB"):
        LabelFrames().run(Frames.from_array(np.zeros((1, 8, 8, 4), np.uint8)))
