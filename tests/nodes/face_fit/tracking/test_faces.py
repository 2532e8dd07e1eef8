import numpy as np

from talkgraph.nodes.face_fit.tracking.detector import Detections
from talkgraph.nodes.face_fit.tracking.faces import at_every_frame, link


def sample(*faces):
    """Detections of squares (x, y, side)."""
    boxes = np.array(
        [[x - s / 2, y - s / 2, x + s / 2, y + s / 2] for x, y, s in faces], np.float32
    ).reshape(-1, 4)
    count = len(faces)
    return Detections(boxes, np.zeros((count, 6, 2), np.float32), np.full(count, 0.9, np.float32))


def test_two_faces_are_followed_in_any_order_of_detection():
    samples = [
        sample((100 + 10 * t, 100, 80), (400 - 10 * t, 120, 60))
        if t % 2
        else sample((400 - 10 * t, 120, 60), (100 + 10 * t, 100, 80))
        for t in range(10)
    ]
    large, small = link(samples)
    assert large.side == 80 and small.side == 60
    np.testing.assert_allclose(large.boxes[:, 0] + 40, 100 + 10 * np.arange(10))
    np.testing.assert_array_equal(small.at, np.arange(10))


def test_a_gap_is_bridged():
    samples = [sample((100, 100, 80))] * 3 + [sample()] * 5 + [sample((120, 110, 80))] * 3
    (face,) = link(samples)
    np.testing.assert_array_equal(face.at, [0, 1, 2, 8, 9, 10])


def test_a_jump_and_a_change_of_size_are_other_faces():
    assert len(link([sample((100, 100, 80)), sample((300, 100, 80))])) == 2
    assert len(link([sample((100, 100, 80)), sample((100, 100, 200))])) == 2


def test_a_short_false_alarm_does_not_become_the_largest():
    samples = [sample((100, 100, 80), (500, 500, 300)) if t == 4 else sample((100, 100, 80))
               for t in range(20)]  # fmt: skip
    (face,) = link(samples)
    assert face.side == 80


def test_nothing_is_no_face():
    assert link([sample(), sample()]) == []


def test_values_between_the_samples_are_linear_and_ends_hold():
    values = np.array([[[0.0, 2.0]], [[4.0, 0.0]]], np.float32)
    every = at_every_frame(values, np.array([1, 5]), 7)
    assert every.shape == (7, 1, 2)
    np.testing.assert_allclose(every[:, 0, 0], [0, 0, 1, 2, 3, 4, 4])
    np.testing.assert_allclose(every[:, 0, 1], [2, 2, 1.5, 1, 0.5, 0, 0])
