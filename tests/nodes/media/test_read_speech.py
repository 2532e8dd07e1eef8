from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from talkgraph.errors import InputError
from talkgraph.nodes.media import ReadSpeech
from tests.nodes.media import made_media as made


def level(samples, hertz: float, rate: int = 16000) -> float:
    """Level of one frequency in dB re a full-scale sine."""
    window = np.hanning(len(samples))
    wave_ = np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / rate)
    return float(20 * np.log10(2 * abs((samples * window) @ wave_) / window.sum() + 1e-12))


DEPTHS = [(rate, "PCM_16") for rate in (8000, 11025, 16000, 22050, 44100, 48000, 96000)]
DEPTHS += [(rate, depth) for rate in (8000, 96000) for depth in ("PCM_24", "PCM_32", "FLOAT")]


@pytest.mark.parametrize(("rate", "subtype"), DEPTHS)
def test_rates_and_depths_of_wav(tmp_path, rate, subtype):
    path = tmp_path / "a.wav"
    sound = made.chirp(1.6, rate)
    soundfile.write(path, sound.T, rate, subtype)
    speech = ReadSpeech().run(path)
    assert speech.rate == 16000 and speech.samples.dtype == np.float32
    assert len(speech.samples) == 25600
    assert abs(made.delay(speech.samples, made.chirp(1.6, 16000)[0])) <= 1
    difference = speech.samples[200:-200] - made.chirp(1.6, 16000)[0][200:-200]
    assert np.abs(difference).max() < 2e-3
    assert speech.soundtrack.shape == (round(1.6 * speech.soundtrack_rate), 1)
    assert speech.soundtrack_rate == (rate if rate <= 48000 else 48000)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.flac", "flac"), ("a.mp3", "libmp3lame"), ("a.m4a", "aac"), ("a.ogg", "libopus"),
     ("a.mka", "pcm_s16le"), ("a.wav", "pcm_u8"), ("a.m4a", "alac"), ("a.aac", "aac")],
)  # fmt: skip
def test_formats(tmp_path, name, codec):
    sound = made.chirp(2.0, 48000)
    path = made.write_sound(tmp_path / name, sound, 48000, codec)
    speech = ReadSpeech().run(path)
    raw = name.endswith("aac")  # ADTS says nothing about its priming and padding
    # the encoder's delay is taken out as far as the container tells
    assert abs(made.delay(speech.soundtrack[:, 0], sound[0])) <= (1024 if raw else 8)
    assert abs(speech.seconds - 2.0) < (0.06 if raw else 0.03)


def test_m4a_is_exact_to_the_millisecond(tmp_path):
    sound = made.chirp(1.2345, 44100)
    speech = ReadSpeech().run(made.write_sound(tmp_path / "a.m4a", sound, 44100, "aac"))
    assert abs(len(speech.soundtrack) - sound.shape[1]) <= 44  # edit lists count in ms


def test_sound_of_a_video(tmp_path):
    sound = made.chirp(2.4, 48000)
    path = made.write_video(tmp_path / "a.mp4", [k / 25 for k in range(60)], sound=sound)
    speech = ReadSpeech().run(path)
    assert abs(made.delay(speech.soundtrack[:, 0], sound[0])) <= 2


def test_stereo_is_kept_for_the_output_and_mixed_for_the_features(tmp_path):
    left, right = made.tone(1, 44100, 500)[0], made.tone(1, 44100, 1200)[0]
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], 1), 44100)
    speech = ReadSpeech().run(tmp_path / "a.wav")
    assert speech.soundtrack.shape == (44100, 2)
    assert np.allclose(speech.soundtrack, np.stack([left, right], 1), atol=1e-4)
    assert level(speech.samples, 500) == pytest.approx(-12.04, abs=0.1)
    assert level(speech.samples, 1200) == pytest.approx(-12.04, abs=0.1)


def test_equal_channels_become_one(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.repeat(made.tone(1, 16000), 2, 0).T, 16000)
    assert ReadSpeech().run(tmp_path / "a.wav").soundtrack.shape == (16000, 1)


