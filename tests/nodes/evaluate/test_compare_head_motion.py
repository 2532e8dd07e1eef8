import numpy as np
import pytest

from talkgraph.nodes.evaluate import CompareHeadMotion
from talkgraph.nodes.values import Motion


def motion(rotation: np.ndarray) -> Motion:
    count = len(rotation)
    return Motion(
        expression=np.zeros((count, 64), np.float32),
        rotation=rotation.astype(np.float32),
        translation=np.zeros((count, 3), np.float32),
        fps=25.0,
    )


def test_head_motion_scores_come_with_their_baseline():
    clip = np.random.default_rng(4).normal(0, 0.1, (80, 3))
    found = CompareHeadMotion().run(motion(clip), motion(clip), motion(clip)).values
    assert found["hs"] == pytest.approx(1)
    assert found["hs_replay"] > 0.95
    assert found["jitter"] == found["jitter_real"] > 0
    assert "hs_replay" not in CompareHeadMotion().run(motion(clip), motion(clip)).values
