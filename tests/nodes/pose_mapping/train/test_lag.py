import attrs
import numpy as np

from talkgraph.nodes.pose_mapping.train.lag import estimate_lags


def test_lags_are_found(toys):
    clips = toys.examples(6)
    clips[1], clips[4] = clips[1].shifted(-2), clips[4].shifted(3)
    assert estimate_lags(clips, toys.facts()) == [0, 2, 0, 0, -3, 0]


def test_no_lag_is_believed_without_evidence(toys):
    clips = toys.examples(5)
    noise = np.random.default_rng(0).standard_normal(clips[2].expression.shape)
    clips[2] = attrs.evolve(clips[2], expression=noise.astype(np.float32))
    assert estimate_lags(clips, toys.facts()) == [0] * 5
