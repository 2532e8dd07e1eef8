"""Replay: the clip's own poses, to and fro, without a jump of place or speed."""

import attrs
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.geometry.neck import neck_pose
from talkgraph.nodes.head_motion import ReplayHeadMotion
from talkgraph.nodes.head_motion.replay_head_motion import there_and_back

SPOKEN = synthetic_fit(frames=700).motion


def person(count=100, seed=0, **changes):
    fit = synthetic_fit(frames=count)
    angles = np.cumsum(np.random.default_rng(seed).normal(0, 0.004, (count, 3)), axis=0)
    motion = attrs.evolve(fit.motion, rotation=angles.astype(np.float32))
    return attrs.evolve(fit, motion=motion, **changes)


@given(st.integers(2, 60), st.floats(0, 40), st.floats(0.2, 2.5), st.integers(1, 300))
def test_places_stay_inside_and_have_no_jump_of_place_or_speed(count, radius, rate, length):
    places = there_and_back(count, np.arange(length) * rate, radius)
    assert places.min(initial=0) >= -1e-9 and places.max(initial=0) <= count - 1 + 1e-9
    assert np.abs(np.diff(places)).max(initial=0) <= rate + 1e-9
    if 0 < radius < (count - 1) / 2:
        assert np.abs(np.diff(places, 2)).max(initial=0) <= rate**2 / radius + 1e-9


def test_between_the_turns_it_goes_as_fast_as_time():
    places = there_and_back(101, np.arange(400.0), 8.0)
    steps = np.abs(np.diff(places))
    assert np.isclose(steps, 1).mean() > 0.8
    np.testing.assert_allclose(places[200:400], places[:200], atol=1e-9)  # a whole period
    assert places[0] == 8.0  # at full speed from the first frame
    assert places.max() == pytest.approx(96, abs=0.1)  # it has turned before the end


def test_it_is_the_clips_motion_and_the_faces_expression():
    fit = person()
    made = ReplayHeadMotion().run(SPOKEN, fit)
    assert made.expression is SPOKEN.expression and made.fps == SPOKEN.fps
    assert made.rotation.shape == made.translation.shape == (700, 3)
    assert made.rotation.dtype == np.float32
    ahead = np.arange(8, 60)
    pose = neck_pose(fit.motion.rotation, fit.motion.translation)[ahead]
    played = neck_pose(made.rotation, made.translation)[: len(ahead)]
    np.testing.assert_allclose(played, pose, atol=0.01)  # but for what is above 5 Hz
    assert np.abs(np.diff(made.rotation, axis=0)).max() < 0.02


def test_another_frame_rate_plays_at_the_same_speed():
    fit = person(300)
    fast = attrs.evolve(fit, motion=attrs.evolve(fit.motion, fps=50.0))
    slow = ReplayHeadMotion(turn=0).run(SPOKEN, fit).rotation
    quick = ReplayHeadMotion(turn=0).run(SPOKEN, fast).rotation
    np.testing.assert_allclose(quick[:140], slow[:280:2], atol=0.01)


def test_what_was_not_measured_is_bridged():
    measured = np.ones(100, bool)
    measured[40:60] = False
    fit = person(measured=measured)
    fit.motion.rotation[40:60] = 9.0
    made = ReplayHeadMotion().run(SPOKEN, fit)
    assert np.abs(made.rotation).max() < 0.5


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_photo_and_nearly_one_are_held_or_hardly_moved(count):
    fit = person(count)
    made = ReplayHeadMotion().run(SPOKEN, fit)
    np.testing.assert_allclose(made.rotation, fit.motion.rotation.mean(0) + 0 * made.rotation,
                               atol=0.02)  # fmt: skip


def test_nobody_is_held_still_at_the_origin():
    made = ReplayHeadMotion().run(SPOKEN)
    assert not made.rotation.any() and np.abs(made.translation).max() < 1e-6
