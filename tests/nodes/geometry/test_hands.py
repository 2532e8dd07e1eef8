import numpy as np
import pytest

from talkgraph.nodes.geometry.hands import FINGERS, JOINTS, within_hand
from talkgraph.nodes.geometry.synthetic_hand import draw_hand, hand_joints, synthetic_hands

SCALE = 1000.0  # px per metre
HAND = hand_joints((100.0, 220.0), SCALE, 0.3)


def around(place, distance, count=36):
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return place + distance * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_joints_lie_within_and_what_is_far_does_not():
    assert within_hand(HAND, HAND, SCALE).all()
    assert not within_hand(around(HAND[9], 300), HAND, SCALE).any()


def test_a_fingertip_is_as_thick_as_stated():
    """The tip's half circle points away from the joint before it."""
    tip, before = HAND[12], HAND[11]
    ahead = (tip - before) / np.linalg.norm(tip - before)
    thick = FINGERS[2][3] * SCALE
    places = np.stack([tip + 0.95 * thick * ahead, tip + 1.05 * thick * ahead])
    np.testing.assert_array_equal(within_hand(places, HAND, SCALE), [True, False])
    margin = within_hand(places, HAND, SCALE, margin=0.2 * FINGERS[2][3])
    assert margin.all()


def test_the_palm_is_filled_and_the_gaps_of_spread_fingers_are_not():
    palm = HAND[[0, 5, 17]].mean(axis=0)
    between = (HAND[[7, 8]].mean(axis=0) + HAND[[11, 12]].mean(axis=0)) / 2
    gap = between + (HAND[12] - HAND[9]) * 0.1
    assert within_hand(palm[None], HAND, SCALE).all()
    wide = HAND.copy()
    wide[5:9] -= [60, 0]
    assert not within_hand((gap - [30, 0])[None], wide, SCALE).any()


def test_it_moves_grows_and_turns_with_the_joints():
    rng = np.random.default_rng(0)
    points = HAND.mean(axis=0) + rng.normal(size=(500, 2)) * 60
    inside = within_hand(points, HAND, SCALE)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    moved = [2 * one @ turn.T + [30, -40] for one in (points, HAND)]
    np.testing.assert_array_equal(within_hand(*moved, 2 * SCALE), inside)


@pytest.mark.parametrize("turn", [0.0, 0.6, -1.1])
def test_a_drawn_hand_lies_where_its_joints_say(turn):
    joints = hand_joints((128.0, 150.0), 700.0, turn)
    _, drawn = draw_hand(256, joints, 700.0, (200, 150, 130))
    y, x = np.mgrid[:256, :256] + 0.5
    told = within_hand(np.stack([x.ravel(), y.ravel()], axis=1), joints, 700.0).reshape(256, 256)
    arm = np.linalg.norm(np.stack([x, y], axis=-1) - joints[0], axis=-1) > 30  # where it is short
    hand = np.linalg.norm(np.stack([x, y], axis=-1) - joints[9], axis=-1) < 80
    near = hand | ~arm
    assert (told & drawn & near).sum() / ((told | drawn) & near).sum() > 0.85


def test_a_drawn_hand_points_where_it_is_turned():
    joints = hand_joints((0.0, 0.0), 1000.0, np.pi / 2)  # clockwise: to the right
    assert joints.shape == (JOINTS, 2) and joints[12, 0] > 150 and abs(joints[12, 1]) < 20
    assert joints[4, 1] < -50  # the thumb, left of upright fingers, is above


def test_hands_in_some_frames():
    hands = synthetic_hands(HAND, SCALE, np.array([False, True]))
    np.testing.assert_array_equal(hands.scale, [[0], [SCALE]])
    assert hands.joints.shape == (2, 1, JOINTS, 2)
