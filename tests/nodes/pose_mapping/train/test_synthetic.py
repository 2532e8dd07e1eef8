import shutil

import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.audio_features import Mfcc
from talkgraph.nodes.pose_mapping.train.synthetic import synthetic_examples, utterances

needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")


@needs_flite
def test_utterances_repeat_and_their_phones_fill_them(tmp_path):
    first, again = (list(utterances(4, tmp_path, seed=1)) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.speech.samples, b.speech.samples)
        assert a.phones == b.phones
        assert a.phones[-1].end == pytest.approx(a.speech.seconds, abs=0.15)
        assert all(x.end == y.start for x, y in zip(a.phones, a.phones[1:], strict=False))
    assert {u.voice for u in first} == {"slt", "rms", "awb", "kal16"}
    assert not list(tmp_path.iterdir())


@needs_flite
def test_phone_times_agree_with_the_sound(tmp_path):
    """Sibilants are where the high frequencies are: times survive stretch and pitch."""
    hiss, rest = [], []
    for utterance in utterances(6, tmp_path, seed=2):
        samples = utterance.speech.samples
        for phone in utterance.phones[1:-1]:
            a, b = int(phone.start * 16000), int(phone.end * 16000)
            spectrum = np.abs(np.fft.rfft(samples[a:b], 4096)) ** 2
            share = spectrum[900:].sum() / spectrum.sum()
            (hiss if phone.name in ("s", "sh", "z", "ch") else rest).append(share)
    assert np.median(hiss) > 0.5
    assert np.median(rest) < 0.1


@needs_flite
def test_examples_show_the_mouth_of_the_phones(toys, tmp_path):
    facts = toys.facts()
    made = synthetic_examples(
        2, Mfcc().run, facts.readout, facts.mouth_std, folder=tmp_path, seed=3
    )
    for example in made:
        assert example.features.shape[1:] == (28, 12)
        assert len(example.features) == len(example.expression) == len(example.measured)
        spread = facts.readout.of(example.expression).std(0) / facts.mouth_std
        assert (spread > 0.4).all() and (spread < 2.0).all()


def test_without_flite_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="apt install flite"):
        next(utterances(1, tmp_path, seed=0))
