import numpy as np
import pytest

from talkgraph.nodes.face_fit.tracking.landmarks import region_of_landmarks
from talkgraph.nodes.face_fit.tracking.plausible import plausible, shape_distance


@pytest.fixture
def film():
    """30 frames of one random shape that moves and turns a little."""
    rng = np.random.default_rng(4)
    shape = rng.normal(size=(478, 3)) * (40, 50, 20)
    frames = []
    for k in range(30):
        angle = 0.02 * k
        turn = np.array(
            [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
        )
        frames.append(shape @ turn.T * (1 + 0.01 * k) + [128 + k, 120 - k, 0])
    landmarks = np.array(frames, np.float32)
    return landmarks, region_of_landmarks(landmarks)


def test_a_steady_face_is_believed(film):
    assert plausible(*film, 25.0).all()


def test_a_jump_is_not(film):
    landmarks, regions = film
    landmarks[12, :, 0] += 200
    regions[12, 0] += 200
    expected = np.ones(30, bool)
    expected[12] = False
    np.testing.assert_array_equal(plausible(landmarks, regions, 25.0), expected)


def test_another_shape_is_not(film):
    landmarks, regions = film
    landmarks[7] = np.random.default_rng(9).normal(size=(478, 3)) * (40, 50, 20) + [128, 120, 0]
    assert np.flatnonzero(~plausible(landmarks, regions, 25.0)).tolist() == [7]


def test_a_face_off_its_region_is_not(film):
    landmarks, regions = film
    regions[3, :2] += 200
    regions[5, 2] *= 5
    landmarks[8, 0] = np.nan
    assert np.flatnonzero(~plausible(landmarks, regions, 25.0)).tolist() == [3, 5, 8]


def test_one_picture_has_no_neighbours(film):
    landmarks, regions = film
    assert plausible(landmarks[:1], regions[:1], 25.0).tolist() == [True]


def test_shape_distance_ignores_place_turn_and_size(film):
    landmarks, _ = film
    distance = shape_distance(landmarks[:, :468].astype(np.float64), np.ones(30, bool))
    assert distance.max() < 1e-5
