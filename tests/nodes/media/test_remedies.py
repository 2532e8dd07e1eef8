"""What is refused is refused in true words, and what they advise helps."""

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from talkgraph.errors import InputError
from talkgraph.nodes.media import ReadPhoto, ReadSpeech, ReadVideo
from tests.nodes.media import made_media as made

STEADY = [k / 25 for k in range(60)]


def said(node, path):
    with pytest.raises(InputError) as caught:
        node.run(path)
    return str(caught.value)


def test_a_video_of_few_pixels(tmp_path):
    tiny = made.write_video(tmp_path / "a.mp4", STEADY, (24, 30))
    assert said(ReadVideo(), tiny) == "the video has only 24 x 30 pixels; give a larger one"
    assert ReadVideo().run(made.write_video(tmp_path / "b.mp4", STEADY, (48, 60))).height == 60


def test_a_video_of_too_many_pixels(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 8448, 4416, "yuvj420p"
        picture = np.full((4416, 8448, 3), 90, np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    words = "the video has 8448 x 4416 pixels, too many to read; scale it down first"
    assert said(ReadVideo(), tmp_path / "a.mkv") == words


def test_a_photo_of_few_pixels(tmp_path):
    Image.new("RGB", (20, 40)).save(tmp_path / "a.png")
    words = "the photo has only 20 x 40 pixels; give a larger one"
    assert said(ReadPhoto(), tmp_path / "a.png") == words
    Image.new("RGB", (40, 80)).save(tmp_path / "b.png")
    assert ReadPhoto().run(tmp_path / "b.png").width == 40


def test_a_recording_of_a_rate_that_none_has(tmp_path):
    soundfile.write(tmp_path / "a.flac", made.tone(2, 1000, level=0.5)[0], 1000)
    words = said(ReadSpeech(), tmp_path / "a.flac")
    assert "a sample rate of 1000 Hz, which no recording has; export it again with 16000" in words
    soundfile.write(tmp_path / "b.flac", made.tone(2, 16000, level=0.5)[0], 16000)
    assert ReadSpeech().run(tmp_path / "b.flac").seconds == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("node", [ReadVideo(video_track=2), ReadSpeech(audio_track=2)])
def test_a_track_that_is_not_there(tmp_path, node):
    sound = made.chirp(2.4, 16000)
    path = made.write_video(tmp_path / "a.mp4", STEADY, (64, 48), sound=sound, sound_rate=16000)
    words = said(node, path)
    assert words.endswith("track(s), so there is no track 2; choose 0 or 1")
    type(node)().run(path)
