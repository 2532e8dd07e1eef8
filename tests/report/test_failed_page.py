"""A run that ended early: the page shows what was done, where it stopped, why, and what to do."""

import functools
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from talkgraph.cache.store import Store
from talkgraph.cli.main import main
from talkgraph.engine import Graph, Node, node
from talkgraph.engine.history import run_records
from talkgraph.errors import InputError, NodeError
from talkgraph.report import RunValues, report_html


@node("report_test_read", version=1)
class Read(Node):
    def run(self, path: Path) -> str:
        return path.read_text()


@node("report_test_fragile", version=1)
class Fragile(Node):
    def run(self, text: str) -> int:
        if "stop" in text:
            raise KeyboardInterrupt
        if "refuse" in text:
            raise InputError("the text is refused: write another one")
        return int(text)


@node("report_test_after", version=1)
class After(Node):
    def run(self, number: int) -> int:
        return number + 1


GRAPH = Graph(
    "fragile",
    inputs={"path": Path},
    steps={
        "text": Read().on(path="path"),
        "number": Fragile().on(text="text"),
        "after": After().on(number="number"),
    },
)


@pytest.fixture
def failed(tmp_path, parsed):
    def fail(text, error):
        path = tmp_path / "my <input>.txt"
        path.write_text(text)
        store = Store(tmp_path / "store")
        with pytest.raises(error):
            GRAPH.run({"path": path}, store=store)
        return parsed(report_html(RunValues(run_records.find(store), store)))

    return fail


def test_a_fault_of_a_step(failed):
    page = failed("no number <b>", NodeError)
    assert "It failed at number" in page.text
    assert "ValueError: invalid literal" in page.text and "no number <b>" in page.text
    assert "--debug" in page.text and "run it again and it goes on" in page.text
    assert "1 of 3 steps are done" in page.text and "1 were not reached" in page.text
    assert "It goes back to path: my <input>.txt" in page.text
    assert page.all("section", "failed") and page.all("section", "blocked")
    assert page.all("a", "failed") and not page.all("section", "result")


def test_a_refusal_says_its_own_remedy(failed):
    page = failed("refuse", InputError)
    assert "the text is refused: write another one" in page.text
    assert "The message says what to change" in page.text and "--debug" not in page.text


def test_an_interrupted_run(failed):
    page = failed("stop", KeyboardInterrupt)
    assert "It was stopped during number" in page.text
    assert "goes on from there" in page.text


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_talk_that_is_stopped_leaves_its_page(tmp_path, parsed, speech, end):
    page = tmp_path / "talk.html"
    command = [sys.executable, "-m", "talkgraph.cli", "talk", "--sample", "-a", str(speech)]
    command += ["-o", str(tmp_path / "talk.mp4"), "--report", str(page)]
    command += ["--store", str(tmp_path / "store")]
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # where a shell ran us
    with subprocess.Popen(  # behind it, SIGINT is ignored by all that we start
        command, stderr=subprocess.PIPE, text=True, preexec_fn=heed
    ) as talk:
        said = talk.stderr.readline()
        assert said.startswith("speech: ")
        talk.send_signal(end)
        said = talk.stderr.read().splitlines()
    assert talk.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[end]
    assert f"{page} shows how it was made, step by step" in said
    shown = parsed(page.read_text(encoding="utf-8"))
    assert "It was stopped" in shown.text and "goes on from there" in shown.text
    assert "The speech: level over time" in shown.text
    assert not (tmp_path / "talk.mp4").exists()


def test_a_talk_without_a_face_leaves_its_page(tmp_path, monkeypatch, capsys, parsed, speech):
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    Image.fromarray(noise).resize((480, 320)).save('no "face".png')
    arguments = ["talk", "-a", str(speech), "-p", 'no "face".png', "-o", "talk.mp4"]
    arguments += ["--report", "talk.html", "--store", "store"]
    assert main(arguments) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[-2] == "talk.html shows how it was made, step by step"
    assert "no face was found" in said[-1]
    page = parsed(Path("talk.html").read_text(encoding="utf-8"))
    assert "It failed at" in page.text and "no face was found" in page.text
    assert 'photo: no "face".png' in page.text and "The speech: level over time" in page.text
    assert not Path("talk.mp4").exists()
