import numpy as np
import pytest

from talkgraph.errors import GraphError, ModelError
from talkgraph.nodes.face_fit.hands.palms import PalmDetector, regions_of_palms
from talkgraph.nodes.face_fit.tracking.detector import Detections, anchors
from tests.nodes.face_fit.hands.drawn import PEOPLE, with_hand


def palm(wrist, middle, box):
    points = np.zeros((1, 7, 2), np.float32)
    points[0, 0], points[0, 2] = wrist, middle
    return Detections(np.array([box], np.float32), points, np.ones(1, np.float32))


@pytest.mark.parametrize(
    ("wrist", "middle", "angle", "centre"),
    [
        ((50, 60), (50, 40), 0, (50, 40)),  # upright: the region reaches up to the fingers
        ((40, 50), (60, 50), np.pi / 2, (60, 50)),  # to the right
        ((60, 50), (40, 50), -np.pi / 2, (40, 50)),
    ],
)
def test_a_hand_lies_ahead_of_its_palm(wrist, middle, angle, centre):
    (region,) = regions_of_palms(palm(wrist, middle, (40, 40, 60, 60)))
    np.testing.assert_allclose(region, [*centre, 52, angle], atol=1e-4)


def test_the_anchors_are_those_of_the_network():
    assert len(anchors(((24, 2), (12, 6)))) == 2016


@pytest.mark.parametrize("turn", [0.0, 0.5, -0.8])
def test_palms_are_found_before_a_face(hand_networks, turn):
    picture, joints = with_hand((150.0, 190.0), 620.0, turn)
    found = PalmDetector(hand_networks["palms"], "x")(picture)
    assert len(found) == 1
    np.testing.assert_allclose(found.keypoints[0, 0], joints[0], atol=12)
    np.testing.assert_allclose(found.keypoints[0, 2], joints[9], atol=12)


def test_where_no_hand_is_none_is_found(hand_networks):
    assert len(PalmDetector(hand_networks["palms"], "x")(PEOPLE)) == 0


def test_another_network_is_refused(hand_networks):
    with pytest.raises((GraphError, ModelError), match="palm detector"):
        PalmDetector(hand_networks["joints"], "find_hands")
