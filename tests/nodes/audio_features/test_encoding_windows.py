import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from talkgraph.nodes.audio_features.encoding_windows import live, overlapping


def total(windows, steps):
    weights = np.zeros(steps)
    for window in windows:
        weights[window.first : window.stop] += window.weights
    return weights


@given(st.integers(1, 500), st.integers(1, 60))
def test_the_weights_of_all_windows_sum_to_one(steps, half):
    np.testing.assert_allclose(total(overlapping(steps, half), steps), 1)
    np.testing.assert_array_equal(total(live(steps, 2 * half, half), steps), 1)


@given(st.integers(1, 500), st.integers(1, 60), st.integers(0, 300))
def test_whole_windows_do_not_change_when_the_speech_goes_on(steps, half, more):
    longer = {one.first: one for one in overlapping(steps + more, half)}
    for window in overlapping(steps, half):
        if window.stop < steps:
            np.testing.assert_array_equal(window.weights, longer[window.first].weights)


@given(st.integers(1, 500), st.integers(1, 60))
def test_no_window_is_short_but_a_short_speech(steps, half):
    for window in overlapping(steps, half):
        assert min(steps, half) < len(window.weights) <= 2 * half or steps <= half


@given(st.integers(1, 500), st.integers(1, 60), st.integers(1, 60))
def test_a_live_window_ends_soon_after_what_counts(steps, ahead, past):
    for window in live(steps, ahead + past, ahead):
        counts = window.first + np.flatnonzero(window.weights)
        assert window.stop - counts.min() <= ahead
        assert len(counts) <= max(1, ahead // 2)
        assert len(window.weights) == min(window.stop, ahead + past)
