import attrs
import numpy as np
import pytest

from talkgraph.cache.files import File
from talkgraph.errors import InputError
from talkgraph.nodes.media import TakeSound
from talkgraph.nodes.values import Footage, Speech
from tests.nodes.media import made_media as made


def footage(tmp_path, seconds: float | None, count: int = 50) -> Footage:
    """Two seconds of pictures, whose file is never opened, with sound of another length."""
    (tmp_path / "a.mp4").write_bytes(b"pictures")
    speech = seconds and Speech(
        samples=made.chirp(seconds, 16000)[0],
        rate=16000,
        soundtrack=np.repeat(made.chirp(seconds, 44100).T, 2, axis=1),
        soundtrack_rate=44100,
    )
    file = File(tmp_path / "a.mp4")
    return Footage(file=file, fps=25.0, count=count, width=160, height=120, speech=speech)


@pytest.mark.parametrize("seconds", [1.5, 2.0, 2.5])
def test_the_sound_lasts_as_long_as_the_pictures(tmp_path, seconds):
    given = footage(tmp_path, seconds)
    sound = TakeSound().run(given)
    assert sound.samples.shape == (32000,) and sound.soundtrack.shape == (88200, 2)
    assert (sound.rate, sound.soundtrack_rate, sound.seconds) == (16000, 44100, 2.0)
    for mine, theirs in (
        (sound.samples, given.speech.samples),
        (sound.soundtrack, given.speech.soundtrack),
    ):
        both = min(len(mine), len(theirs))
        assert np.array_equal(mine[:both], theirs[:both])
        assert not mine[both:].any()


def test_sound_of_the_right_length_is_not_changed(tmp_path):
    given = footage(tmp_path, 2.0)
    again = TakeSound().run(attrs.evolve(given, speech=TakeSound().run(given)))
    assert np.array_equal(again.samples, given.speech.samples)


def test_a_video_without_sound_is_refused(tmp_path):
    with pytest.raises(
        InputError, match="has no sound, or only silence; give one in which somebody speaks"
    ):
        TakeSound().run(footage(tmp_path, None))
