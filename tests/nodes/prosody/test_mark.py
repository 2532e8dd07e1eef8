import numpy as np

from talkgraph.nodes.prosody.mark import mark_of
from talkgraph.nodes.values import Speech


def speech(samples):
    samples = np.asarray(samples, np.float32)
    return Speech(samples=samples, rate=16000, soundtrack=samples[:, None], soundtrack_rate=16000)


def test_the_beginning_tells_a_speech_and_its_end_does_not():
    sound = np.sin(np.arange(64000) / 9)
    longer = np.append(sound, np.zeros(16000))
    assert mark_of(speech(longer)) == mark_of(speech(sound))
    assert mark_of(speech(-sound)) != mark_of(speech(sound))
