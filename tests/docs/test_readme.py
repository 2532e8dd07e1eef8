"""What README.md promises is true."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from talkgraph.cli import samples
from talkgraph.cli.main import main, parser

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_runs_as_it_stands(tmp_path):
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    assert len(example.splitlines()) <= 16
    (tmp_path / "example.py").write_text(example)
    # FLAC under another name: a file is read for what it holds
    shutil.copy(samples.speech(), tmp_path / "speech.wav")
    done = subprocess.run(
        [sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "TALKGRAPH_STORE": str(tmp_path / "store")}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, *plan = done.stdout.splitlines()
    assert re.fullmatch(r"5\.\d+ \(\d+, 28, 12\)", first)
    assert "1 hit, 1 run" in plan[0]


def commands():
    """Every `talkgraph ...` line in the README's shell blocks, continued lines joined."""
    blocks = "".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL)).replace("\\\n", "")
    lines = [line.partition("#")[0].split() for line in blocks.splitlines()]
    return [line[1:] for line in lines if line and line[0] == "talkgraph"]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_line_is_understood(words):
    whole = parser()
    whole.check_options(words)
    whole.parse_args(words)


def test_every_command_is_mentioned(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)
    assert len(commands) >= 12
    for command in commands:
        assert f"talkgraph {command}" in README
