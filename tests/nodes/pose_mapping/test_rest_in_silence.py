"""A mouth that rests where nobody speaks: by steps of the voice, by property, on real speech."""

import attrs
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from talkgraph.errors import InputError
from talkgraph.nodes.audio_features import DetectVoice, Mfcc
from talkgraph.nodes.evaluate.mouth.silence import movement
from talkgraph.nodes.face_model import LoadFaceModel
from talkgraph.nodes.face_model.lids import lids_of
from talkgraph.nodes.face_model.readout import mouth_readout
from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.media import ReadSpeech
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.pose_mapping import MapMotion, RestInSilence
from talkgraph.nodes.values import Motion, Speech, VoiceActivity

FPS = 25.0
MODEL = LoadFaceModel().run()
READOUT = mouth_readout(MODEL)
OPENING = READOUT.names.index("opening")


def talk(count, seed=0, scale=1.0):
    """Random smooth movement of the face, faster than a mouth at rest."""
    from scipy.ndimage import gaussian_filter1d

    noise = np.random.default_rng(seed).standard_normal((count, 64))
    expression = gaussian_filter1d(noise, 1.5, axis=0) * 2 * scale
    place = np.random.default_rng(seed + 1).standard_normal((2, count, 3)).astype(np.float32)
    return Motion(
        expression=expression.astype(np.float32), rotation=place[0], translation=place[1], fps=FPS
    )


def voice(*parts):
    """Seconds of voice and of none, in turns."""
    counts = [round(seconds * FPS) for seconds in parts]
    heard = np.arange(len(parts)) % 2 == 0
    return VoiceActivity(probability=np.repeat(heard, counts).astype(np.float32), fps=FPS)


def clip(motion, measured=None):
    count = len(motion.expression)
    seen = np.ones(count, bool) if measured is None else measured
    return attrs.evolve(synthetic_fit(frames=count), motion=motion, measured=seen)


def test_a_voice_all_along_changes_nothing():
    motion = talk(100)
    made = RestInSilence().run(motion, voice(4), MODEL, clip(talk(100, 5)), voice(2, 2))
    assert made.expression.tobytes() == motion.expression.tobytes()


def test_speech_is_unchanged_and_silence_rests():
    motion = talk(250)
    made = RestInSilence().run(motion, voice(4, 4, 2), MODEL)
    np.testing.assert_array_equal(made.expression[:96], motion.expression[:96])
    np.testing.assert_array_equal(made.expression[200:], motion.expression[200:])
    silent = np.zeros(250, bool)
    silent[104:191] = True  # all but .12 s of closing and .32 s of anticipation
    mine, theirs = (READOUT.of(one.expression)[:, OPENING] for one in (made, motion))
    assert movement(mine, silent) < 0.2 * movement(theirs, silent)
    said = theirs[np.r_[:100, 200:250]]
    spread = float(said.std())
    assert mine[silent].mean() == pytest.approx(said.mean() - 0.85 * spread, abs=spread / 2)
    assert np.abs(np.diff(mine)).max() <= np.abs(np.diff(theirs)).max()  # nothing jumps
    assert made.rotation is motion.rotation and made.translation is motion.translation


def test_without_a_voice_the_mouth_rests_all_along():
    motion = talk(200)
    none = VoiceActivity(probability=np.zeros(200, np.float32), fps=FPS)
    opening = READOUT.of(RestInSilence().run(motion, none, MODEL).expression)[:, OPENING]
    spread = READOUT.of(motion.expression)[:, OPENING].std()
    assert np.ptp(opening) <= 2 * 0.6 * spread  # the reach to either side
    still = RestInSilence(reach=0).run(motion, none, MODEL)
    np.testing.assert_allclose(np.ptp(READOUT.of(still.expression), axis=0), 0, atol=1e-5)


