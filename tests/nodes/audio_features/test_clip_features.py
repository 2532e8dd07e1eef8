import numpy as np

from talkgraph.nodes.audio_features import ClipFeatures, LogMel, Mfcc
from tests.nodes.audio_features.made_speech import noise


def test_clip_features_are_those_of_the_named_node_and_none_for_silence():
    given_speech = noise(0.5)
    for name, named in (("mfcc", Mfcc()), ("log_mel", LogMel())):
        made = ClipFeatures(feature=name).run(given_speech)
        assert made is not None
        np.testing.assert_array_equal(made.windows, named.run(given_speech).windows)
    assert ClipFeatures().run(None) is None