def test_opposite_phase_does_not_cancel(tmp_path):
    sound = made.tone(1, 16000)[0]
    soundfile.write(tmp_path / "a.wav", np.stack([sound, -sound], 1), 16000)
    speech = ReadSpeech().run(tmp_path / "a.wav")
    assert level(speech.samples, 440) == pytest.approx(-6.02, abs=0.1)


@pytest.mark.parametrize("channels", [3, 4, 6, 8])
def test_many_channels(tmp_path, channels):
    sound = np.repeat(made.tone(1, 48000), channels, 0)
    soundfile.write(tmp_path / "a.wav", sound.T, 48000)
    speech = ReadSpeech().run(tmp_path / "a.wav")
    assert speech.soundtrack.shape[0] == 48000
    assert level(speech.samples, 440) == pytest.approx(-6.02, abs=0.2)


def test_resampling_does_not_alias(tmp_path):
    sound = made.tone(1, 48000, 1000) + made.tone(1, 48000, 9000)
    soundfile.write(tmp_path / "a.wav", sound.T * 0.9, 48000, "FLOAT")
    samples = ReadSpeech().run(tmp_path / "a.wav").samples[400:-400]
    assert level(samples, 7000) < -80  # where 9 kHz would fold to
    assert level(samples, 1000) == pytest.approx(-6.94, abs=0.05)


def test_peaks_over_full_scale_and_broken_floats(tmp_path):
    sound = 3 * made.tone(1, 16000)
    sound[0, 100] = np.nan
    soundfile.write(tmp_path / "a.wav", sound.T, 16000, "FLOAT")
    speech = ReadSpeech().run(tmp_path / "a.wav")
    assert np.isfinite(speech.samples).all()
    assert np.abs(speech.samples).max() == pytest.approx(1, abs=1e-3)
    assert np.abs(speech.soundtrack).max() <= 1


def test_long_speech_stays_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("talkgraph.nodes.media.read_speech.MAPPED_BYTES", 1000)
    soundfile.write(tmp_path / "a.wav", made.chirp(1, 16000).T, 16000)
    speech = ReadSpeech().run(tmp_path / "a.wav")
    assert isinstance(speech.samples, np.memmap)
    assert np.abs(speech.samples - made.chirp(1, 16000)[0]).max() < 1e-3


@pytest.mark.slow
def test_half_an_hour(tmp_path):
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 48000, 2, "PCM_16") as file:
        for k in range(30):
            minute = made.tone(60, 48000, 200 + 10 * k)[0]
            file.write(np.stack([minute, 0.5 * minute], 1))
    speech = ReadSpeech().run(path)
    assert speech.seconds == 1800 and speech.soundtrack.shape == (86_400_000, 2)
    assert level(np.asarray(speech.samples[-16000:]), 490) == pytest.approx(-8.5, abs=0.2)


# ---------------------------------------------------------------- what is refused


def refused(path: Path, pattern: str) -> None:
    with pytest.raises(InputError, match=pattern) as caught:
        ReadSpeech().run(path)
    assert path.name not in str(caught.value) and "\n" not in str(caught.value)
    assert ";" in str(caught.value)  # what to do about it


def test_silent(tmp_path):
    noise = np.random.default_rng(0).normal(0, 1e-5, 32000)
    soundfile.write(tmp_path / "a.wav", 0.2 + noise, 16000, "FLOAT")  # a constant is no sound
    refused(tmp_path / "a.wav", "is silent")


def test_quiet_speech_between_silence_is_not_silent(tmp_path):
    sound = np.zeros(160000, np.float32)
    sound[80000:88000] = made.tone(0.5, 16000, level=0.01)[0]
    soundfile.write(tmp_path / "a.wav", sound, 16000)
    assert ReadSpeech().run(tmp_path / "a.wav").seconds == 10


