"""What is said of a file that is not what it was given as."""

import numpy as np
import pytest
from PIL import Image

from talkgraph.errors import InputError
from talkgraph.nodes.media import ReadPhoto, ReadSpeech, ReadVideo
from talkgraph.nodes.media.kinds import kind_of
from talkgraph.nodes.media.told_kind import told_kind
from tests.nodes.media import made_media as made

HEADS = {
    "a raw photo of a camera": b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom",
    "a JPEG XL picture": b"\xff\x0a" + bytes(60),
    "a Photoshop picture": b"8BPS\x00\x01",
    "a PDF document": b"%PDF-1.7\n",
    "a ZIP archive or a document": b"PK\x03\x04",
    "a web page": b"\n<!DOCTYPE html><html><body>Sign in</body></html>",
    "an SVG drawing": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "a MIDI file": b"MThd\x00\x00\x00\x06",
    "a playlist": b"#EXTM3U\nhttp://example.org/a.ts\n",
    "a torrent": b"d8:announce20:http://example.org/",
    "a text, not a recording": "Dear all,\r\nthe vidéo is attached.\n".encode(),
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\n",
}


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("reader", [ReadPhoto, ReadSpeech, ReadVideo])
def test_other_kinds_are_called_by_their_names(tmp_path, kind, reader):
    tail = b"x " * 300 if kind.startswith("a text") else bytes(300)
    (tmp_path / "a.bin").write_bytes(HEADS[kind] + tail)
    with pytest.raises(InputError, match=f" is {kind}") as caught:
        reader().run(tmp_path / "a.bin")
    assert "damaged" not in str(caught.value) and ";" in str(caught.value)


def test_each_kind_at_the_wrong_option(tmp_path):
    video = made.write_video(tmp_path / "a.mp4", [k / 25 for k in range(60)])
    sound = made.write_sound(tmp_path / "a.wav", made.tone(2, 16000), 16000, "pcm_s16le")
    photo = tmp_path / "a.jpg"
    Image.fromarray(made.picture(3, 100, 80)).save(photo)
    for reader, path, said in (
        (ReadPhoto(), video, "is a video or a sound in an MP4 file; give it as `video`"),
        (ReadPhoto(), sound, "is a WAV recording; give it as `audio`"),
        (ReadVideo(), photo, "is a JPEG photo; give it as `photo`"),
        (ReadSpeech(), photo, "is a JPEG photo; give it as `photo`"),
        (ReadVideo(), sound, "holds no moving pictures; give a video that shows the person"),
    ):
        with pytest.raises(InputError, match=said):
            reader.run(path)


def test_what_is_damaged_is_called_so_and_not_by_its_name(tmp_path):
    video = made.write_video(tmp_path / "a.mp4", [k / 25 for k in range(60)])
    video.write_bytes(video.read_bytes()[:900])
    with pytest.raises(InputError, match="damaged"):
        ReadVideo().run(video)
    photo = tmp_path / "a.png"
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(photo)
    photo.write_bytes(photo.read_bytes()[:60])
    with pytest.raises(InputError, match="damaged"):
        ReadPhoto().run(photo)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.au", "pcm_s16be"), ("a.ac3", "ac3"), ("a.wv", "wavpack"), ("a.wma", "wmav2"),
     ("a.eac3", "eac3"), ("a.tta", "tta"), ("a.voc", "pcm_u8"), ("a.caf", "alac"),
     ("a.aiff", "pcm_s16be"), ("a.mp2", "mp2"), ("a.opus", "libopus"), ("a.spx", "libspeex"),
     ("a.w64", "pcm_s24le"), ("a.wav", "adpcm_ima_wav")],
)  # fmt: skip
def test_kinds_of_sound(tmp_path, name, codec):
    import av

    if codec not in av.codec.codecs_available:
        pytest.skip(f"{codec} cannot be made here")
    rate = 48000 if codec != "libspeex" else 16000
    sound = np.repeat(made.tone(2, rate), 1, 0)
    speech = ReadSpeech().run(made.write_sound(tmp_path / name, sound, rate, codec))
    assert speech.seconds == pytest.approx(2, abs=0.1)
    assert np.abs(speech.samples[8000:24000]).max() == pytest.approx(0.5, abs=0.05)


def animated(path):
    pictures = [Image.fromarray(made.picture(k, 96, 64)) for k in range(60)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40)
    return path


@pytest.mark.parametrize("kind", ["gif", "png"])
def test_animated_pictures_are_videos(tmp_path, kind):
    assert ReadVideo().run(animated(tmp_path / f"a.{kind}")).count == 60


@pytest.mark.parametrize(("kind", "name"), [("webp", "WebP"), ("avif", "AVIF")])
def test_those_that_cannot_be_read_as_such_are_told_from_photos(tmp_path, kind, name, capsys):
    path = animated(tmp_path / f"a.{kind}")
    with pytest.raises(InputError, match=f"is an animated {name} picture; turn it into an MP4"):
        ReadVideo().run(path)
    assert ReadPhoto().run(path).count == 1 and told_kind(path) == "photo"
    assert "holds 60 pictures; the first is used" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("head", "is_text"),
    [("ü" * 300, True), ("a" + "ü" * 300, True), ("a,b\n1,2\n", True), ("a\0b", False),
     ("\x1b[0m", False)],
)  # fmt: skip
def test_a_text_is_letters_and_line_ends(tmp_path, head, is_text):
    (tmp_path / "a").write_text(head, encoding="utf-8", newline="")
    assert (kind_of(str(tmp_path / "a")) is not None) == is_text


def test_sound_without_a_head_is_no_text(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, 600, np.uint8).tobytes()
    (tmp_path / "a").write_bytes(noise)
    assert kind_of(str(tmp_path / "a")) is None
