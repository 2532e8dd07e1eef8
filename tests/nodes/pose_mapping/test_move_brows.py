"""Brows that move as the person's: what they leave alone, how far they go, what they follow."""

import attrs
import numpy as np
import pytest

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model import LoadFaceModel
from talkgraph.nodes.face_model.lids import lids_of
from talkgraph.nodes.face_model.readout import mouth_readout
from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
from talkgraph.nodes.pose_mapping import MoveBrows
from talkgraph.nodes.pose_mapping.brows.habit import SPREAD, TURN, habit_of
from talkgraph.nodes.pose_mapping.brows.measure import brow_height, raising
from talkgraph.nodes.signals import low_pass
from talkgraph.nodes.values import Motion, Speech

FPS, RATE = 25.0, 16000
MODEL = LoadFaceModel().run()
ROW, UP = brow_height(MODEL), raising(MODEL)
NOBODY_NODS = np.zeros(3)


def said(count, seed=0):
    """A hiss that gets louder and softer about once in two seconds."""
    random = np.random.default_rng(seed)
    loud = low_pass(random.standard_normal((count, 1)), 0.5, FPS)[:, 0] * 5
    gain = np.repeat(10 ** (loud / 2), round(RATE / FPS))
    samples = (0.01 * gain * random.standard_normal(len(gain))).astype(np.float32)
    return Speech(
        samples=samples, rate=RATE, soundtrack=samples[:, None], soundtrack_rate=RATE
    ), loud


def motion(count, rotation=NOBODY_NODS, seed=5):
    """A face of which all coefficients move."""
    expression = np.random.default_rng(seed).standard_normal((count, 64)).astype(np.float32)
    turned = np.broadcast_to(rotation, (count, 3)).astype(np.float32)
    place = np.zeros((count, 3), np.float32)
    return Motion(expression=expression, rotation=turned, translation=place, fps=FPS)


def clip(height, rotation=NOBODY_NODS):
    """A person whose brows stand so high in each frame, and of whom nothing else moves."""
    made = attrs.evolve(
        motion(len(height), rotation),
        expression=np.asarray(np.asarray(height)[:, None] * UP, np.float32),
    )
    return attrs.evolve(
        synthetic_fit(frames=len(height)), motion=made, measured=np.ones(len(height), bool)
    )


def wander(count, seconds, seed=0):
    smooth = low_pass(np.random.default_rng(seed).standard_normal((count, 1)), 1 / seconds, FPS)
    return smooth[:, 0] / smooth.std()


def test_lids_and_mouth_and_head_stay_as_they_are():
    before = motion(200)
    after = MoveBrows().run(before, said(200)[0], MODEL)
    lids = lids_of(MODEL, np.zeros(80, np.float32))
    mouth = mouth_readout(MODEL)
    for measure in (lids.opening, mouth.of):
        np.testing.assert_allclose(measure(after.expression), measure(before.expression), atol=1e-5)
    assert after.rotation is before.rotation and after.translation is before.translation
    assert np.ptp(after.expression @ ROW) > 0.01


def test_raised_brows_are_higher():
    """y points up: the landmarks of the brows rise, those of the chin do not."""
    rows = {int(k): i for i, k in enumerate(MODEL.landmark_index)}
    moved = MODEL.landmark_bases()[2][:, 1] @ (0.01 * UP)
    assert moved[[rows[105], rows[334]]].min() > 0.004
    assert abs(moved[rows[152]]) < 0.001


@pytest.mark.parametrize(("size", "seconds"), [(0.004, 1.0), (0.02, 4.0)])
def test_spread_and_pace_are_the_persons(size, seconds):
    height = 0.03 + size * wander(500, seconds)
    person = clip(height)
    talk = motion(500)
    made = [
        MoveBrows(seed=seed, loudness=0).run(talk, said(500)[0], MODEL, person).expression @ ROW
        for seed in range(8)
    ]
    assert np.mean([one.std() for one in made]) == pytest.approx(height.std(), rel=0.3)
    pace = np.mean([np.abs(np.diff(one)).mean() for one in made])
    # A band is filled evenly, so what has only the slow half of one comes out quicker; white noise
    # of that spread would have 7 and 23 times the pace.
    assert 0.9 <= pace / np.abs(np.diff(height)).mean() <= 1.9
    assert np.mean([np.median(one) for one in made]) == pytest.approx(0.03, abs=size)
    reach = 1.3 * np.ptp(np.percentile(height - np.median(height), [1, 99]))
    assert max(np.ptp(one) for one in made) <= reach + 1e-6


def test_they_follow_loudness_as_much_as_is_said_and_ahead_of_it():
    speech, loud = said(2000)
    height = MoveBrows(loudness=0.8).run(motion(2000), speech, MODEL).expression @ ROW
    found = [
        np.corrcoef(height[50:-50], loud[50 + lag : 1950 + lag])[0, 1] for lag in (-5, 0, 5, 10)
    ]
    assert found[2] == max(found) and 0.6 < found[2] < 0.95


def test_they_follow_the_head_as_the_persons_do():
    nod = np.stack([0.1 * wander(750, 2.0, 3), *np.zeros((2, 750))], 1)
    person = clip(0.2 * nod[:, 0] + 0.003 * wander(750, 1.0, 4), nod)
    again = np.stack([0.1 * wander(750, 2.0, 9), *np.zeros((2, 750))], 1)
    height = MoveBrows().run(motion(750, again), said(750)[0], MODEL, person).expression @ ROW
    assert np.corrcoef(height, again[:, 0])[0, 1] > 0.8
    still = habit_of(0.01 * wander(500, 1.0), np.zeros((500, 3)), np.ones(500, bool), FPS)
    np.testing.assert_allclose(still.turn, TURN, atol=0.02)


def test_brows_of_a_photo_stay_where_they_are_in_it():
    photo = clip([0.05])
    height = MoveBrows().run(motion(1500), said(1500)[0], MODEL, photo).expression @ ROW
    assert height.mean() == pytest.approx(0.05, abs=0.005)
    assert height.std() == pytest.approx(np.linalg.norm(SPREAD), rel=0.25)
    held = MoveBrows(amplitude=0).run(motion(100), said(100)[0], MODEL, photo).expression @ ROW
    np.testing.assert_allclose(held, 0.05, atol=1e-5)


def test_a_seed_gives_a_movement_and_another_another():
    talk, (speech, _) = motion(300), said(300)
    one, again, other = (
        MoveBrows(seed=seed).run(talk, speech, MODEL).expression @ ROW for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.6
    elsewhere = MoveBrows(seed=1).run(talk, said(300, 1)[0], MODEL).expression @ ROW
    assert np.abs(elsewhere - one).max() > 0.003


@pytest.mark.parametrize("count", [1, 2, 12])
def test_the_shortest_speech(count):
    made = MoveBrows().run(motion(count), said(count)[0], MODEL)
    assert np.isfinite(made.expression).all() and len(made.expression) == count


def test_a_model_without_brows_is_refused():
    model = synthetic_face_model(levels=0)
    few = attrs.evolve(model, landmark_index=np.zeros_like(model.landmark_index))
    with pytest.raises(ModelError, match="has no landmarks at brows and eyes; leave the node out"):
        MoveBrows().run(motion(10), said(10)[0], few)