def test_brows_and_lids_go_on():
    motion = talk(200)
    made = RestInSilence().run(motion, voice(2, 6), MODEL)
    lids = lids_of(MODEL, np.zeros(80, np.float32))
    before, after = (lids.opening(one.expression)[60:] for one in (motion, made))
    assert np.corrcoef(before, after)[0, 1] > 0.9  # of random expressions


def test_the_rest_is_that_of_the_clip_s_own_pauses():
    """The more, the longer they are."""
    smile = READOUT.lift(np.array([0.02, 0.0, 0.1], np.float32))
    own = talk(500, 3)
    own.expression[250:] = smile
    motion, heard = talk(200), voice(4, 4)
    found = []
    for seconds in (0, 1, 10):
        sound = voice(20) if not seconds else voice(10, seconds)
        made = RestInSilence(reach=0).run(motion, heard, MODEL, clip(own), sound)
        found.append(READOUT.of(made.expression)[150])
    target = READOUT.of(smile)
    errors = [np.abs(one - target).max() for one in found]
    assert errors[2] < 0.15 * errors[0] and errors[2] < errors[1] < errors[0]


def test_frames_that_were_not_measured_do_not_count():
    own = talk(500, 3)
    own.expression[250:] = 50.0
    seen = np.arange(500) < 250
    motion, heard = talk(200), voice(4, 4)
    made = RestInSilence().run(motion, heard, MODEL, clip(own, seen), voice(10, 10))
    assert np.abs(made.expression).max() < 20


def with_opening(spreads):
    """A photo whose lips are so far from the middle of what `talk(200)` says in its first half."""
    said = READOUT.of(talk(200).expression[:100])
    opening = said[:, OPENING].mean() + spreads * said[:, OPENING].std()
    lift = READOUT.only("opening").lift(np.array([opening], np.float32))
    return clip(attrs.evolve(talk(1), expression=lift[None].astype(np.float32)))


def test_shut_lips_of_a_photo_are_its_rest_and_open_ones_are_not():
    motion, heard = talk(200), voice(4, 4)
    alone = RestInSilence(reach=0).run(motion, heard, MODEL).expression
    opened = RestInSilence(reach=0).run(motion, heard, MODEL, with_opening(1.0)).expression
    np.testing.assert_array_equal(opened, alone)
    photo = with_opening(-2.0)
    shut = RestInSilence(reach=0).run(motion, heard, MODEL, photo).expression
    wanted = READOUT.of(photo.motion.expression[0])
    np.testing.assert_allclose(READOUT.of(shut[150]), wanted, atol=1e-4)


def test_a_clip_without_sound_rests_as_people_do():
    motion, heard = talk(200), voice(4, 4)
    mute = VoiceActivity(probability=np.zeros(0, np.float32), fps=FPS)
    made = RestInSilence().run(motion, heard, MODEL, clip(talk(100, 7)), mute)
    assert np.isfinite(made.expression).all()


@settings(max_examples=40)
@given(
    st.integers(1, 90),
    st.integers(0, 1000),
    st.floats(0, 3),
    st.floats(0, 30),
    st.lists(st.booleans(), min_size=1, max_size=6),
)
def test_the_opening_stays_between_rest_and_motion(count, seed, reach, scale, pieces):
    motion = talk(count, seed, scale)
    probability = np.resize(np.repeat(pieces, 15), count).astype(np.float32)
    heard = VoiceActivity(probability=probability, fps=FPS)
    mute = VoiceActivity(probability=np.zeros(count, np.float32), fps=FPS)
    person, sound = clip(talk(100, seed)), voice(2, 2)
    made = RestInSilence(reach=reach).run(motion, heard, MODEL, person, sound)
    rest = RestInSilence(reach=0).run(motion, mute, MODEL, person, sound)
    mine, theirs, still = (READOUT.of(m.expression)[:, OPENING] for m in (made, motion, rest))
    low, high = min(theirs.min(), still.min()), max(theirs.max(), still.max())
    room = 1e-5 * (1 + scale)
    assert (mine >= low - room).all() and (mine <= high + room).all()
    assert np.isfinite(made.expression).all()


