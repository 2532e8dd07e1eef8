"""On macOS and Windows, as far as Linux can tell: what is missing there is taken away here."""

import importlib
import os
import platform
import re
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

from talkgraph.cli.doctor import examine
from talkgraph.errors import InputError
from tests.places import ROOT

save = importlib.import_module("talkgraph.nodes.media.save")  # hidden by its function

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
import talkgraph as tg
from talkgraph.cli import samples
from talkgraph.cli.main import main
from talkgraph.nodes.audio_features import LogMel, Mfcc
from talkgraph.nodes.media import ReadPhoto, ReadSpeech

@tg.node("many_numbers", version=1)
class ManyNumbers(tg.Node):
    'Enough to be mapped where they are stored.'

    def run(self) -> np.ndarray:
        return np.zeros((1000, 1000))


if __name__ == "__main__":  # worker processes are started anew and import this file
    steps = {"speech": ReadSpeech().on(audio="audio"), "features": Mfcc().on(speech="speech")}
    graph = tg.Graph("listen", inputs={"audio": Path}, steps=steps)
    store, inputs = tg.Store("store"), {"audio": samples.speech()}
    made = graph.run(inputs, store=store, executor="joblib")
    again = graph.replace(features=LogMel()).run(inputs, store=store)
    photo = ReadPhoto().run(samples.photo())
    print(made.output.windows.shape, again.records["speech"].cached, photo)

    mapped = tg.Graph("many", inputs={}, steps={"numbers": ManyNumbers().on()})
    mapped.run(store=store)
    numbers = mapped.run(store=store)["numbers"]
    assert main(["cache", "gc", "--limit", "0"]) == 0 and not numbers.any()
    assert main(["cache", "verify"]) == 0
