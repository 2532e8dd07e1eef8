"""Features between anchors: the public implementation's, and laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.nodes.refine.memory.smoothing import ANCHORS, anchors, between
from tests.models.published_networks import known_2020, normal


@pytest.mark.parametrize("count", [1, 26, 60, 76])
def test_it_smooths_as_the_public_one_does(count):
    features = normal(f"yi2020_feature_smoothing:{count}", count, 5)
    at = anchors(0, count, count, ANCHORS)
    made = between(at, features[at], 0, count)
    assert np.abs(made - known_2020("feature_smoothing")[f"smoothed_{count}"]).max() < 1e-6


@given(st.integers(1, 90), st.integers(1, 30), st.data())
def test_a_part_is_part_of_the_whole(count, every, data):
    start = data.draw(st.integers(0, count - 1))
    stop = data.draw(st.integers(start + 1, count))
    features = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
    whole = anchors(0, count, count, every)
    part = anchors(start, stop, count, every)
    assert set(part) <= set(whole) and part.min() > start - every and part.max() < stop + every
    made = between(whole, features[whole], 0, count)
    assert np.allclose(between(part, features[part], start, stop), made[start:stop], atol=1e-6)
    assert np.allclose(made[whole], features[whole])
    if every == 1:
        assert np.allclose(made, features, atol=1e-6)
    assert (made <= features[whole].max(0) + 1e-6).all()
