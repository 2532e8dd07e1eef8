"""`talk`: what is refused before any work, what `--json` prints, how it is stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from talkgraph.cache import Store
from talkgraph.cache.frames import Frames
from talkgraph.cli import lookup, samples
from talkgraph.cli.main import main
from talkgraph.engine import Graph, Node, node, param
from talkgraph.engine.history import run_records
from talkgraph.errors import InputError
from talkgraph.nodes.media import ReadSpeech, WriteVideo
from talkgraph.nodes.values import Speech


@node("cli_test_paint", version=1)
class Paint(Node):
    """Grey frames, as many as the speech lasts; refuses a photo that is called faceless."""

    face: int = param(1, "which face", ge=1)
    seed: int = param(0, "shade of grey", ge=0)

    def run(self, photo: Path, speech: Speech) -> Frames:
        if "faceless" in photo.name:
            raise InputError(f"{photo}: no face was found; choose a photo that shows one")
        shape = (round(25 * speech.seconds), 32, 32, 3)
        return Frames.from_array(np.full(shape, self.seed, np.uint8))


def grey_graph(quality="draft", seed=0, face=1):
    """A stand-in for the photo graph with the same inputs."""
    steps = {
        "speech": ReadSpeech().on(audio="audio"),
        "paint": Paint(face=face, seed=seed).on(photo="photo", speech="speech"),
        "video_out": WriteVideo().on(frames="paint", speech="speech"),
    }
    return Graph("photo", inputs={"audio": Path, "photo": Path}, steps=steps, output="video_out")


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with a second of sound and two pictures; the graph of `--photo` only paints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    tone = 0.3 * np.sin(np.arange(16000) * 0.1)
    soundfile.write(tmp_path / "söme speech.wav", tone, 16000)
    (tmp_path / "ein Bild.jpg").write_bytes(b"a picture")
    (tmp_path / "faceless.jpg").write_bytes(b"a picture")
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("this is no sound")

    def graph(name, **options):
        return grey_graph(**{key: value for key, value in options.items() if value is not None})

    monkeypatch.setattr(lookup, "load_graph", graph)
    return tmp_path


def talk(*arguments):
    """Exit code of `talkgraph talk`."""
    return main(["talk", *map(str, arguments)])


GOOD = ["--audio", "söme speech.wav", "--photo", "ein Bild.jpg"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no speech; give --audio"),
        (["--audio", "söme speech.wav"], "no person; give --video FILE or --photo"),
        ([*GOOD, "--video", "me.mp4"], "give one of them"),
        (["--audio", "nö.wav", "--photo", "ein Bild.jpg"], "nö.wav: no such speech file"),
        (["--audio", ".", "--photo", "ein Bild.jpg"], "a folder, not a speech file"),
        (
            ["--audio", "empty.wav", "--photo", "ein Bild.jpg"],
            "empty.wav: the speech file is empty",
        ),
        (["--audio", "text.wav", "--photo", "ein Bild.jpg"], "text.wav"),
        (["--audio", "söme speech.wav", "--video", "me.mp4"], "me.mp4: no such video file"),
        (["--audio", "söme speech.wav", "--photo", "faceless.jpg"], "no face was found"),
        ([*GOOD, "--face", "0"], "counted from 1"),
        ([*GOOD, "-o", "nowhere/out.mp4"], "nowhere"),
        ([*GOOD, "-o", "out.avi"], "end its name in .mp4"),
        ([*GOOD, "--set", "paint.sead=1"], "did you mean 'seed'"),
        ([*GOOD, "--device", "cuda"], "device 'cpu'"),
    ],
)
def test_bad_input_is_one_line_exit_code_2_and_no_output(
    desk, capsys, monkeypatch, arguments, words
):
    monkeypatch.setattr("talkgraph.models.sessions.cuda_missing", lambda: "no GPU here")
    before = sorted(desk.glob("*"))
    output = [] if "-o" in arguments else ["-o", "out.mp4"]
    assert talk(*arguments, *output, "--quiet") == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""
    assert [path for path in sorted(desk.glob("*")) if path.name != "store"] == before


def test_json_is_one_object_about_the_finished_video(desk, capsys):
    (desk / "mit Umlaut ü").mkdir()
    output = desk / "mit Umlaut ü" / "das Video.mp4"
    assert talk(*GOOD, "-o", output, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"output", "frames", "fps", "seconds", "marks", "stages"}
    assert (said["output"], said["frames"], said["fps"]) == (str(output), 25, 25.0)
    assert said["seconds"] > 0
    assert set(said["stages"]) == {"speech", "paint", "video_out"}
    checks = {"checks"}  # of steps that have any
    assert all(set(one) - checks == {"seconds", "cached"} for one in said["stages"].values())
    assert said["stages"]["speech"]["checks"]
    assert output.stat().st_size > 1000
    talk(*GOOD, "-o", output, "--json")
    again = json.loads(capsys.readouterr().out)
    assert all(stage["cached"] for stage in again["stages"].values())


def test_the_seed_the_face_and_any_parameter_reach_the_graph(desk, capsys):
    def ran(*options):
        assert talk(*GOOD, "-o", "out.mp4", "--json", *options) == 0
        stages = json.loads(capsys.readouterr().out)["stages"]
        return [name for name, stage in stages.items() if not stage["cached"]]

    ran()
    assert ran() == []
    assert "paint" in ran("--seed", "5")
    assert ran("--set", "paint.seed=5") == []
    assert "paint" in ran("--face", "2")
    assert ran("--set", "video_out.crf=30", "--face", "2") == ["video_out"]


def test_a_failure_leaves_the_old_output_as_it_was(desk):
    (desk / "out.mp4").write_bytes(b"my old video")
    bad = ["--audio", "söme speech.wav", "--photo", "faceless.jpg"]
    assert talk(*bad, "-o", "out.mp4", "-q") == 2
    assert (desk / "out.mp4").read_bytes() == b"my old video"


def test_the_output_never_replaces_an_input(desk, capsys):
    (desk / "ein Bild.jpg").rename(desk / "bild.mp4")
    arguments = ["--audio", "söme speech.wav", "--photo", "bild.mp4", "-o", "bild.mp4"]
    assert talk(*arguments) == 2
    assert "would replace an input" in capsys.readouterr().err


def test_the_samples_come_along():
    speech, rate = soundfile.read(samples.speech())
    assert 3 < len(speech) / rate < 10
    assert samples.photo().name == "astronaut.png"


SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell runs us behind
from talkgraph.cli.main import main
from talkgraph.engine import Node, node

@node("cli_test_sleep", version=1)
class Sleep(Node):
    def run(self) -> int:
        print("asleep", flush=True)
        time.sleep(60)
        return 1

sys.exit(main(["run", "sleep.yaml", "--store", "store"]))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_cleanly(tmp_path, number, code):
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "sleep.yaml").write_text("graph: s\nsteps: {sleep: {node: cli_test_sleep}}\n")
    run = subprocess.Popen(
        [sys.executable, "slow.py"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert run.stdout.readline() == "asleep\n"
    time.sleep(0.2)
    run.send_signal(number)
    _, err = run.communicate(timeout=120)
    assert run.returncode == code
    assert "Traceback" not in err
    assert not any((tmp_path / "store" / "tmp").iterdir())
    (run,) = run_records.runs(Store(tmp_path / "store"))
    assert (run.outcome, run.steps["sleep"].state) == ("cancelled", "cancelled")
    assert run.steps["sleep"].seconds > 0.1
    assert ("finished stages are kept" in err) == (number == signal.SIGINT)


def test_without_the_sample_photo_the_user_is_asked_for_one(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(InputError, match="which is not here; give --photo FILE or --video FILE"):
        samples.photo()


def test_another_graph_is_taken_by_its_name(desk, monkeypatch):
    named = []

    def graph(name, **options):
        named.append(name)
        return grey_graph()

    monkeypatch.setattr(lookup, "load_graph", graph)
    assert talk(*GOOD, "--quiet", "-o", "a.mp4") == 0
    assert talk(*GOOD, "--quiet", "-o", "b.mp4", "--graph", "audio2head") == 0
    assert named == ["photo", "audio2head"]


def test_a_graph_that_takes_something_else_is_refused(desk, capsys):
    (desk / "me.mp4").write_bytes(b"a video")
    code = talk("--audio", "söme speech.wav", "--video", "me.mp4", "--graph", "audio2head")
    said = capsys.readouterr().err
    assert code == 2
    assert "graph 'photo' takes audio and photo, not audio and video; give what it takes" in said
