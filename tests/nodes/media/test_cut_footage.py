import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.media import CutFootage, ReadVideo
from talkgraph.nodes.values import View
from tests.nodes.media import made_media as made

RATE = 48000


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    """Three seconds; the sound's amplitude grows with time."""
    t = np.arange(3 * RATE) / RATE
    sound = (0.3 * t / 3 * np.sin(2 * np.pi * 300 * t)).astype(np.float32)[None]
    path = tmp_path_factory.mktemp("made") / "a.mp4"
    return ReadVideo().run(made.write_video(path, [k / 25 for k in range(75)], sound=sound))


@pytest.mark.parametrize(("start", "seconds"), [(0, 1.0), (1.2, 0), (1.0, 1.48), (2.96, 5)])
def test_frames_are_the_same_pictures_and_the_sound_lasts_as_long(footage, start, seconds):
    part = CutFootage(start=start, seconds=seconds).run(footage)
    first = round(25 * start)
    stop = min(75, first + round(25 * seconds)) if seconds else 75
    assert part.count == stop - first
    whole, cut = open_footage(footage), open_footage(part)
    for k in (0, part.count // 2, part.count - 1):
        assert np.array_equal(cut[k : k + 1], whole[first + k : first + k + 1]), k
    assert len(part.speech.samples) == round(16000 * part.count / 25)
    assert len(part.speech.soundtrack) == round(RATE * part.count / 25)
    here = footage.speech.samples[round(first / 25 * 16000) :][: len(part.speech.samples)]
    assert np.array_equal(part.speech.samples[: len(here)], here)
    assert not part.speech.samples[len(here) :].any()


def test_a_cut_of_a_cut_is_a_cut(footage):
    twice = CutFootage(start=0.4).run(CutFootage(start=0.6).run(footage))
    once = CutFootage(start=1.0).run(footage)
    assert np.array_equal(open_footage(twice)[:], open_footage(once)[:])


def test_another_footage_may_say_how_long(footage):
    short = CutFootage(seconds=0.8).run(footage)
    assert CutFootage().run(footage, short).count == 20
    assert CutFootage().run(short, footage).count == 20


def test_what_is_not_cut_stays_the_same_file(footage):
    assert CutFootage().run(footage).file == footage.file


def test_nothing_left_is_said_with_the_remedy(footage):
    with pytest.raises(InputError, match=r"lasts 3.0 s: nothing is left from 4 s on; give"):
        CutFootage(start=4).run(footage)


def test_the_frames_of_a_view_alone(footage):
    view = View(first=10, stop=40, left=0, top=0, width=1, height=1, scale=1.0)
    part = CutFootage(start=0.4, seconds=0.4).run(footage, view=view)
    whole = CutFootage(start=0.8, seconds=0.4).run(footage)
    assert part.count == 10
    np.testing.assert_array_equal(open_footage(part)[:10], open_footage(whole)[:10])
    with pytest.raises(InputError, match=r"lasts 1\.2 s: nothing is left from 2 s on"):
        CutFootage(start=2).run(footage, view=view)
