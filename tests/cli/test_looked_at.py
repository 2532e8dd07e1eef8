"""`talkgraph doctor FILE…`: what would be used of a file, before anything is made."""

import json

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from talkgraph.cache.store import Store
from talkgraph.cli import samples
from talkgraph.cli.main import main
from talkgraph.engine.history import run_records
from tests.nodes.media import made_media as made


@pytest.fixture
def look(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))

    def look(*paths):
        code = main(["doctor", "--json", *map(str, paths)])
        told = json.loads(capsys.readouterr().out)
        assert told["fit"] == (code == 0)
        return code, {(one["name"], one["status"]): one for one in told["findings"]}

    return look


def test_a_good_speech(look):
    code, told = look(samples.speech())
    assert code == 0 and {status for _, status in told} == {"ok"}
    assert "mono" in told["speech", "ok"]["found"] and "dB" in told["loudness", "ok"]["found"]


def test_a_look_is_no_run(look, tmp_path):
    assert look(samples.speech())[0] == 0
    assert run_records.runs(Store(tmp_path / "store")) == []


def test_a_quiet_speech_of_two_tracks(look, tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        streams = [container.add_stream("aac", rate=48000, layout="mono") for _ in range(2)]
        for stream, level in zip(streams, (0.0, 0.004), strict=True):
            made.mux_sound(container, stream, made.tone(2, 48000, 500, level), 48000)
    code, told = look(tmp_path / "a.mkv")
    assert code == 0
    assert "very quiet" in told["loudness", "note"]["found"]
    assert told["loudness", "note"]["remedy"] == "use a louder recording"


def test_what_cannot_be_used_is_a_problem_with_its_remedy(look, tmp_path):
    soundfile.write(tmp_path / "silent.wav", np.zeros(16000), 16000)
    (tmp_path / "a.jxl").write_bytes(b"\xff\x0a" + bytes(100))
    (tmp_path / "empty.mp4").touch()
    for name, said in (("silent.wav", "is silent"), ("a.jxl", "a JPEG XL picture"),
                       ("none.mp4", "no such"), ("empty.mp4", "is empty"),
                       (".", "a folder, not a media file")):  # fmt: skip
        code, told = look(tmp_path / name)
        (finding,) = told.values()
        assert code == 2 and finding["status"] == "problem" and said in finding["found"]


def test_a_photo_in_the_words_of_a_person(look, tmp_path, capsys):
    code, told = look(samples.photo())
    assert code == 0 and {name for name, _ in told} == {"photo", "face", "light"}
    assert "of 255" in told["light", "ok"]["found"]
    dark = Image.fromarray(np.asarray(Image.open(samples.photo()).convert("RGB")) // 4)
    dark.save(tmp_path / "dark.png")
    main(["doctor", str(tmp_path / "dark.png")])
    assert "note  dark.png: light: dark, the face is at" in capsys.readouterr().out
