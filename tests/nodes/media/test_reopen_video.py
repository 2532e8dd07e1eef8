import numpy as np
import pytest

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.errors import GraphError, InputError
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.media import ReopenVideo, WriteVideo
from talkgraph.nodes.values import Speech
from tests.nodes.media import made_media as made


def written(count: int) -> File:
    """A finished video whose every picture tells its place."""
    pictures = np.stack([made.picture(k, 160, 120) for k in range(count)])
    seconds = count / 25
    speech = Speech(
        samples=made.chirp(seconds, 16000)[0],
        rate=16000,
        soundtrack=made.chirp(seconds, 48000).T,
        soundtrack_rate=48000,
    )
    return WriteVideo(preset="ultrafast").run(Frames.from_array(pictures), speech)


@pytest.fixture(scope="module")
def video():
    return written(30)


def test_what_was_written_comes_back_picture_by_picture_with_its_sound(video):
    again = ReopenVideo().run(video)
    assert (again.count, again.width, again.height, again.fps) == (30, 160, 120, 25)
    pictures = open_footage(again).array()
    assert [made.index_of(image) for image in pictures] == list(range(30))
    first = np.abs(pictures[0].astype(int) - made.picture(0, 160, 120)).mean()
    assert 0 < first < 8  # compressed, hardly visibly
    heard, said = again.speech.samples, made.chirp(30 / 25, 16000)[0]
    middle = slice(4000, 12000)
    assert np.corrcoef(heard[middle], said[middle])[0, 1] > 0.99  # in place


@pytest.mark.parametrize("count", [1, 3])
def test_no_video_is_too_short(count):
    assert ReopenVideo().run(written(count)).count == count


def test_only_the_start_is_read_at_another_rate(video):
    part = ReopenVideo(fps=12.5, max_seconds=0.8).run(video)
    assert (part.count, part.fps) == (10, 12.5)
    shown = [made.index_of(image) for image in open_footage(part).array()]
    assert shown[0] <= 1 and set(np.diff(shown)) == {2}


def test_what_is_no_video_is_refused_with_the_remedy(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video" * 99)
    with pytest.raises(InputError, match=r"the video is a text, not a recording"):
        ReopenVideo().run(File(tmp_path / "a.mp4"))


def test_a_rate_that_no_stage_works_at_is_refused():
    with pytest.raises(
        GraphError, match=r"'reopen_video': parameter 'fps' is 61\.0, expected <= 60"
    ):
        ReopenVideo(fps=61)
