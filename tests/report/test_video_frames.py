"""Single frames of a finished video, against decoding all of it."""

import av
import numpy as np
import pytest

from talkgraph.report.media import file_frames


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Sixty frames with key frames among them, and frames that others lean on from behind."""
    path = tmp_path_factory.mktemp("video") / "sixty frames.mp4"
    rng = np.random.default_rng(3)
    with av.open(str(path), "w") as container:
        options = {"g": "17", "bf": "2", "crf": "20"}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(60):
            pixels = np.kron(
                rng.integers(0, 256, (6, 8, 3), np.uint8), np.ones((8, 8, 1), np.uint8)
            )
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(("start", "count"), [(0, 1), (0, 60), (16, 3), (33, 20), (59, 1)])
def test_frames_are_those_of_the_whole(path, start, count):
    with av.open(str(path)) as container:
        whole = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(whole) == 60
    found = file_frames(path, start, count)
    assert (found == np.stack(whole[start : start + count])).all()


def test_a_video_that_ends_before_gives_what_it_has(path):
    assert len(file_frames(path, 57, 10)) == 3
    assert len(file_frames(path, 60, 10)) == 0
