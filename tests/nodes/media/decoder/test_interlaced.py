"""Two moments in one frame, as a DV camera writes them."""

import av
import numpy as np
import pytest

from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.media import ReadVideo

WIDTH, HEIGHT, COUNT = 720, 576, 60
SPEED = 8  # px between two fields


def field(moment):
    """A bar on grey that moves."""
    picture = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
    left = 40 + SPEED * moment % 500
    picture[100:500, left : left + 120] = (230, 200, 60)
    return picture


def film(path, moves):
    """PAL DV, bottom field first; `moves` says whether fields are moments of their own."""
    with av.open(str(path), "w", format="dv") as container:
        video = container.add_stream("dvvideo", rate=25)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=48000)
        sound.layout = "stereo"
        for k in range(COUNT):
            picture = field(2 * k).copy()
            if moves:
                picture[0::2] = field(2 * k + 1)[0::2]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            frame.pts = k
            container.mux(video.encode(frame))
            silence = np.zeros((1, 2 * 1920), np.int16)
            block = av.AudioFrame.from_ndarray(silence, format="s16", layout="stereo")
            block.sample_rate, block.pts = 48000, k * 1920
            container.mux(sound.encode(block))
        for stream in (video, sound):
            container.mux(stream.encode(None))
    return path


def combs(picture):
    """How far lines differ from both beside them, the same way."""
    grey = picture.astype(int).mean(axis=-1)
    above, below = grey[1:-1] - grey[:-2], grey[1:-1] - grey[2:]
    return ((above * below > 0) & (np.minimum(abs(above), abs(below)) > 20)).mean()


@pytest.mark.parametrize("moves", [True, False])
def test_a_moving_picture_shows_one_moment(tmp_path, capsys, moves):
    path = film(tmp_path / "camera.dv", moves)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert frame.interlaced_frame and (combs(frame.to_ndarray(format="rgb24")) > 0.01) == moves
    frames = open_footage(ReadVideo().run(path))
    assert all(combs(frames[k]) < 0.001 for k in (0, 20, COUNT - 1))
    assert frames.shape[:2] in {(HEIGHT, 768), (HEIGHT, 788), (HEIGHT, 720)}
    assert "every second line" in capsys.readouterr().err
