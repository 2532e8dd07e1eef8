"""Hostile and damaged files, and what becomes of the child that decodes them.

``pytest -m slow tests/nodes/media/test_decode.py`` runs the long version: every truncation up to
4 KiB and 2,000 mutants.
"""

from __future__ import annotations

import os
import shlex
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from talkgraph.errors import InputError, StoreError
from talkgraph.nodes.media import ReadPhoto, ReadSpeech, ReadVideo
from talkgraph.nodes.media import decode as decoding
from talkgraph.nodes.media.decode import Limits, _end, _result, decode
from tests.nodes.media import made_media as made

STEADY = [k / 25 for k in range(60)]
TINY = {"crf": "35", "preset": "veryfast"}
HEAD = 2000  # bytes in which most headers lie
PATIENCE = 120.0  # s, more than any small file may take, however busy the machine
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="limits and signals of POSIX")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory) -> dict[str, bytes]:
    """Small sound files of every kind, by suffix."""
    folder = tmp_path_factory.mktemp("seeds")
    sound = made.chirp(2.4, 16000)
    made.write_video(folder / "a.mp4", STEADY, (64, 48), sound=sound, sound_rate=16000,
                     options=TINY, front=True)  # fmt: skip
    made.write_video(folder / "b.mkv", STEADY, (64, 48), options=TINY)
    made.write_video(folder / "c.avi", STEADY, (64, 48), codec="mpeg4", options={"b": "50000"})
    made.write_sound(folder / "d.wav", made.chirp(0.5, 8000), 8000, "pcm_s16le")
    made.write_sound(folder / "e.mp3", made.chirp(0.5, 16000), 16000, "libmp3lame")
    made.write_sound(folder / "f.flac", made.chirp(0.5, 8000), 8000, "flac")
    made.write_sound(folder / "g.ogg", made.chirp(0.5, 16000), 16000, "libopus")
    made.write_sound(folder / "h.m4a", made.chirp(0.5, 16000), 16000, "aac")
    picture = Image.fromarray(made.picture(9, 64, 48))
    for suffix in ("jpg", "png", "webp", "tiff", "bmp"):
        picture.save(folder / f"i.{suffix}")
    return {path.suffix: path.read_bytes() for path in sorted(folder.iterdir())}


def reader(suffix: str):
    if suffix in (".mp4", ".mkv", ".avi"):
        return ReadVideo()
    return ReadPhoto() if suffix in (".jpg", ".png", ".webp", ".tiff", ".bmp") else ReadSpeech()


def survives(path: Path, suffix: str) -> str:
    """Read the file; anything but a result or one clear line is a failure."""
    start = time.monotonic()
    try:
        reader(suffix).run(path)
        outcome = "read"
    except InputError as error:
        text = str(error)
        assert path.name not in text and ";" in text and "\n" not in text
        outcome = "refused"
    assert time.monotonic() - start < PATIENCE
    return outcome


def mutant(data: bytes, rng: np.random.Generator) -> bytes:
    """One of six kinds of damage."""
    raw = bytearray(data)
    reach = len(raw) if rng.integers(2) else min(len(raw), HEAD)  # half of them hit the headers
    kind, at = int(rng.integers(6)), int(rng.integers(reach))
    if kind == 0:  # flipped bits
        for place in rng.integers(reach, size=int(rng.integers(1, 20))):
            raw[place] ^= 1 << int(rng.integers(8))
    elif kind == 1:  # a field of extreme value
        value = rng.choice(np.array([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF], np.uint32))
        raw[at : at + 4] = struct.pack(">I" if rng.integers(2) else "<I", int(value))
    elif kind == 2:  # cut
        del raw[at:]
    elif kind == 3:  # a piece missing
        del raw[at : at + int(rng.integers(1, 200))]
    elif kind == 4:  # a piece twice
        raw[at:at] = raw[at : at + int(rng.integers(1, 200))]
    else:  # noise
        count = int(rng.integers(1, 64))
        raw[at : at + count] = rng.bytes(count)
    return bytes(raw)


