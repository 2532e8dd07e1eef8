"""`talkgraph talk` on the real graphs: bad files are refused, by name, before anything is made."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from PIL import Image

from talkgraph import models
from talkgraph.cli import samples
from talkgraph.cli.main import main
from talkgraph.errors import ModelError

RATE = 16000


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder of good and bad files; skips where the face networks cannot be had."""
    try:
        models.pull(["face-detector", "face-landmarks-attention"])
    except ModelError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("désk with spaces")
    shutil.copy(samples.speech(), folder / "good.flac")
    soundfile.write(folder / "silent.wav", np.zeros(2 * RATE), RATE)
    whole = (folder / "good.flac").read_bytes()
    (folder / "headless.flac").write_bytes(whole[len(whole) // 2 :])
    (folder / "truncated.wav").write_bytes((folder / "silent.wav").read_bytes()[:60])
    (folder / "words.wav").write_text("these are words, not sound\n" * 50)
    face = Image.open(samples.photo())
    face.save(folder / "good.png")
    Image.new("RGB", (400, 400), (90, 120, 90)).save(folder / "empty room.png")
    face.resize((96, 96)).save(folder / "tiny.png")
    (folder / "cut.png").write_bytes((folder / "good.png").read_bytes()[:1000])
    (folder / "words.mp4").write_text("these are words, not a video\n" * 50)
    (folder / "nothing.mp4").touch()
    movie(folder / "short.mp4", [np.asarray(face)[:256, 100:356]] * 25)
    movie(folder / "empty street.mp4", [np.full((256, 256, 3), 90, np.uint8)] * 75)
    movie(folder / "long.mp4", [np.asarray(face)[:256, 100:356]] * 75)
    data = (folder / "long.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(data[: len(data) // 20])
    return folder


def movie(path, frames):
    """Write frames at 25 fps without sound."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


@pytest.mark.parametrize(
    ("audio", "kind", "person", "bad"),
    [
        ("silent.wav", "photo", "good.png", "silent.wav"),
        ("headless.flac", "photo", "good.png", "headless.flac"),
        ("truncated.wav", "photo", "good.png", "truncated.wav"),
        ("words.wav", "photo", "good.png", "words.wav"),
        ("empty room.png", "photo", "good.png", "empty room.png"),
        ("good.flac", "photo", "empty room.png", "empty room.png"),
        ("good.flac", "photo", "tiny.png", "tiny.png"),
        ("good.flac", "photo", "cut.png", "cut.png"),
        ("good.flac", "photo", "good.flac", "good.flac"),
        ("good.flac", "video", "words.mp4", "words.mp4"),
        ("good.flac", "video", "nothing.mp4", "nothing.mp4"),
        ("good.flac", "video", "cut.mp4", "cut.mp4"),
        ("good.flac", "video", "short.mp4", "a photo tells as much"),
        ("good.flac", "video", "empty street.mp4", "empty street.mp4"),
        ("good.flac", "video", "good.flac", "good.flac"),
    ],
)
def test_a_bad_file_is_named_and_leaves_no_output(desk, capsys, audio, kind, person, bad):
    code = main(
        ["talk", "--audio", str(desk / audio), f"--{kind}", str(desk / person),
         "--output", str(desk / "out.mp4"), "--store", str(desk / "store"), "--quiet"]
    )  # fmt: skip
    printed = capsys.readouterr()
    assert code == 2, printed.err
    assert bad in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""
    assert not (desk / "out.mp4").exists()


@pytest.mark.parametrize(
    ("setting", "meant"),
    [("footag.x=1", "footage"), ("motion.sed=1", "seed"), ("video_out.preset=fats", "fast")],
)
def test_a_misspelt_setting_of_the_real_graph_is_refused(desk, capsys, setting, meant):
    code = main(
        ["talk", "--sample", "-o", str(desk / "out.mp4"), "--store", str(desk / "store"),
         "--set", setting]
    )  # fmt: skip
    assert code == 2
    assert meant in capsys.readouterr().err


def test_the_command_itself_says_one_line_and_ends_with_2(desk):
    done = subprocess.run(
        [sys.executable, "-m", "talkgraph.cli", "talk", "--audio", "words.wav", "--photo",
         "good.png", "-o", "out.mp4", "--store", "store", "--quiet"],
        cwd=desk, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("talkgraph talk: ")
    assert "words.wav" in done.stderr
