import numpy as np

from talkgraph.nodes.head_motion.manner.rest import restfulness


def test_only_long_pauses_are_rests_and_only_in_their_middle():
    active = np.ones(1000, bool)
    active[100:140] = active[300:600] = False
    calm = restfulness(active, 2.0, 25.0)
    assert calm[:250].max() < 1e-6  # 1.6 s is a pause of the speech
    assert calm[400:500].min() > 0.99
    assert calm[310] < 0.2 and calm[590] < 0.2 and calm[650:].max() < 1e-3
    assert np.abs(np.diff(calm)).max() < 0.05


def test_silence_before_and_after_is_rest():
    active = np.zeros(600, bool)
    active[200:400] = True
    calm = restfulness(active, 2.0, 25.0)
    assert calm[0] > 0.99 and calm[-1] > 0.99 and calm[300] < 1e-6
    assert restfulness(np.zeros(100, bool), 2.0, 25.0).min() > 0.99
    assert not restfulness(np.ones(100, bool), 2.0, 25.0).any()
    assert restfulness(np.zeros(0, bool), 2.0, 25.0).shape == (0,)
