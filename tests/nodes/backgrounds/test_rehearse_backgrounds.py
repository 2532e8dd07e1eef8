"""Training pairs take their backgrounds from elsewhere in the clip, and from inside it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.errors import InputError
from talkgraph.nodes.backgrounds.rehearse_backgrounds import RehearseBackgrounds
from talkgraph.nodes.values import FaceFit, Motion


def fit_of(count: int) -> FaceFit:
    motion = Motion(
        expression=np.zeros((count, 64), np.float32),
        rotation=np.zeros((count, 3), np.float32),
        translation=np.zeros((count, 3), np.float32),
        fps=25.0,
    )
    return FaceFit(
        identity=np.zeros(80, np.float32),
        motion=motion,
        error=np.zeros(count, np.float32),
        measured=np.ones(count, bool),
        size=256,
    )


@given(st.integers(1, 700), st.integers(0, 5))
def test_sources_lie_in_the_clip(count, seed):
    made = RehearseBackgrounds(seed=seed).run(fit_of(count))
    assert made.source.shape == (count,)
    assert made.source.min() >= 0 and made.source.max() < count


def test_frames_of_a_long_clip_are_displaced_and_continuous_within_a_segment():
    made = RehearseBackgrounds().run(fit_of(300))
    shift = made.source - np.arange(300)
    assert (np.abs(shift) >= 5).all() and (np.abs(shift) <= 50).all()
    for start in range(0, 300, 25):
        assert len(set(shift[start : start + 25])) == 1
    assert len(set(shift)) > 4


def test_seeds_differ_and_repeat():
    one, two, other = (RehearseBackgrounds(seed=s).run(fit_of(300)).source for s in (1, 1, 2))
    assert (one == two).all() and (one != other).any()


def test_crossed_limits_are_refused():
    with pytest.raises(InputError, match="nearest"):
        RehearseBackgrounds(nearest=3.0, farthest=1.0).run(fit_of(10))
