import attrs
import numpy as np
import pytest

from talkgraph.errors import GraphError
from talkgraph.nodes.evaluate import StandInMotion
from talkgraph.nodes.face_model.readout import mouth_readout
from talkgraph.nodes.face_model.synthetic import synthetic_face_model
from tests.nodes.evaluate.test_compare_mouth_motion import moving, speech

MODEL = synthetic_face_model(levels=0)
READOUT = mouth_readout(MODEL)
COUNT = 100
LOUD = np.exp(np.random.default_rng(7).normal(-2, 0.5, COUNT))


def real_fit():
    fit = moving(0, COUNT)
    turns = np.random.default_rng(1).normal(size=(2, COUNT, 3)).astype(np.float32)
    return attrs.evolve(
        fit, motion=attrs.evolve(fit.motion, rotation=turns[0], translation=turns[1])
    )


def test_the_mean_face_is_that_of_measured_frames_and_the_head_is_held():
    fit = real_fit()
    fit.measured[40:] = False
    made = StandInMotion(kind="mean").run(fit, MODEL, speech(LOUD))
    seen = fit.motion.expression[:40].mean(0)
    assert made.expression == pytest.approx(np.tile(seen, (COUNT, 1)), abs=1e-6)
    assert made.rotation == pytest.approx(
        np.tile(fit.motion.rotation.mean(0), (COUNT, 1)), abs=1e-6
    )
    assert made.translation[5] == pytest.approx(fit.motion.translation.mean(0), abs=1e-6)
    assert made.fps == fit.motion.fps and made.expression.dtype == np.float32


def test_a_face_that_was_never_measured_still_has_a_mean():
    fit = real_fit()
    fit.measured[:] = False
    made = StandInMotion(kind="mean").run(fit, MODEL, speech(LOUD))
    assert made.expression[3] == pytest.approx(fit.motion.expression.mean(0), abs=1e-6)


def test_a_loud_mouth_follows_the_level_with_the_real_mean_and_spread():
    fit = real_fit()
    made = READOUT.of(StandInMotion().run(fit, MODEL, speech(LOUD)).expression)
    real = READOUT.of(fit.motion.expression)
    assert made.mean(0) == pytest.approx(real.mean(0), abs=1e-4)
    assert made.std(0) == pytest.approx(real.std(0), rel=1e-3)
    for measure in made.T:  # a frame holds eleven periods of the hum and a bit
        assert np.corrcoef(measure, np.log(LOUD))[0, 1] > 0.99


def test_sound_without_rise_and_fall_moves_nothing():
    fit = real_fit()
    still = StandInMotion().run(fit, MODEL, speech(np.zeros(COUNT)))
    assert np.ptp(still.expression, axis=0) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("heard", [60, 140])
def test_there_are_as_many_frames_as_in_the_fit_whatever_the_sounds_length(heard):
    loud = np.resize(LOUD, heard)
    made = StandInMotion().run(real_fit(), MODEL, speech(loud))
    assert len(made.expression) == len(made.rotation) == len(made.translation) == COUNT
    opening = READOUT.of(made.expression)[:, 0]
    if heard < COUNT:  # silence beyond the end of the sound
        assert np.ptp(opening[heard:]) == pytest.approx(0, abs=1e-6)
        assert opening[heard:].max() < opening[:heard].min()


def test_another_kind_is_refused():
    with pytest.raises(GraphError, match="'kind' is 'loud', expected one of 'energy', 'mean'"):
        StandInMotion(kind="loud")
