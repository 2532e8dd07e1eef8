import numpy as np
import pytest
from PIL import Image

from talkgraph.errors import InputError
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.media import ReadPhoto, ReadVideo, TakeView
from talkgraph.nodes.values import View
from tests.nodes.media import made_media as made


def view(first=0, stop=1, left=0, top=0, width=160, height=120, scale=1.0):
    return View(first=first, stop=stop, left=left, top=top, width=width, height=height, scale=scale)


def test_a_shot_of_a_video_with_its_sound(tmp_path):
    sound = made.chirp(2.4, 48000)
    path = made.write_video(tmp_path / "a.mp4", [k / 25 for k in range(60)], sound=sound)
    footage = ReadVideo().run(path)
    part = TakeView().run(footage, view(20, 50))
    assert [made.index_of(one) for one in open_footage(part)] == list(range(20, 50))
    assert part.speech.seconds == 1.2
    assert TakeView().run(footage, view(0, 60)) == footage


def test_a_rectangle_of_a_photo(tmp_path):
    picture = made.picture(5, 160, 120)
    Image.fromarray(picture).save(tmp_path / "a.png")
    footage = ReadPhoto().run(tmp_path / "a.png")
    part = TakeView().run(footage, view(left=20, top=30, width=80, height=60))
    assert np.array_equal(open_footage(part)[0], picture[30:90, 20:100])
    half = TakeView().run(footage, view(scale=0.5))
    assert (half.width, half.height) == (80, 60)


def test_what_cannot_be_taken(tmp_path):
    path = made.write_video(tmp_path / "a.mp4", [k / 25 for k in range(60)])
    footage = ReadVideo().run(path)
    with pytest.raises(InputError, match="`view` is that of another footage"):
        TakeView().run(footage, view(0, 61))
    with pytest.raises(InputError, match="a part of the frames of a video"):
        TakeView().run(footage, view(0, 60, width=80, height=60))
