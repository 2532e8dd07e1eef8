"""Drawn motion: the person's, the seed's, bounded, without jumps and without drift."""

import attrs
import numpy as np
import pytest

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.geometry.neck import neck_pose
from talkgraph.nodes.head_motion import SampleHeadMotion
from talkgraph.nodes.head_motion.flow.facts import FlowFacts
from talkgraph.nodes.head_motion.habit.habit import BANDS_HZ
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.signals import split_bands
from talkgraph.nodes.values import OnnxModel
from tests.nodes.head_motion.people import features, person, speech

PERSON, SOUND = person(12.0, 3), speech(12.0, 3)


def drawn(flow, seconds=20.0, seed=0, who=PERSON, sound=SOUND, say=None, **parameters):
    say = say or speech(seconds, 9)
    heard = features(say, 9)
    spoken = synthetic_fit(frames=len(heard.windows)).motion
    return SampleHeadMotion(seed=seed, **parameters).run(spoken, say, heard, flow, who, sound)


def pose(motion):
    return neck_pose(motion.rotation, motion.translation)


def test_a_seed_gives_a_motion_and_another_seed_another(flow):
    one, same, other = drawn(flow), drawn(flow), drawn(flow, seed=1)
    np.testing.assert_array_equal(one.rotation, same.rotation)
    np.testing.assert_array_equal(one.translation, same.translation)
    differs = (one.rotation - other.rotation).std(0) / one.rotation.std(0)
    assert (differs > 0.5).all()


def test_another_speech_is_another_motion_and_a_changed_end_is_not(flow):
    say = speech(20.0, 9)
    say.samples[16000 * 15 :] *= 0.5
    one, changed, other = drawn(flow), drawn(flow, say=say), drawn(flow, say=speech(20.0, 10))
    agree = [np.corrcoef(one.rotation[:, 1], x.rotation[:, 1])[0, 1] for x in (changed, other)]
    assert agree[0] > 0.7 and agree[1] < 0.5, agree


def test_face_and_length_are_kept(flow):
    spoken = synthetic_fit(frames=51).motion
    say = speech(50 / 25)
    made = SampleHeadMotion().run(spoken, say, features(say), flow, PERSON, SOUND)
    assert made.expression is spoken.expression and made.fps == 25
    assert made.rotation.shape == made.translation.shape == (51, 3)
    assert made.rotation.dtype == made.translation.dtype == np.float32


@pytest.mark.parametrize("seconds", [0.2, 1.0, 3.32])
def test_short_speech_moves_the_head_no_more_than_long_speech(flow, seconds):
    made = pose(drawn(flow, seconds))
    assert len(made) == round(25 * seconds)
    own = pose(PERSON.motion)
    assert (np.abs(made - own.mean(0)) <= 1.5 * np.abs(own - own.mean(0)).max(0)).all()


def test_it_has_the_persons_spread_in_every_band_and_the_persons_place(flow):
    made, own = pose(drawn(flow, 60.0)), pose(PERSON.motion)
    ratio = [split_bands(x - x.mean(0), BANDS_HZ, 25.0).std(1) for x in (made, own)]
    slow = slice(0, 3)  # of the fastest, tracking noise is taken off
    np.testing.assert_allclose(ratio[0][slow], ratio[1][slow], rtol=0.25)
    np.testing.assert_allclose(made.mean(0), own.mean(0), atol=0.6 * own.std(0).max())


def test_nothing_jumps(flow):
    made, own = pose(drawn(flow, 60.0)), pose(PERSON.motion)
    assert (np.abs(np.diff(made, axis=0)).max(0) < 3 * np.abs(np.diff(own, axis=0)).max(0)).all()


def test_ten_minutes_do_not_drift(flow):
    made = pose(drawn(flow, 600.0, steps=4))[:, :3]
    first, last = made[:1500], made[-1500:]
    assert np.abs((first.mean(0) - last.mean(0)) / first.std(0)).mean() < 0.15
    np.testing.assert_allclose(first.std(0), last.std(0), rtol=0.3)


