import numpy as np
import pytest

from talkgraph.nodes.albedo.cover.hands import before_face, within_hands
from talkgraph.nodes.geometry.hands import Hands
from talkgraph.nodes.geometry.synthetic_hand import hand_joints, synthetic_hands

FRAMES, PLACES = 20, 50
ALL = np.ones(PLACES, bool)


def scene(strange):
    """A hand on 20 places in frames 8 to 11, where the face looks so strange; .2 elsewhere."""
    touched = np.zeros((FRAMES, PLACES), bool)
    touched[8:12, :20] = True
    away = np.random.default_rng(0).uniform(0.1, 0.3, (FRAMES, PLACES)).astype(np.float32)
    away[touched] *= strange
    return away, np.ones_like(touched), touched


@pytest.mark.parametrize(("strange", "before"), [(1.0, False), (1.3, False), (3.0, True)])
def test_a_hand_counts_where_the_face_looks_unlike_itself(strange, before):
    away, seen, touched = scene(strange)
    expected = np.zeros(FRAMES, bool)
    expected[8:12] = before
    np.testing.assert_array_equal(before_face(away, seen, ALL, touched, 1.5), expected)


def test_what_changes_there_without_a_hand_does_not_make_one():
    away, seen, touched = scene(2.0)
    away[:8, :20] *= 2  # a mouth that opens
    assert not before_face(away, seen, ALL, touched, 1.5).any()


def test_where_nothing_is_known_of_the_place_the_hand_is_believed():
    away, seen, touched = scene(1.0)
    known = np.arange(PLACES) >= 20
    assert before_face(away, seen, known, touched, 1.5)[8:12].all()
    seen[:8, :20] = seen[12:, :20] = False  # turned away in all other frames
    assert before_face(away, seen, ALL, touched, 1.5)[8:12].all()
    always = np.ones_like(touched)
    assert before_face(away, np.ones_like(seen), ALL, always, 1.5).all()


def test_all_hands_of_a_frame_count_and_none_without_a_size():
    joints = [hand_joints((50.0, 100.0), 300.0), hand_joints((150.0, 100.0), 300.0)]
    hands = Hands(
        joints=np.stack(joints)[None].repeat(2, axis=0),
        scale=np.array([[300, 300], [300, 0]], np.float32),
    )
    places = np.stack([joints[0][9], joints[1][9], [300, 300]])
    np.testing.assert_array_equal(within_hands(hands, 0, places), [True, True, False])
    np.testing.assert_array_equal(within_hands(hands, 1, places), [True, False, False])
    none = synthetic_hands(joints[0], 300.0, np.zeros(1, bool))
    assert not within_hands(none, 0, places).any()
