import numpy as np

from talkgraph.nodes.backgrounds.keyframes import orientation_extremes, smoothed


def test_smoothing_keeps_straight_lines_and_length():
    line = 0.3 * np.arange(40) - 2
    np.testing.assert_allclose(smoothed(line, 7), line)
    assert len(smoothed(line[:2], 7)) == 2 and len(smoothed(line[:1], 7)) == 1


def test_plateau_is_one_keyframe_and_thinning_keeps_the_stronger():
    curve = np.minimum(50.0 - np.abs(np.arange(100) - 50.0), 45.0)  # level from 45 to 55
    keys = orientation_extremes(curve, smooth=1, window=20, min_gap=5)
    assert list(keys) == [0, 45, 99]
    curve = np.zeros(100)
    curve[50], curve[56] = 1.0, -3.0
    keys = orientation_extremes(curve, smooth=1, window=4, min_gap=10)
    assert 56 in keys and 50 not in keys