@pytest.mark.parametrize(("frames", "fps"), [(99, 25.0), (100, 30.0)])
def test_the_voice_of_another_speech_is_refused(frames, fps):
    other = VoiceActivity(probability=np.ones(frames, np.float32), fps=fps)
    with pytest.raises(InputError, match=rf"port 'voice': received {frames} frames at {fps:g} fps"):
        RestInSilence().run(talk(100), other, MODEL)


def test_the_clip_s_voice_at_another_rate_is_refused():
    other = VoiceActivity(probability=np.ones(100, np.float32), fps=30.0)
    with pytest.raises(InputError, match="port 'clip_voice': received 30 fps for a clip of 25"):
        RestInSilence().run(talk(100), voice(4), MODEL, clip(talk(100)), other)


def test_real_speech_with_a_pause(clips):
    """A pause of 3 s set into a recording: the mapped mouth moves in it, and then rests."""
    heard = ReadSpeech().run(clips / "speech" / "speech_read_female_en_01.wav")
    quiet = 1e-4 * np.random.default_rng(0).standard_normal(3 * 16000).astype(np.float32)
    sound = np.concatenate([heard.samples[:80000], quiet, heard.samples[80000:128000]])
    speech = Speech(samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000)
    mapping = LoadNetwork(name="general-mapping-mfcc").run()
    motion = MapMotion().run(Mfcc().run(speech), mapping)
    found = DetectVoice().run(speech, LoadNetwork(name="voice-activity").run())
    made = RestInSilence().run(motion, found, MODEL)
    inside = np.zeros(len(motion.expression), bool)
    inside[130:190] = True
    before, after = (READOUT.of(m.expression)[:, OPENING] for m in (motion, made))
    assert movement(after, inside) < 0.5 * movement(before, inside)
    assert after[inside].mean() < np.median(before)
    spoken = found.probability > 0.9
    assert np.corrcoef(before[spoken], after[spoken])[0, 1] > 0.98


def test_speech_in_noise_is_not_shut(clips):
    """White noise 5 dB above the voice left less than half of this woman's speech to the mouth."""
    import soundfile

    samples, rate = soundfile.read(
        clips / "video" / "talk_female_asian_burgundy_214.wav", dtype="float32"
    )
    detector = LoadNetwork(name="voice-activity").run()

    def spoken(sound):
        speech = Speech(samples=sound, rate=rate, soundtrack=sound[:, None], soundtrack_rate=rate)
        return DetectVoice().run(speech, detector)

    clean = spoken(samples)
    loud = np.repeat(clean.probability > 0.5, rate // 25)[: len(samples)]
    level = samples[: len(loud)][loud].std() * 10 ** (5 / 20)
    noise = level * np.random.default_rng(0).standard_normal(len(samples)).astype(np.float32)
    sound = (samples + noise) / np.abs(samples + noise).max()
    motion = talk(len(clean.probability))
    kept = [
        (RestInSilence().run(motion, heard, MODEL).expression == motion.expression).all(axis=1)
        for heard in (clean, spoken(sound))
    ]
    assert kept[1][kept[0]].mean() > 0.8


def test_where_nearly_no_voice_is_heard_it_is_said(monkeypatch):
    said = []
    monkeypatch.setattr("talkgraph.nodes.pose_mapping.rest_in_silence.note", said.append)
    RestInSilence().run(talk(200), voice(4, 4), MODEL)
    assert said == []
    RestInSilence().run(talk(200), voice(1, 7), MODEL)
    assert said == [
        "a voice is heard in 1.0 s of 8.0 s of the speech, and elsewhere the mouth rests; if "
        "somebody speaks there, or sings to music, try `begins=0` and `ends=0`"
    ]
