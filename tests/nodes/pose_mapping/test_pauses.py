import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from talkgraph.nodes.pose_mapping.pauses import resting, spoken_frames, without_noise
from talkgraph.nodes.values import VoiceActivity

RULES = {"begins": 0.5, "ends": 0.2, "shortest_speech": 0.08, "shortest_pause": 0.3}
TIMES = {"anticipation": 0.32, "opening": 0.28, "ending": 0.2, "closing": 0.32}


def spoken(text, fps=25.0, **rules):
    """Frames as digits: 0 for .0, 9 for .9."""
    probability = np.array([int(one) / 10 for one in text], np.float32)
    found = spoken_frames(VoiceActivity(probability=probability, fps=fps), **{**RULES, **rules})
    return "".join("x" if one else "." for one in found)


@pytest.mark.parametrize(
    ("heard", "found"),
    [
        ("", ""),
        ("0000", "...."),
        ("000099990000000099990000", "....xxxx........xxxx...."),
        ("000033330000", "............"),  # never sure
        ("003339933300", ".....xxxxx.."),  # begins where it is sure, ends where it is gone
        ("000090000000", "............"),  # too short
        ("999900000009999", "xxxxxxxxxxxxxxx"),  # 7 frames are less than .3 s
        ("0009999000", "...xxxx..."),  # silence at the ends may be short
    ],
)
def test_voices_and_pauses(heard, found):
    assert spoken(heard) == found


def test_times_are_in_seconds():
    assert spoken("99990000009999", fps=50.0) == "xxxxxxxxxxxxxx"
    assert spoken("99990000009999", fps=20.0) == "xxxx......xxxx"


def voice(probability):
    return VoiceActivity(probability=np.asarray(probability, np.float32), fps=25.0)


def test_a_voice_in_noise_is_as_likely_as_one_without():
    """Odds are divided by what the noise takes, and multiplied by it again."""
    clean = np.repeat([0.01, 0.98, 0.5, 0.98, 0.01], 60)
    odds = clean / (1 - clean) / 50
    noisy = odds / (1 + odds)
    assert spoken_frames(voice(noisy), **RULES).sum() < 0.4 * len(noisy)
    found = without_noise(voice(noisy))
    np.testing.assert_allclose(found.probability, clean, atol=0.01)


@pytest.mark.parametrize("loudest", [0.98, 1.0])
def test_a_sure_detector_is_believed(loudest):
    clean = np.repeat([0.0, loudest, 0.3, loudest, 0.001], 60)
    np.testing.assert_allclose(without_noise(voice(clean)).probability, clean, atol=1e-5)


def test_noise_alone_is_no_voice():
    noise = np.random.default_rng(0).beta(0.1, 20, 500)  # such as that of white noise and of music
    assert 0.05 < noise.max() < 0.3
    np.testing.assert_allclose(without_noise(voice(noise)).probability, noise, atol=1e-5)


@given(arrays(np.float32, st.integers(0, 80), elements=st.floats(0, 1, width=32)))
def test_noise_takes_and_never_gives(probability):
    found = without_noise(voice(probability)).probability
    assert found.shape == probability.shape and (found <= 1).all()
    assert (found >= probability - 1e-5).all()


def steps(count, *voices):
    made = np.zeros(count, bool)
    for start, stop in voices:
        made[start:stop] = True
    return made


@pytest.mark.parametrize("fps", [25.0, 50.0])
def test_a_voice_is_awaited_and_outlived_by_the_declared_times(fps):
    frames = round(fps)
    at_rest = resting(steps(4 * frames, (frames, 3 * frames)), fps, **TIMES)
    time = np.arange(4 * frames) / fps
    assert (at_rest[time < 1 - 0.32 - 1e-6] == 1).all()
    assert (at_rest[(time > 1 - 0.04 - 1e-6) & (time < 3 - 0.2 + 1e-6)] == 0).all()
    assert (at_rest[time > 3 + 0.12 - 1e-6] == 1).all()
    # Half way in the middle of each, and never back.
    assert np.interp(1 - 0.32 + 0.14, time, at_rest) == pytest.approx(0.5, abs=0.02)
    assert np.interp(3 - 0.2 + 0.16, time, at_rest) == pytest.approx(0.5, abs=0.02)
    assert (np.diff(at_rest[: 2 * frames]) <= 0).all() and (
        np.diff(at_rest[2 * frames :]) >= 0
    ).all()


def test_in_a_short_pause_the_mouth_nearly_rests():
    at_rest = resting(steps(60, (0, 25), (33, 60)), 25.0, **TIMES)
    assert 0.5 < at_rest.max() < 1 and at_rest[:20].max() == at_rest[34:].max() == 0


@given(arrays(bool, st.integers(0, 120)), st.sampled_from([15.0, 25.0, 60.0]))
def test_it_is_a_share_and_whole_where_nobody_speaks(voices, fps):
    at_rest = resting(voices, fps, **TIMES)
    assert at_rest.shape == voices.shape and ((at_rest >= 0) & (at_rest <= 1)).all()
    if not voices.any():
        assert (at_rest == 1).all()
    if voices.all():
        assert (at_rest == 0).all()
