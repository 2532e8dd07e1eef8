import numpy as np
import pytest

from talkgraph.nodes.evaluate import ObserveHead
from talkgraph.nodes.geometry.neck import NECK
from talkgraph.nodes.values import Motion, Speech


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
