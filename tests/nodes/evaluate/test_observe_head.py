import numpy as np
import pytest

from talkgraph.nodes.evaluate import MeasureBlinks, ObserveHead, ShuffleSpeech
from talkgraph.nodes.geometry.neck import NECK
from talkgraph.nodes.values import Motion, Speech
from tests.nodes.evaluate.test_blinks import gap_with
from tests.nodes.tracks import track_of


def speech(seconds: float = 4.0) -> Speech:
    t = np.arange(round(16000 * seconds)) / 16000
    loud = np.where((t > 1) & (t < 3), 0.3, 0.0)
    samples = (loud * np.sign(np.sin(2 * np.pi * 150 * t))).astype(np.float32)
    return Speech(samples=samples, rate=16000, soundtrack=samples[:, None], soundtrack_rate=16000)


def test_a_nod_about_the_neck_leaves_the_neck_where_it_is():
    nod = 0.2 * np.sin(np.arange(100) / 10)
    neck = np.array(NECK)
    turned = np.stack([[neck[0], neck[1] * np.cos(a) - neck[2] * np.sin(a),
                        neck[1] * np.sin(a) + neck[2] * np.cos(a)] for a in nod])  # fmt: skip
    motion = Motion(
        expression=np.zeros((100, 64), np.float32),
        rotation=np.column_stack([nod, 0 * nod, 0 * nod]).astype(np.float32),
        translation=(neck - turned).astype(np.float32),
        fps=25.0,
    )
    found = ObserveHead().run(motion, speech())
    assert found.pose[:, 0] == pytest.approx(np.rad2deg(nod), abs=0.5)
    assert found.pose[:, 3:] == pytest.approx(np.tile(neck, (100, 1)), abs=2e-3)
    assert found.active[30:70].all() and not found.active[:20].any()
    assert found.voiced[30:70].mean() > 0.9
    assert len(found.spoken()) == pytest.approx(60, abs=3)
    mute = ObserveHead().run(motion)
    assert not mute.active.any() and np.array_equal(mute.pose, found.pose)


def test_shuffled_speech_is_the_same_sound_at_another_time():
    real = speech()
    rolled = ShuffleSpeech(share=0.25).run(real)
    assert np.array_equal(rolled.samples[: 3 * 16000], real.samples[16000:])
    assert np.array_equal(rolled.samples[3 * 16000 :], real.samples[:16000])
    assert np.array_equal(rolled.soundtrack[:, 0], rolled.samples)


def test_blinks_of_a_track():
    from talkgraph.nodes.evaluate.blinks import EYE_CORNERS
    from talkgraph.nodes.face_model.lids import LID_PAIRS

    gap = gap_with([50, 300])
    points = np.zeros((500, 478, 3))
    for lower, upper in LID_PAIRS:
        points[:, lower, 1], points[:, upper, 1] = 100, 100 - 40 * gap
    for left, right in EYE_CORNERS:
        points[:, right, 0] = points[:, left, 0] + 40
    found = MeasureBlinks().run(track_of(points, 256)).values
    assert found == {"blinks": 2, "blinks_per_minute": pytest.approx(6)}
