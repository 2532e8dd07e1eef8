import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from talkgraph.nodes.pose_mapping.head_pose import (
    BANDS_HZ,
    PoseHabit,
    personal_pose,
    pose_bands,
)
from talkgraph.nodes.signals import low_pass


def habit(**changes) -> PoseHabit:
    ones = np.ones(6, np.float32)
    values = {
        "mean": ones * 0.3,
        "band_std": np.float32([[0.08], [0.05], [0.03]]) * ones,
        "low": ones * 0.0,
        "high": ones * 0.6,
    }
    return PoseHabit(**(values | changes))


def shaped(predicted, made=None, **changes):
    return personal_pose(
        predicted,
        made or habit(),
        fps=25.0,
        **({"max_gain": 50.0, "knee": 0.7} | changes),
    )


def slow(count=500, seed=0):
    return low_pass(np.random.default_rng(seed).standard_normal((count, 6)), 0.5, 25.0) * 0.05


def test_a_timid_prediction_of_the_persons_own_movement_becomes_that_movement():
    pose = low_pass(np.random.default_rng(0).standard_normal((500, 6)), 1.0, 25.0) + 0.3
    wide = np.float32([99.0] * 6)
    own = habit(mean=pose.mean(0), band_std=pose_bands(pose, 25.0).std(1), low=-wide, high=wide)
    made = shaped(pose * 0.03 + 7.0, own)
    np.testing.assert_allclose(made, low_pass(pose, BANDS_HZ[-1], 25.0), atol=2e-4)


def test_bands_sum_to_the_low_pass():
    pose = np.random.default_rng(0).standard_normal((200, 6)).astype(np.float32)
    summed = pose_bands(pose, 25.0).sum(0) + pose.mean(0)
    np.testing.assert_allclose(summed, low_pass(pose, BANDS_HZ[-1], 25.0), atol=1e-5)


def test_gain_is_limited():
    predicted = slow()
    made = shaped(predicted * 0.01, max_gain=2.0)
    assert made.std(0).max() < 2.1 * predicted.std(0).max() * 0.01


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.float32, (40, 6), elements=st.floats(-5, 5, width=32)))
def test_pose_stays_in_range_and_is_finite(predicted):
    made = shaped(predicted)
    assert np.isfinite(made).all()
    assert (made >= -1e-4).all() and (made <= 0.6001).all()