def run_mutants(seeds: dict[str, bytes], count: int, path: Path) -> dict[str, int]:
    rng, outcomes = np.random.default_rng(20), {"read": 0, "refused": 0}
    names = sorted(seeds)
    for number in range(count):
        suffix = names[number % len(names)]
        target = path.with_suffix(suffix)
        target.write_bytes(mutant(seeds[suffix], rng))
        outcomes[survives(target, suffix)] += 1
    return outcomes


def test_decoder_threads_never_wait_for_the_interpreter():
    """A damaged clip hung the child: its decoder thread logged while its context was freed."""
    from talkgraph.nodes.media.decoder.opening import Refused, open_media

    with pytest.raises(Refused), open_media(__file__):
        pass
    assert av.logging.get_level() is None


def test_mutants(seeds, tmp_path):
    outcomes = run_mutants(seeds, 13, tmp_path / "mutant")
    assert outcomes["refused"]


@pytest.mark.slow
def test_many_mutants(seeds, tmp_path):
    print(run_mutants(seeds, 2000, tmp_path / "mutant"))


@pytest.mark.parametrize("length", [1, 7, 8, 36, 64, 406, 900, 1500, 2500, 3500])
def test_truncations(seeds, tmp_path, length):
    path = tmp_path / "cut.mp4"
    path.write_bytes(seeds[".mp4"][:length])
    assert survives(path, ".mp4") == "refused"


@pytest.mark.slow
def test_every_truncation(seeds, tmp_path):
    path = tmp_path / "cut.mp4"
    for length in range(1, 4097):
        path.write_bytes(seeds[".mp4"][:length])
        survives(path, ".mp4")


# ------------------------------------------------- files that name other files


def listing(kind: str, other: Path) -> str:
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:2.4,\n{other}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile '{other}'\nduration 2.4\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n",
        "dash": f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>'
        f"<BaseURL>file://{other}</BaseURL></Period></MPD>",
        "image list": "\n".join([str(other)] * 3),
    }[kind]


@pytest.mark.parametrize("kind", ["hls", "concat", "sdp", "dash", "image list"])
@pytest.mark.parametrize("suffix", ["mp4", "m3u8"])
def test_lists_of_other_files_are_refused(tmp_path, kind, suffix):
    secret = made.write_video(tmp_path / "secret.mp4", STEADY, (64, 48))
    path = tmp_path / f"list.{suffix}"
    path.write_text(listing(kind, secret))
    with pytest.raises(InputError, match=r"is a playlist|is a text, not a recording"):
        ReadVideo().run(path)


@pytest.mark.parametrize(
    "name",
    ["concat:secret.mp4|secret.mp4", "subfile,,start,0,end,0,,:secret.mp4", "http:x.mp4",
     "-i.mp4", "a b ☂ ü.mp4", "%d.mp4", "pipe:0"],
)  # fmt: skip
def test_a_name_is_only_a_name(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made.write_video(tmp_path / "secret.mp4", STEADY, (64, 48))
    with pytest.raises(InputError, match="no such file"):
        ReadVideo().run(Path(name))
    os.rename("secret.mp4", name)
    assert ReadVideo().run(Path(name)).count == 60


@POSIX
def test_a_name_that_is_not_utf8(seeds, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4"))
    path.write_bytes(seeds[".mp4"])
    assert ReadVideo().run(path).count == 60


def test_pictures_of_absurd_size_are_refused(seeds, tmp_path):
    data = bytearray(seeds[".avi"])
    at = data.index(b"strf") + 8 + 4  # width and height of the BITMAPINFOHEADER
    data[at : at + 8] = struct.pack("<ii", 32000, 32000)
    path = tmp_path / "a.avi"
    path.write_bytes(data)
    assert survives(path, ".avi") in ("read", "refused")  # the stream itself tells another size


# ------------------------------------------------------------- the child's limits


def run_limited(path: Path, tmp_path: Path, **limits) -> None:
    decode(
        "video", path, tmp_path, remedy="try another", limits=Limits(**limits),
        fps=25.0, max_seconds=60.0, max_side=4096, crf=8.0,
        turn=0, video_track=0, sound_track=0,
    )  # fmt: skip


@POSIX
@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"memory_bytes": 200 << 20}, "memory|crashed|failed|damaged"),
        ({"file_bytes": 5000}, "larger than allowed"),
        ({"stall_seconds": 0.02}, "busy"),
        ({"cpu_seconds": 1}, "longer than allowed"),
    ],
)
def test_limits_hold(tmp_path, limits, text):
    if "cpu_seconds" in limits:
        path = _long(tmp_path / "a.mp4")
    else:
        path = made.write_video(tmp_path / "a.mp4", STEADY)
    with pytest.raises(InputError, match=rf"the video .*({text}).*; try another"):
        run_limited(path, tmp_path, **limits)


