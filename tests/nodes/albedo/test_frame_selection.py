import numpy as np

from talkgraph.nodes.albedo.frame_selection import best_frames, plainness


def scored(rotation, expression=None, error=None, measured=None, hidden=None):
    count = len(rotation)
    return plainness(
        np.zeros((count, 64)) if expression is None else expression,
        np.asarray(rotation, float),
        np.ones(count) if error is None else error,
        np.ones(count, bool) if measured is None else measured,
        np.zeros(count) if hidden is None else hidden,
    )


def test_frontal_beats_turned_and_neutral_beats_moved():
    turned = np.zeros((9, 3))
    turned[:, 1] = [0.4, 0.3, 0.2, 0.1, 0.0, 0.1, 0.2, 0.3, 0.4]
    assert np.argmin(scored(turned)) == 4
    expression = np.zeros((9, 64))
    expression[[0, 1, 2, 4]] = 1.0
    assert scored(np.zeros((9, 3)), expression)[3] < scored(np.zeros((9, 3)), expression)[4]


def test_a_tenth_of_a_radian_counts_as_one_standard_deviation():
    expression = np.zeros((5, 64))
    expression[4] = 2.0
    score = scored([[0, 0, 0], [0.1, 0, 0], [0, -0.1, 0], [0.3, 0, -0.4], [0, 0, 0]], expression)
    np.testing.assert_allclose(score, [0, 1, 1, 5, 2])


def test_free_beats_covered():
    assert np.argmin(scored(np.zeros((4, 3)), hidden=np.array([0.3, 0.1, 0.0, 0.2]))) == 2


def test_gaps_and_bad_fits_come_last():
    measured = np.array([True, False, True, True])
    error = np.array([0.5, 0.5, 5.0, 0.5])
    score = scored([[0.5, 0, 0], [0, 0, 0], [0, 0, 0], [0.6, 0, 0]], error=error, measured=measured)
    assert best_frames(score, 2).tolist() == [0, 3]


def test_chosen_frames_keep_apart_unless_there_are_too_few():
    score = np.array([0.0, 1, 2, 3, 4, 5, 6])
    assert best_frames(score, 3).tolist() == [0, 3, 6]
    assert sorted(best_frames(score[:2], 5).tolist()) == [0, 1]
    assert best_frames(score, 1).dtype == np.int64