@pytest.mark.parametrize(("db", "said"), [(-50, True), (-30, False)])
def test_sound_that_is_too_quiet_is_noted(tmp_path, capsys, db, said):
    soundfile.write(
        tmp_path / "a.wav", made.tone(1, 16000, level=10 ** (db / 20))[0], 16000, "FLOAT"
    )
    ReadSpeech().run(tmp_path / "a.wav")
    text = capsys.readouterr().err
    assert (
        f"the recording is very quiet (at most {db - 3} dB)" in text and "louder" in text
    ) == said


def test_too_short(tmp_path):
    soundfile.write(tmp_path / "a.wav", made.tone(0.1, 16000).T, 16000)
    refused(tmp_path / "a.wav", r"only 0\.10 s")


def test_too_long(tmp_path):
    soundfile.write(tmp_path / "a.wav", made.tone(3, 16000).T, 16000)
    with pytest.raises(InputError, match="over 2 s"):
        ReadSpeech(max_seconds=2).run(tmp_path / "a.wav")


def test_empty_and_headers_only(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"")
    refused(tmp_path / "a.wav", "is empty")
    with wave.open(str(tmp_path / "b.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
    refused(tmp_path / "b.wav", "no sound|damaged")


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.mp3", "libmp3lame"), ("a.m4a", "aac"),
     ("a.ogg", "libopus")],
)  # fmt: skip
@pytest.mark.parametrize("part", [0.5, 0.9])
def test_cut_off(tmp_path, name, codec, part):
    path = made.write_sound(tmp_path / name, made.chirp(4, 48000), 48000, codec)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part) - 7])
    refused(path, "cut off|damaged")


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_plain_sound_is_read_to_the_last_bit(tmp_path, name):
    sound = (np.random.default_rng(0).integers(-(2**13), 2**13, (48000, 2)) / 2**15).astype("f4")
    soundfile.write(tmp_path / name, sound, 48000, "PCM_16")
    assert np.array_equal(ReadSpeech().run(tmp_path / name).soundtrack, sound)


def test_damage_within_a_flac_file_is_not_taken_for_its_end(tmp_path):
    path = made.write_sound(tmp_path / "a.flac", made.chirp(4, 48000), 48000, "flac")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4000] = bytes(4000)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"cut off|damaged"):
        ReadSpeech().run(path)


def test_wav_of_a_recorder_that_did_not_know_the_length(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, made.chirp(1, 16000).T, 16000, "PCM_16")
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = data[4:8] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(data)
    assert ReadSpeech().run(path).seconds == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("content", [b"hello, this is a text\n" * 50, bytes(4000), b"\xff" * 4000])
def test_no_sound_at_all(tmp_path, content):
    (tmp_path / "notes.wav").write_bytes(content)
    refused(tmp_path / "notes.wav", "damaged|no sound|cut off|silent|codec|is a text")


def test_video_without_sound(tmp_path):
    path = made.write_video(tmp_path / "a.mp4", [k / 25 for k in range(60)])
    refused(path, "holds no sound")


def test_missing_file_and_folder(tmp_path):
    refused(tmp_path / "no such ünïcode file.wav", "no such file")
    (tmp_path / "folder.wav").mkdir()
    refused(tmp_path / "folder.wav", "is a folder")


def test_development_speech(tmp_path, clips):
    folder = clips / "speech"
    path = folder / "speech_ja_01.wav"
    wanted, rate = soundfile.read(path, dtype="float32")
    speech = ReadSpeech().run(path)
    assert rate == 16000
    assert np.array_equal(speech.samples, wanted)
    assert np.array_equal(speech.soundtrack[:, 0], wanted)


@pytest.mark.parametrize(("gain", "clipped"), [(0.9, False), (3.0, True)])
def test_clipped_sound_is_told_by_a_check(tmp_path, gain, clipped):
    sound = np.clip(gain * made.tone(1, 16000, level=1.0)[0], -1, 1)
    soundfile.write(tmp_path / "a.wav", sound, 16000)
    speech = ReadSpeech().run(tmp_path / "a.wav")
    assert ("are at full scale" in ReadSpeech().is_not_clipped(speech)) == clipped
