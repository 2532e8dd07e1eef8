import numpy as np
import pytest

from talkgraph.nodes.refine.temporal_window import stack_windows, to_network, window_of


def test_windows_reach_back_two_frames_and_stop_at_the_first():
    assert window_of(5).tolist() == [3, 4, 5]
    assert window_of(np.arange(3)).tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 2]]


def test_stacked_windows_hold_the_newest_frame_last():
    pictures = np.arange(4, dtype=np.float32)[:, None, None, None] * np.ones((1, 3, 2, 2))
    joined = stack_windows(pictures.astype(np.float32), window_of(np.array([0, 3])))
    assert joined.shape == (2, 9, 2, 2)
    assert joined[1, :, 0, 0].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert joined[0].max() == 0


def test_network_range_is_minus_one_to_one():
    pictures = np.array([0, 255, 51], np.uint8).reshape(1, 1, 1, 3)
    assert to_network(pictures).ravel() == pytest.approx([-1, 1, -0.6])
