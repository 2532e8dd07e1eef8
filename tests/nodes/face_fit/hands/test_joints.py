import numpy as np
import pytest

from talkgraph.errors import GraphError, ModelError
from talkgraph.nodes.face_fit.hands.joints import HandNetwork, regions_of_joints
from talkgraph.nodes.face_fit.hands.palms import PalmDetector, regions_of_palms
from talkgraph.nodes.geometry.synthetic_hand import hand_joints
from tests.nodes.face_fit.hands.drawn import PEOPLE, with_hand


def test_the_next_region_follows_the_hand():
    upright = hand_joints((100.0, 200.0), 500.0, 0.0)
    straight, turned, large = regions_of_joints(
        np.stack([upright, hand_joints((100.0, 200.0), 500.0, 0.7), 3 * upright])
    )
    assert turned[3] - straight[3] == pytest.approx(0.7, abs=1e-5)
    assert turned[2] == pytest.approx(straight[2], rel=1e-4)
    np.testing.assert_allclose(large, straight * [3, 3, 3, 1], rtol=1e-5)
    assert abs(straight[3]) < 0.1 and straight[1] < 200  # fingers up, the middle above the wrist


@pytest.mark.parametrize("turn", [0.0, 0.5, -0.8])
def test_joints_are_found_before_a_face(hand_networks, turn):
    picture, joints = with_hand((150.0, 200.0), 620.0, turn)
    network = HandNetwork(hand_networks["joints"], "x")
    palms = PalmDetector(hand_networks["palms"], "x")(picture)
    first = network(picture, regions_of_palms(palms))
    found = network(picture, regions_of_joints(first.joints))
    assert found.presence[0] > 0.8
    np.testing.assert_allclose(found.joints[0], joints, atol=12)
    assert found.scale[0] == pytest.approx(620, rel=0.25)


def test_a_face_is_no_hand(hand_networks):
    network = HandNetwork(hand_networks["joints"], "x")
    face = np.array([[150, 110, 180, 0]], np.float32)
    assert network(PEOPLE, face).presence[0] < 0.3
    assert len(network(PEOPLE, face[:0])) == 0


def test_another_network_is_refused(hand_networks):
    with pytest.raises((GraphError, ModelError), match="hand network"):
        HandNetwork(hand_networks["palms"], "find_hands")
