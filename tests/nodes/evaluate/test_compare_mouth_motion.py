import attrs
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from talkgraph.errors import InputError
from talkgraph.nodes.evaluate import CompareMouthMotion, StandInMotion
from talkgraph.nodes.evaluate.phones import Phones
from talkgraph.nodes.face_model.readout import mouth_readout
from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
from talkgraph.nodes.values import Motion, Speech

COMPARE = CompareMouthMotion()
MODEL = synthetic_face_model(levels=0)
READOUT = mouth_readout(MODEL)
COUNT = 300


def moving(seed: int = 0, count: int = COUNT):
    """Somebody whose whole face moves, in bursts of speech."""
    fit = synthetic_fit(frames=count)
    noise = np.random.default_rng(seed).normal(size=(count, 64))
    fit.motion.expression[:] = gaussian_filter1d(noise, 1.5, axis=0)
    return fit


def with_expression(motion: Motion, expression: np.ndarray) -> Motion:
    return attrs.evolve(motion, expression=expression.astype(np.float32))


def speech(loud: np.ndarray) -> Speech:
    """A hum whose amplitude in each frame is given."""
    samples = np.repeat(loud, 640) * np.sin(np.arange(640 * len(loud)) / 9)
    samples = samples.astype(np.float32)
    return Speech(samples=samples, rate=16000, soundtrack=samples[:, None], soundtrack_rate=16000)


def test_the_real_motion_has_every_figure_at_its_best():
    real = moving()
    found = COMPARE.run(real.motion, real, MODEL).values
    for measure in READOUT.names:
        for figure in ("r", "ccc", "ccc_centred", "spread"):
            assert found[f"{measure}_{figure}"] == pytest.approx(1, abs=1e-5)
            assert found[f"{measure}_{figure}_at_lag"] == pytest.approx(1, abs=1e-5)
    assert found["lag"] == 0 and found["frames"] == COUNT
    assert (found["closure_hits"], found["closure_false"]) == (1, 0)
    assert found["closure_depth"] == pytest.approx(found["closure_depth_real"])


def test_a_late_picture_is_found_and_forgiven_at_its_lag_only():
    whole = moving(1, COUNT + 10)
    made = with_expression(whole.motion, whole.motion.expression[5 : COUNT + 5])
    late = attrs.evolve(
        moving(1), motion=with_expression(whole.motion, whole.motion.expression[2 : COUNT + 2])
    )
    found = COMPARE.run(made, late, MODEL).values
    assert found["lag"] == 3
    assert found["opening_r"] < 0.5 and found["width_r"] < 0.5
    for measure in READOUT.names:
        assert found[f"{measure}_r_at_lag"] == pytest.approx(1, abs=1e-5)
    assert found["closure_hits_at_lag"] == 1 > found["closure_hits"]


def test_half_the_movement_about_another_mean():
    real = moving(2)
    about = READOUT.lift(np.array([0.3, 0, 0], np.float32))
    made = with_expression(real.motion, real.motion.expression / 2 + about)
    found = COMPARE.run(made, real, MODEL).values
    assert found["opening_r"] == pytest.approx(1, abs=1e-4)
    assert found["opening_spread"] == pytest.approx(0.5, abs=1e-4)
    assert found["opening_ccc_centred"] == pytest.approx(0.8, abs=1e-3)
    assert found["opening_ccc"] < 0.7
    assert found["width_ccc"] == pytest.approx(found["width_ccc_centred"], abs=1e-2)
    assert found["closure_depth"] == pytest.approx(found["closure_depth_real"] / 2, rel=1e-3)


def test_the_mean_face_gains_nothing_and_a_loud_mouth_what_loudness_says():
    real = moving(3)
    opening = READOUT.of(real.motion.expression)[:, 0]
    follows = speech(np.exp(0.5 * (opening - opening.mean()) / opening.std()) * 0.05)
    still = COMPARE.run(StandInMotion(kind="mean").run(real, MODEL, follows), real, MODEL).values
    assert still["opening_r"] == still["opening_spread"] == still["closure_hits"] == 0
    assert still["opening_ccc"] == pytest.approx(0, abs=1e-6)
    loud = StandInMotion(kind="energy").run(real, MODEL, follows)
    found = COMPARE.run(loud, real, MODEL).values
    assert found["opening_r"] > 0.95
    assert found["opening_spread"] == pytest.approx(1, abs=0.05)
    assert np.ptp(loud.rotation) == 0


def test_silence_and_phones_are_used_where_they_are_given():
    real = moving(4)
    loud = np.full(COUNT, 0.2)
    loud[100:150] = 0
    real.motion.expression[100:150] *= 0.1
    made = with_expression(real.motion, 3 * real.motion.expression)
    found = COMPARE.run(made, real, MODEL, speech(loud)).values
    assert found["silence_movement"] == pytest.approx(3, rel=1e-3)
    assert found["silent_seconds"] == pytest.approx(2, abs=0.1)
    assert "silence_movement" not in COMPARE.run(made, real, MODEL).values
    phones = Phones(symbols=["m", "a", "b"], starts=[1.0, 1.2, 3.0], stops=[1.2, 3.0, 3.08])
    assert COMPARE.run(made, real, MODEL, None, phones).values["closures"] == 2


def test_unmeasured_frames_do_not_count_and_the_longer_motion_is_cut():
    real = moving(5)
    wrong = real.motion.expression.copy()
    wrong[50:80] = 9
    real.measured[50:80] = False
    made = with_expression(real.motion, np.concatenate([wrong, wrong[:3]]))
    found = COMPARE.run(made, real, MODEL).values
    assert found["frames"] == COUNT - 30
    assert found["opening_r"] == pytest.approx(1, abs=1e-5)


def test_what_cannot_be_compared_is_refused():
    real = moving(6)
    with pytest.raises(
        InputError, match="got 30 and 25 frames per second; give two motions of one"
    ):
        COMPARE.run(attrs.evolve(real.motion, fps=30.0), real, MODEL)
    real.measured[20:] = False
    with pytest.raises(InputError, match="measured in 20 frames, 25 are needed"):
        COMPARE.run(real.motion, real, MODEL)
