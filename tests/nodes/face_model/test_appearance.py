import attrs
import numpy as np
import pytest

from talkgraph.nodes.face_model.appearance import (
    DOUBT,
    MOST,
    Appearance,
    Samples,
    colour_change,
    features_of,
    manner_of,
)
from talkgraph.nodes.values import Motion

MANNER = 67


def samples(places, colours, *, share=1.0):
    """A part of one vertex, number 1, whose shape is the first coefficient of the manner."""
    direction = np.zeros((1, MANNER), np.float32)
    direction[0, 0] = 1
    count = len(places)
    return Samples(
        vertices=np.array([1]),
        share=np.array([share], np.float32),
        direction=direction,
        shape=np.array(places, np.float32)[:, None],
        colour=np.repeat(np.array(colours, np.float16)[:, None, None], 3, axis=2),
        weight=np.ones((count, 1), np.float16),
        frame=np.arange(count) * 10,
        width=0.1,
    )


def appearance(mouth=None):
    direction = np.zeros((1, MANNER), np.float32)
    direction[0, -2] = 2  # per radian of yaw
    change = np.zeros((2, 3, 3), np.float32)
    change[0, 0], change[1, 0] = 0.1, [0.2, 0, -0.2]
    none = samples([], [])
    return Appearance(
        centre=np.zeros(MANNER, np.float32),
        direction=direction,
        change=change,
        mouth=mouth or none,
        eyes=none,
    )


def manner(first=0.0, yaw=0.0):
    made = np.zeros(MANNER)
    made[0], made[-2] = first, yaw
    return made


def test_a_manner_is_expression_then_turn():
    motion = Motion(
        expression=np.full((2, 64), 3, np.float32),
        rotation=np.array([[1, 2, 3], [4, 5, 6]], np.float32),
        translation=np.zeros((2, 3), np.float32),
        fps=25.0,
    )
    assert manner_of(motion).shape == (2, MANNER)
    assert manner_of(motion)[1, -3:].tolist() == [4, 5, 6]


def test_colours_follow_a_straight_line_of_the_turn():
    small = 0.05
    got = colour_change(appearance(), manner(yaw=small))
    assert got.shape == (3, 3) and got.dtype == np.float32
    wanted = 0.1 + 2 * small * np.array([0.2, 0, -0.2])
    assert got[0] == pytest.approx(wanted, abs=1e-4)
    assert not got[1:].any()


def test_the_line_ends():
    features = features_of(manner(yaw=100), np.zeros(MANNER), appearance().direction)
    assert features.tolist() == [1, pytest.approx(MOST)]


def test_the_most_similar_sample_rules_and_an_ill_seen_one_little():
    part = samples([0.0, 1.0], [0.5, -0.5])
    near = colour_change(appearance(part), manner(first=0.02))
    assert near[1] == pytest.approx(0.5 / (1 + DOUBT), abs=1e-3)
    between = colour_change(appearance(part), manner(first=0.5))
    assert between[1] == pytest.approx(0, abs=1e-3)
    unseen = attrs.evolve(part, weight=np.zeros((2, 1), np.float16))
    assert not colour_change(appearance(unseen), manner())[1].any()


def test_samples_of_named_frames_do_not_count():
    part = samples([0.0, 1.0], [0.5, -0.5])
    assert colour_change(appearance(part), manner(), apart=(0, 5))[1, 0] < -0.4
    assert not colour_change(appearance(part), manner(), apart=(0, 10))[1].any()
