"""Lengths that files state, and those that say nothing."""

import struct

import av
import numpy as np
import pytest
import soundfile

from talkgraph.errors import InputError
from talkgraph.nodes.media import ReadSpeech
from talkgraph.nodes.media.decoder.mp3_header import mp3_seconds
from talkgraph.nodes.media.decoder.truncation import is_placeholder
from tests.nodes.media import made_media as made


def wav(path, size, *, rate=16000, before=b""):
    """Two seconds of sound whose header states `size` bytes."""
    samples = np.round(made.chirp(2, rate)[0] * 32767).astype("<i2").tobytes()
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    body = b"WAVE" + fmt + before + b"data" + struct.pack("<I", size) + samples
    path.write_bytes(b"RIFF" + struct.pack("<I", min(size + 36, 0xFFFFFFFF)) + body)
    return path


# 0: never filled in; the others are written by pipes, services and browsers.
@pytest.mark.parametrize(
    "size",
    [0, 0x7FFFFFFF, 0x7FFFFFFF - 36, 0x7FFFF000, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFF - 36,
     0xFFFFFF00, 2_000_000_000, 1_920_000_000],
)  # fmt: skip
def test_a_placeholder_is_no_length(tmp_path, size):
    speech = ReadSpeech().run(wav(tmp_path / "a.wav", size))
    assert speech.seconds == pytest.approx(2, abs=0.001)


def test_a_list_before_the_samples_does_not_hide_a_placeholder(tmp_path):
    note = b"LIST" + struct.pack("<I", 4) + b"INFO"
    speech = ReadSpeech().run(wav(tmp_path / "a.wav", 0x7FFFFFFF, before=note))
    assert speech.seconds == pytest.approx(2, abs=0.001)


def test_a_length_that_can_be_is_believed(tmp_path):
    with pytest.raises(InputError, match=r"cut off, only the first 2\.0 s of 3\.0 s"):
        ReadSpeech().run(wav(tmp_path / "a.wav", 96000))
    assert not is_placeholder(96000, 64000)
    assert not is_placeholder(3_000_000_000, 2_900_000_000)  # a long recording, a little cut
    assert is_placeholder(2_000_000_000, 64000)


def mp3(path, seconds, rate=16000, options=None):
    with av.open(str(path), "w", format="mp3", options=options or {}) as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="mono")
        made.mux_sound(container, stream, made.chirp(seconds, rate), rate)
    return path.read_bytes()


@pytest.mark.parametrize("rate", [16000, 22050, 44100])
@pytest.mark.parametrize("tags", [{}, {"id3v2_version": "0"}, {"write_id3v1": "1"}])
def test_the_header_of_an_mp3_tells_its_length_to_the_sample(tmp_path, rate, tags):
    mp3(tmp_path / "a.mp3", 2.5, rate, tags)
    speech = ReadSpeech().run(tmp_path / "a.mp3")
    assert mp3_seconds(str(tmp_path / "a.mp3")) == pytest.approx(speech.seconds, abs=0.03)


def test_joined_mp3_is_whole_in_any_order(tmp_path):
    parts = [mp3(tmp_path / "a.mp3", seconds) for seconds in (1.0, 2.5, 1.7)]
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        (tmp_path / "b.mp3").write_bytes(b"".join(parts[k] for k in order))
        assert ReadSpeech().run(tmp_path / "b.mp3").seconds == pytest.approx(5.2, abs=0.4)


def test_a_header_in_another_place_is_not_believed(tmp_path):
    bare = mp3(tmp_path / "a.mp3", 1.0, options={"write_xing": "0"})
    (tmp_path / "b.mp3").write_bytes(bare + mp3(tmp_path / "a.mp3", 3.0))
    assert mp3_seconds(str(tmp_path / "b.mp3")) is None
    assert ReadSpeech().run(tmp_path / "b.mp3").seconds == pytest.approx(4.0, abs=0.3)


def test_a_cut_mp3_is_still_told(tmp_path):
    data = mp3(tmp_path / "a.mp3", 4.0, 44100)
    (tmp_path / "a.mp3").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"cut off, only the first 2\.\d s of 4\.0 s"):
        ReadSpeech().run(tmp_path / "a.mp3")


def test_a_wav_with_text_behind_it_is_no_longer(tmp_path):
    soundfile.write(tmp_path / "a.wav", made.chirp(1, 16000)[0], 16000)
    with open(tmp_path / "a.wav", "ab") as file:
        file.write(b"LIST" + struct.pack("<I", 4) + b"INFO")
    assert ReadSpeech().run(tmp_path / "a.wav").seconds == 1