"""


@pytest.fixture(scope="module", params=["windows", "macos"])
def elsewhere(request, tmp_path_factory):
    """Run Python as on another system, in a folder of its own."""
    place = tmp_path_factory.mktemp(request.param)
    text = Path(__file__).with_name("elsewhere.py").read_text()
    (place / "path").mkdir()
    (place / "path" / "sitecustomize.py").write_text(
        text.replace('SYSTEM = "windows"', f'SYSTEM = "{request.param}"')
    )
    (place / "work").mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": f"{place / 'path'}{os.pathsep}{ROOT}",
        "PYTHONIOENCODING": "cp1252:strict",  # of a console of Windows
        "PYTHONWARNDEFAULTENCODING": "1",  # which differs there, too
        "TALKGRAPH_STORE": str(place / "work" / "store"),
    }

    def run(*words):
        return subprocess.run(
            [sys.executable, *words], cwd=place / "work", env=environment,
            capture_output=True, encoding="cp1252", timeout=300, check=False,
        )  # fmt: skip

    run.system, run.folder = request.param, place / "work"
    return run


def test_what_is_missing_there_is_missing(elsewhere):
    code = "import os; print(hasattr(os, 'waitid'), os.path.exists('/proc/self/stat'))"
    assert elsewhere("-c", code).stdout.split() == ["False", "False"]
    found = elsewhere("-c", "import fcntl; import resource").returncode == 0
    assert found == (elsewhere.system == "macos")


def test_a_graph_runs_here_and_in_processes_that_are_not_forked(elsewhere):
    (elsewhere.folder / "small.py").write_text(SCRIPT)
    done = elsewhere("small.py")
    assert done.returncode == 0, done.stderr
    assert re.match(r"\(\d+, 28, 12\) True Footage\(", done.stdout), done.stdout
    ours = [line for line in done.stderr.splitlines() if "talkgraph" in line]
    assert [line for line in ours if "EncodingWarning" in line] == []


def test_every_name_in_the_store_is_one_that_any_system_can_have(elsewhere):
    names = [path.relative_to(elsewhere.folder) for path in elsewhere.folder.rglob("*")]
    assert {"blobs", "history", "memo"} <= {name.parts[1] for name in names if name.parts[1:]}
    for name in names:
        windows = PureWindowsPath(*name.parts)
        assert not any(map(save._DEVICE.fullmatch, name.parts)), name
        assert not set(str(name)) & set('<>:"\\|?*'), name
        assert len(str(windows)) < 180  # with a user's cache folder before it, below 260
    assert len({str(name).casefold() for name in names}) == len(names)


def test_commands_print_on_a_console_of_few_letters(elsewhere):
    commands = "runs", "cache du", "nodes", "show photo", "models list"
    code = (
        f"from talkgraph.cli.main import main\nprint([main(words.split()) for words in {commands}])"
    )
    done = elsewhere("-c", code)
    assert done.stdout.endswith("[0, 0, 0, 0, 0]\n"), done.stderr
    assert "EncodingWarning" not in done.stderr


def test_the_studio_says_in_a_line_that_it_cannot_run(elsewhere):
    done = elsewhere("-m", "talkgraph.cli", "studio", "--no-browser")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("talkgraph studio: the studio needs ")
    assert ("WSL" in line) == (elsewhere.system == "windows")


# -- what doctor says ----------------------------------------------------------------------------


@pytest.fixture
def seen_as(monkeypatch):
    def change(name, processor, sys_platform):
        monkeypatch.setattr(platform, "system", lambda: name)
        monkeypatch.setattr(platform, "machine", lambda: processor)
        monkeypatch.setattr(sys, "platform", sys_platform)

    return change


def first(store):
    return next(iter(examine(store)))


def test_linux_is_fine(tmp_path, seen_as):
    seen_as("Linux", "x86_64", "linux")
    check = first(tmp_path)
    assert (check.name, check.status, check.found) == ("system", "ok", "Linux x86_64")


def test_another_processor_is_told(tmp_path, seen_as):
    seen_as("Linux", "aarch64", "linux")
    check = first(tmp_path)
    assert (check.status, check.remedy) == ("note", "")
    assert check.found == "Linux aarch64; talkgraph is tested on Linux x86_64 only"


def test_macos_is_told_with_what_it_lacks(tmp_path, seen_as, monkeypatch):
    seen_as("Darwin", "arm64", "darwin")
    monkeypatch.delattr(os, "waitid")
    check = first(tmp_path)
    assert check.status == "note" and check.found.startswith("macOS arm64;")
    assert "os.waitid" in check.remedy and "CUDA" in check.remedy
    assert "the memory of a decoder has no bound" in check.remedy
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert "Intel Macs" in first(tmp_path).remedy


def test_windows_is_told_with_what_it_lacks(tmp_path, seen_as, monkeypatch):
    seen_as("Windows", "AMD64", "win32")
    for module in ("fcntl", "resource"):
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not there
    check = first(tmp_path)
    assert check.found.startswith("Windows AMD64;")
    assert "run it in WSL" in check.remedy
    assert "memory and processor time of a decoder have no bound" in check.remedy
    assert "\n" not in check.remedy


@pytest.mark.parametrize("name", ["con.mp4", "AUX.mp4", "nul.tar.mp4", "Com3.mp4"])
def test_a_device_is_no_output_on_windows(name, tmp_path, monkeypatch):
    save.check_target(tmp_path / name)
    monkeypatch.setattr(save, "_DEVICES", True)
    with pytest.raises(InputError, match="is the name of a device on Windows; give another"):
        save.check_target(tmp_path / name)
    save.check_target(tmp_path / f"my {name}")


# -- without onnxruntime, which is an extra ------------------------------------------------------


def test_without_onnxruntime_a_line_says_how_to_get_it(tmp_path):
    code = (
        "import importlib.util as u, sys\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'onnxruntime' else find(name, *rest)\n"
        "from talkgraph.cli.main import main\n"
        "sys.exit(main(['talk', '--sample', '-o', sys.argv[1]]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "talk.mp4"], capture_output=True, text=True,
        env={**os.environ, "TALKGRAPH_STORE": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "pip install 'talkgraph[cpu]'" in line and "uvx 'talkgraph[cpu]'" in line
