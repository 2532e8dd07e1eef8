import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.errors import GraphError
from talkgraph.nodes.evaluate import ShuffleSpeech
from talkgraph.nodes.values import Speech


def ramp(seconds: float = 2.0) -> Speech:
    """Every sample tells its place; stereo at three times the rate."""
    mono = np.arange(round(16000 * seconds), dtype=np.float32)
    track = np.arange(round(48000 * seconds), dtype=np.float32)
    return Speech(
        samples=mono, rate=16000, soundtrack=np.stack([track, -track], 1), soundtrack_rate=48000
    )


def test_a_quarter_later_comes_first_and_the_start_last():
    real = ramp()
    rolled = ShuffleSpeech(share=0.25).run(real)
    assert np.array_equal(rolled.samples[:24000], real.samples[8000:])
    assert np.array_equal(rolled.samples[24000:], real.samples[:8000])
    assert (rolled.rate, rolled.soundtrack_rate) == (16000, 48000)


@given(st.sampled_from([0.125, 0.25, 0.5, 0.625, 0.75]))
def test_sound_and_soundtrack_move_together_and_the_rest_of_the_way_leads_home(share):
    real = ramp()
    rolled = ShuffleSpeech(share=share).run(real)
    assert np.array_equal(rolled.soundtrack[::3, 0], 3 * rolled.samples)
    assert np.array_equal(rolled.soundtrack[:, 1], -rolled.soundtrack[:, 0])
    home = ShuffleSpeech(share=1 - share).run(rolled)
    assert np.array_equal(home.samples, real.samples)
    assert np.array_equal(home.soundtrack, real.soundtrack)


@pytest.mark.parametrize(("share", "bound"), [(0.0, "> 0"), (1.0, "< 1")])
def test_what_would_move_nothing_is_refused(share, bound):
    with pytest.raises(GraphError, match=f"'shuffle_speech': parameter 'share' is .* {bound}"):
        ShuffleSpeech(share=share)