def test_the_dial_of_amplitude(flow):
    mean = pose(drawn(flow, amplitude=0.0))
    assert np.ptp(mean, axis=0).max() < 1e-5
    one, half = pose(drawn(flow)), pose(drawn(flow, amplitude=0.5))
    np.testing.assert_allclose(half - mean, (one - mean) / 2, atol=1e-5)


def test_the_neck_stays_believable(flow):
    wild = person(12.0, 3, size=1.0)
    made = drawn(flow, who=wild, amplitude=3.0).rotation
    assert (np.abs(made) <= np.radians([40, 60, 35]) + 0.3).all()


def test_in_a_long_pause_the_head_rests_and_wakes(flow):
    say = speech(40.0, 9, pause=(12.0, 28.0))
    made = pose(drawn(flow, say=say))[:, :3]
    velocity = np.linalg.norm(np.diff(made, axis=0), axis=1)
    assert velocity[350:650].mean() < 0.6 * velocity[:250].mean()
    assert velocity[750:].mean() > 0.6 * velocity[:250].mean()


def test_silence_and_noise_give_calm_finite_motion(flow):
    for samples in (np.zeros(16000 * 3), np.random.default_rng(0).standard_normal(16000 * 3)):
        samples = samples.astype(np.float32)
        say = attrs.evolve(speech(), samples=samples, soundtrack=samples[:, None])
        made = pose(drawn(flow, say=say, sound=None))
        assert np.isfinite(made).all()
        assert (np.abs(made - pose(PERSON.motion).mean(0)) < 1.0).all()


@pytest.mark.parametrize("who", [None, synthetic_fit(frames=1), person(1.0)])
def test_photos_move_in_a_typical_manner_about_their_pose(flow, who):
    made = pose(drawn(flow, 60.0, who=who, sound=None))
    typical = FlowFacts.of(flow).manners["typical"]
    np.testing.assert_allclose(made.std(0), typical.std, rtol=0.5)
    shown = neck_pose(np.zeros(3), np.zeros(3)) if who is None else pose(who.motion).mean(0)
    np.testing.assert_allclose(made.mean(0), shown, atol=0.05)


def test_manners_are_calm_and_lively(flow):
    sizes = [
        pose(drawn(flow, 60.0, manner=manner))[:, :3].std(0).mean()
        for manner in ("calm", "typical", "lively")
    ]
    assert sizes[0] < 0.9 * sizes[1] < 0.8 * sizes[2]


def test_guidance_zero_does_not_listen_to_words(flow):
    heard = [drawn(flow, say=speech(20.0, 9), guidance=0.0)]
    say = speech(20.0, 9)
    spoken = synthetic_fit(frames=500).motion
    node = SampleHeadMotion(guidance=0.0)
    other = node.run(spoken, say, features(say, 1), flow, PERSON, SOUND)
    agree = np.corrcoef(heard[0].rotation[:, 0], other.rotation[:, 0])[0, 1]
    assert agree > 0.9  # but for the general pace, which is heard in the features


def test_what_does_not_fit_is_refused(flow):
    say = speech()
    spoken, heard = synthetic_fit(frames=100).motion, features(say)
    wrong = attrs.evolve(heard, windows=heard.windows[:, :, :5])
    with pytest.raises(ModelError, match="1 x 12 windows of 'speech_encoder' at 25 fps and got"):
        SampleHeadMotion().run(spoken, say, wrong, flow)
    mapping = LoadNetwork(name="general-mapping-mfcc").run()
    with pytest.raises(ModelError, match="port 'network': expected a head-motion flow"):
        SampleHeadMotion().run(spoken, say, heard, mapping)
    for facts, said in (({**flow.facts, "kind": "x"}, "not a head-motion flow"),
                        ({**flow.facts, "fps": "{"}, "facts of .* are incomplete")):  # fmt: skip
        with pytest.raises(ModelError, match=said):
            SampleHeadMotion().run(spoken, say, heard, OnnxModel(file=flow.file, facts=facts))


def test_motion_that_is_not_finite_is_found():
    motion = synthetic_fit(frames=10).motion
    assert SampleHeadMotion().is_finite(motion) == ""
    broken = motion.rotation.copy()
    broken[3] = np.nan
    assert (
        SampleHeadMotion().is_finite(attrs.evolve(motion, rotation=broken))
        == "1 of 10 frames are not"
    )
