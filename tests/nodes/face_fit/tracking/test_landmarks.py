import numpy as np
import pytest

from talkgraph.nodes.face_fit.tracking.detector import FaceDetector
from talkgraph.nodes.face_fit.tracking.landmarks import (
    EYE_ON_LEFT,
    EYE_ON_RIGHT,
    LIPS,
    LandmarkNetwork,
    join,
    region_of_boxes,
    region_of_landmarks,
)
from tests.nodes.face_fit.faces_on_film import astronaut
from tests.places import DATA


def test_the_whole_chain_agrees_with_the_original(finders):
    with np.load(DATA / "face_networks_reference.npz") as arrays:
        expected = arrays["chain_landmarks"]
    picture = astronaut()
    found = FaceDetector(finders["detector"], "test")(picture)
    regions = region_of_boxes(found.boxes, found.keypoints)
    points, probability = LandmarkNetwork(finders["landmarks"], "test")(picture[None], regions)
    assert probability[0] > 0.99
    # The detectors' keypoints differ by a few px, which the landmarks feel by less than one.
    assert np.linalg.norm(points[0, :, :2] - expected[:, :2], axis=1).mean() < 1.0


def outputs(n=2):
    rng = np.random.default_rng(0)
    sizes = (1404, 160, 142, 142, 10, 10, 1)
    return [rng.random((n, 1, 1, size), np.float32) for size in sizes]


def test_the_branches_replace_x_and_y_in_their_order_and_the_mesh_keeps_z():
    raw = outputs()
    points, _ = join(raw)
    mesh = raw[0].reshape(2, 468, 3)
    np.testing.assert_array_equal(points[:, :468, 2], mesh[..., 2])
    for indices, refined in ((LIPS, raw[1]), (EYE_ON_LEFT, raw[2]), (EYE_ON_RIGHT, raw[3])):
        np.testing.assert_array_equal(points[:, list(indices), :2], refined.reshape(2, -1, 2))
        assert len(set(indices)) == len(indices)
    np.testing.assert_array_equal(points[:, 468:473, :2], raw[4].reshape(2, 5, 2))
    np.testing.assert_array_equal(points[:, 473:, :2], raw[5].reshape(2, 5, 2))
    touched = {*LIPS, *EYE_ON_LEFT, *EYE_ON_RIGHT}
    rest = [i for i in range(468) if i not in touched]
    np.testing.assert_array_equal(points[:, rest], mesh[:, rest])
    np.testing.assert_allclose(points[:, 473, 2], mesh[:, EYE_ON_RIGHT[:16], 2].mean(1), rtol=1e-6)


def test_extreme_flags_do_not_overflow():
    raw = outputs(3)
    raw[6] = np.array([-1e30, 0, 1e30], np.float32).reshape(3, 1, 1, 1)
    np.testing.assert_allclose(join(raw)[1], [0, 0.5, 1], atol=1e-6)


def test_a_region_is_the_upright_box_turned_by_the_eye_line():
    landmarks = np.full((1, 478, 3), 50, np.float32)
    landmarks[0, 0, :2] = [10, 40]
    landmarks[0, 1, :2] = [90, 100]
    landmarks[0, 33, :2], landmarks[0, 263, :2] = [40, 60], [60, 70]
    landmarks[0, 470, :2] = [500, 500]  # an iris does not count
    x, y, side, angle = region_of_landmarks(landmarks)[0]
    assert (x, y, side) == (50, 70, 120)
    assert angle == pytest.approx(np.arctan2(10, 20))


def test_a_region_from_a_detection():
    keypoints = np.zeros((1, 6, 2), np.float32)
    keypoints[0, 1] = [10, -10]
    region = region_of_boxes(np.array([[10, 20, 50, 100]], np.float32), keypoints)[0]
    np.testing.assert_allclose(region, [30, 60, 120, -np.pi / 4], rtol=1e-6)
