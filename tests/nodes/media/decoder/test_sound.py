"""Sound that changes half-way, and files of several tracks."""

import av
import numpy as np
import pytest
import soundfile

from talkgraph.errors import InputError
from talkgraph.nodes.media import ReadSpeech, ReadVideo
from tests.nodes.media import made_media as made

TONES = (400.0, 900.0)  # Hz, of the two halves


def half(path, number, rate, channels, codec, **options):
    sound = np.repeat(made.tone(2, rate, TONES[number]), channels, 0)
    return made.write_sound(path, sound, rate, codec, **options).read_bytes()


def heard(speech, start, hertz):
    """Level of a tone in the second that starts there, dB re a full-scale sine."""
    samples = np.asarray(speech.samples)[round(start * 16000) :][:16000]
    window = np.hanning(len(samples))
    wave = np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / 16000)
    return float(20 * np.log10(2 * abs((samples * window) @ wave) / window.sum() + 1e-12))


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp3", "libmp3lame"), ("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.aac", "aac"),
     ("a.ogg", "libopus"), ("a.ac3", "ac3")],
)  # fmt: skip
@pytest.mark.parametrize("formats", [((48000, 1), (48000, 2)), ((48000, 2), (48000, 1)),
                                     ((16000, 1), (48000, 2))])  # fmt: skip
def test_joined_files_are_read_to_their_end(tmp_path, name, codec, formats):
    if codec == "ac3" and formats[0][0] == 16000:
        formats = ((32000, 1), (48000, 2))
    first, second = (half(tmp_path / name, k, *formats[k], codec) for k in (0, 1))
    (tmp_path / name).write_bytes(first + second)
    speech = ReadSpeech().run(tmp_path / name)
    assert speech.seconds == pytest.approx(4, abs=0.2)
    assert heard(speech, 0.5, TONES[0]) == pytest.approx(-6, abs=1)
    assert heard(speech, 2.5, TONES[1]) == pytest.approx(-6, abs=1)
    assert heard(speech, 2.5, TONES[0]) < -40 > heard(speech, 0.5, TONES[1])
    rate = 48000 if codec == "libopus" else formats[0][0]
    assert len(speech.soundtrack) == pytest.approx(4 * rate, abs=0.2 * rate)


def test_what_becomes_stereo_was_the_same_on_both_sides_before(tmp_path):
    left = np.concatenate([made.tone(1, 16000, 400)[0], made.tone(1, 16000, 900)[0]])
    soundfile.write(tmp_path / "a.wav", left[:16000], 16000)
    soundfile.write(tmp_path / "b.wav", np.stack([left[16000:], 0 * left[16000:]], 1), 16000)
    (tmp_path / "c.wav").write_bytes(
        (tmp_path / "a.wav").read_bytes() + (tmp_path / "b.wav").read_bytes()
    )
    track = ReadSpeech().run(tmp_path / "c.wav").soundtrack
    assert track.shape == (32000, 2)
    assert np.abs(track[:, 0] - left).max() < 1e-3
    assert np.abs(track[:16000, 1] - left[:16000]).max() < 1e-3 and not track[16000:, 1].any()


def tracks(path, levels, codec="aac", default=0, rates=(48000, 48000, 48000)):
    """A file with a sound track of each level, each with a tone of its own."""
    with av.open(str(path), "w") as container:
        streams = [container.add_stream(codec, rate=rate, layout="mono")
                   for rate, _ in zip(rates, levels, strict=False)]  # fmt: skip
        for number, stream in enumerate(streams):
            stream.disposition = av.stream.Disposition.default if number == default else 0
        for number, (stream, level) in enumerate(zip(streams, levels, strict=True)):
            sound = made.tone(2, rates[number], 400 + 300 * number, level)
            made.mux_sound(container, stream, sound, rates[number])
    return path


@pytest.mark.parametrize(
    ("levels", "default", "wanted"),
    [((0.0, 0.5), 0, 2), ((0.5, 0.4), 0, 1), ((0.5, 0.4), 1, 2), ((0.0, 0.0, 0.3), 1, 3),
     ((0.5, 0.0), 1, 1)],
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_the_track_that_is_meant(tmp_path, capsys, levels, default, wanted, suffix):
    speech = ReadSpeech().run(tracks(tmp_path / f"a.{suffix}", levels, default=default))
    assert heard(speech, 0.5, 100 + 300 * wanted) > -20
    said = capsys.readouterr().err
    assert f"the file holds {len(levels)} sound tracks; number {wanted} is used" in said
    assert f"`audio_track=1..{len(levels)}`" in said


def test_a_track_can_be_chosen_and_must_exist(tmp_path, capsys):
    path = tracks(tmp_path / "a.mkv", (0.5, 0.4))
    assert heard(ReadSpeech(audio_track=2).run(path), 0.5, 700) > -20
    assert "tracks" not in capsys.readouterr().err
    with pytest.raises(InputError, match=r"has 2 sound track\(s\), so there is no track 3"):
        ReadSpeech(audio_track=3).run(path)


def test_all_tracks_silent(tmp_path):
    with pytest.raises(InputError, match="is silent"):
        ReadSpeech().run(tracks(tmp_path / "a.mkv", (0.0, 0.0)))


def test_a_clips_own_sound_is_the_audible_track_too(tmp_path, capsys):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 160, 120, "yuv420p"
        streams = [container.add_stream("aac", rate=48000, layout="mono") for _ in range(2)]
        for k in range(60):
            frame = av.VideoFrame.from_ndarray(made.picture(k, 160, 120), format="rgb24")
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode())
        for stream, level in zip(streams, (0.0, 0.5), strict=True):
            made.mux_sound(container, stream, made.tone(2.4, 48000, 500, level), 48000)
    footage = ReadVideo().run(path)
    assert footage.speech is not None and heard(footage.speech, 0.5, 500) > -20
    assert "`sound_track=1..2`" in capsys.readouterr().err