def _long(path: Path) -> Path:
    """A clip that takes over a second of processor time to copy: one noisy picture, repeated."""
    noise = np.random.default_rng(0).integers(0, 256, (720, 960, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 960, 720, "yuv420p"
        for _ in range(200):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="rgb24")))
        container.mux(stream.encode())
    return path


def test_full_disk_is_the_stores_matter(tmp_path):
    with pytest.raises(StoreError, match="no room in"):
        _result("the video", tmp_path, {"errno": 28, "text": ""}, 0, "", "try another")


def test_ends_of_a_child_are_told_apart():
    assert "crashed on it (signal 11)" in _end(-signal.SIGSEGV)
    assert "longer than allowed" in _end(-signal.SIGXCPU)
    assert "failed" in _end(1)


@POSIX
def test_a_crashing_child_is_one_clear_line(seeds, tmp_path, monkeypatch):
    path = tmp_path / "a.mp4"
    path.write_bytes(seeds[".mp4"])
    crash = f"{shlex.quote(sys.executable)} -c 'import os; os.kill(os.getpid(), 11)'"
    shell = tmp_path / "python"
    shell.write_text(f"#!/bin/sh\nexec {crash}\n")
    shell.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(shell))
    with pytest.raises(InputError, match=r"the video is damaged: the decoder crashed .*; copy or"):
        ReadVideo().run(path)


@POSIX
def test_the_working_folder_cannot_lend_modules(seeds, tmp_path, monkeypatch):
    (tmp_path / "av.py").write_text("raise SystemExit('loaded from the working folder')")
    (tmp_path / "a.mp4").write_bytes(seeds[".mp4"])
    monkeypatch.chdir(tmp_path)
    assert ReadVideo().run(Path("a.mp4")).count == 60


def test_what_is_no_ordinary_file(tmp_path):
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.mp4")
        with pytest.raises(InputError, match="not an ordinary file"):
            ReadVideo().run(tmp_path / "pipe.mp4")
    with pytest.raises(InputError, match=r"no such file|cannot be read"):
        ReadVideo().run(Path("nul\0byte.mp4"))
    (tmp_path / "zero.mp4").write_bytes(b"")
    with pytest.raises(InputError, match=r"the video is empty"):
        ReadVideo().run(tmp_path / "zero.mp4")


HANGS, SLEEPS = "while True: pass", "import time; time.sleep(60)"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processor time is read there")
@pytest.mark.parametrize(
    ("code", "said", "remedy"),
    [(HANGS, "keeps the decoder busy without result", None),
     (SLEEPS, "machine or disk have been too busy", "try again")],
)  # fmt: skip
def test_a_child_that_hangs_is_told_from_one_that_had_no_turn(monkeypatch, code, said, remedy):
    monkeypatch.setattr(decoding, "PATIENCE", 3)
    monkeypatch.setattr(decoding, "BUSY", 0.05)  # other tests run beside this one
    with subprocess.Popen(
        [sys.executable, "-c", f"import sys; sys.stdin.read()\n{code}"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as child:  # fmt: skip
        try:
            answer, ended = decoding._converse(child, b"{}", 1.5)
        finally:
            child.kill()
    assert not ended and said in answer["refused"] and answer["remedy"] == remedy
