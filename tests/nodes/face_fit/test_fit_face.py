"""The whole-clip fit on synthetic faces with known coefficients, and on a real clip."""

import attrs
import numpy as np
import pytest

from talkgraph.nodes.face_fit.fit_face import FitFace
from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_track
from talkgraph.nodes.values import FaceFit, Motion

SIZE = 256
MODEL = synthetic_face_model(seed=2, levels=1)


@pytest.fixture
def truth():
    """40 frames of a face that turns, nods and talks, and the landmarks that it would give."""
    rng = np.random.default_rng(1)
    t = np.arange(40) / 25
    identity = rng.normal(0, 0.7, 80).astype(np.float32)
    expression = np.zeros((40, 64), np.float32)
    expression[:, :4] = np.sin(2 * np.pi * t[:, None] * (0.5, 0.9, 1.2, 0.7)) * 0.8
    rotation = np.stack(
        [0.1 * np.sin(3 * t), 0.3 * np.sin(2 * t + 1), 0.05 * np.cos(2 * t)], axis=1
    )
    translation = np.stack([0.1 * np.sin(t), 0.05 * np.cos(t), -4 + 0.1 * t], axis=1)
    motion = Motion(
        expression=expression,
        rotation=rotation.astype(np.float32),
        translation=translation.astype(np.float32),
        fps=25.0,
    )
    seen = np.ones(40, bool)
    person = FaceFit(
        identity=identity, motion=motion, error=np.zeros(40, np.float32), measured=seen, size=SIZE
    )
    track = synthetic_track(MODEL, person)
    return track, rotation, translation


def test_pose_and_outline_come_back(truth):
    track, rotation, _ = truth
    fit = FitFace().run(track, MODEL)
    assert fit.error.mean() < 0.6
    offset = fit.motion.rotation - rotation
    assert np.rad2deg(np.abs(offset - offset.mean(0))).max() < 1.5
    assert np.rad2deg(np.abs(offset.mean(0))).max() < 4
    assert fit.motion.expression.shape == (40, 64) and fit.identity.shape == (80,)


def test_the_cutoffs_are_in_hertz_of_the_tracks_own_rate(truth):
    """A track at 30 fps is smoothed like one at 25 fps with cut-offs 25/30 as high."""
    track, _, _ = truth
    fast = FitFace().run(attrs.evolve(track, fps=30.0), MODEL)
    lower = {"pose_cutoff_hz": 4 * 25 / 30, "expression_cutoff_hz": 9 * 25 / 30}
    slow = FitFace(**lower).run(track, MODEL)
    assert fast.motion.fps == 30
    np.testing.assert_allclose(fast.motion.rotation, slow.motion.rotation, atol=1e-6)
    np.testing.assert_allclose(fast.motion.expression, slow.motion.expression, atol=1e-5)
    assert np.abs(FitFace().run(track, MODEL).motion.rotation - slow.motion.rotation).max() > 1e-4


def test_a_gap_and_a_wild_landmark_do_little(truth):
    track, _, _ = truth
    clean = FitFace().run(track, MODEL)
    landmarks, measured = track.landmarks.copy(), track.measured.copy()
    landmarks[15:19] = 128.0
    measured[15:19] = False
    landmarks[:, 1, :2] += 40  # the tip of the nose, far off in every frame
    broken = attrs.evolve(track, landmarks=landmarks, measured=measured)
    fit = FitFace().run(broken, MODEL)
    assert np.rad2deg(np.abs(fit.motion.rotation - clean.motion.rotation)).max() < 3
    assert not fit.measured[15:19].any()


def test_one_frame_is_split_between_identity_and_expression(truth):
    track, _, _ = truth
    photo = attrs.evolve(
        track,
        landmarks=track.landmarks[:1],
        confidence=track.confidence[:1],
        measured=track.measured[:1],
    )
    fit = FitFace().run(photo, MODEL)
    assert fit.error[0] < 1.0
    assert np.abs(fit.identity).max() > 0.1


def test_the_same_track_gives_the_same_fit(truth):
    track, _, _ = truth
    one, two = FitFace().run(track, MODEL), FitFace().run(track, MODEL)
    np.testing.assert_array_equal(one.motion.expression, two.motion.expression)
    np.testing.assert_array_equal(one.identity, two.identity)
