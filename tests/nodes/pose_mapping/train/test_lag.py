import attrs
import numpy as np

from talkgraph.nodes.pose_mapping.train.lag import clips_in_time, estimate_lags


def test_lags_are_found(toys):
    clips = toys.examples(6)
    clips[1], clips[4] = clips[1].shifted(-2), clips[4].shifted(3)
    found = estimate_lags(clips, toys.facts())
    assert [one.lag for one in found] == [0, 2, 0, 0, -3, 0]
    assert min(one.agreement for one in found) > 0.9


def test_no_lag_is_believed_without_evidence(toys):
    clips = toys.examples(5)
    noise = np.random.default_rng(0).standard_normal(clips[2].expression.shape)
    clips[2] = attrs.evolve(clips[2], expression=noise.astype(np.float32))
    found = estimate_lags(clips, toys.facts())
    assert [one.lag for one in found] == [0] * 5
    assert found[2].agreement < 0.25 < found[0].agreement


def test_of_one_person_nothing_is_known(toys):
    found = estimate_lags([toys.example("someone", seed=k) for k in range(2)], toys.facts())
    assert [one.lag for one in found] == [0, 0]


def test_features_of_one_row_tell_lags_too(toys):
    clips = [attrs.evolve(x, features=x.features[:, 14:15]) for x in toys.examples(6)]
    clips[1] = clips[1].shifted(-2)
    readout = toys.facts().readout
    assert [one.lag for one in clips_in_time(clips, "mfcc", readout)] == [0, 2, 0, 0, 0, 0]
