import numpy as np
import pytest

from talkgraph.nodes.head_motion.flow.hearing import pairs
from talkgraph.nodes.head_motion.manner.time import at_video_rate, repeated


@pytest.mark.parametrize("count", [1, 2, 3, 99, 100])
def test_slow_motion_comes_back_from_its_pairs(count):
    wave = np.sin(np.arange(count) / 10)[:, None] * np.ones(3)
    made = at_video_rate(pairs(wave), count)
    assert made.shape == (count, 3)
    np.testing.assert_allclose(made, wave, atol=0.06)  # the very ends are held
    np.testing.assert_allclose(made[3:-3], wave[3:-3], atol=0.003)


def test_short_speech_is_repeated_whole():
    assert repeated(4, 10).tolist() == [0, 1, 2, 3] * 3
    assert repeated(4, 4).tolist() == repeated(4, 1).tolist() == [0, 1, 2, 3]
