import attrs
import numpy as np
import pytest
from PIL import Image

from talkgraph.cache.files import File
from talkgraph.errors import StoreError
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.media import PlayFootage, ReadPhoto, ReadVideo
from tests.nodes.media import made_media as made


def test_a_video_gives_its_frames_in_order(tmp_path):
    times = [k / 25 for k in range(55)]
    footage = ReadVideo().run(made.write_video(tmp_path / "a.mp4", times))
    frames = PlayFootage().run(footage)
    assert len(frames) == footage.count == 55 and frames.shape == (120, 160, 3)
    played = frames.array()
    assert played.dtype == np.uint8 and np.array_equal(played, open_footage(footage).array())
    assert [made.index_of(image) for image in played] == list(range(55))


def test_a_photo_is_one_frame_of_exactly_its_pixels(tmp_path):
    picture = made.picture(5, 160, 120)
    Image.fromarray(picture).save(tmp_path / "a.png")
    frames = PlayFootage().run(ReadPhoto().run(tmp_path / "a.png"))
    assert np.array_equal(frames.array(), picture[None])


def test_a_file_that_is_gone_is_missed_at_the_first_frame(tmp_path):
    Image.new("RGB", (160, 120)).save(tmp_path / "a.png")
    photo = ReadPhoto().run(tmp_path / "a.png")
    Image.new("RGB", (160, 120)).save(tmp_path / "b.png")
    gone = File(tmp_path / "b.png")
    (tmp_path / "b.png").unlink()
    frames = PlayFootage().run(attrs.evolve(photo, file=gone))
    with pytest.raises(StoreError, match=r"b\.png"):
        frames.array()
