"""Errors of the command line: one line, the nearest name, exit code 2."""

import re
import resource
import subprocess
import sys

import pytest

from talkgraph.cli.main import main


def refused(capsys, *words):
    """The one line on standard error that refuses a command line."""
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    return printed.err


@pytest.mark.parametrize(
    ("words", "wrong", "meant"),
    [
        (["tak"], "tak", "talk"),
        (["talk", "--vidoe", "me.mp4"], "--vidoe", "--video"),
        (["talk", "--audi=x.wav"], "--audi", "--audio"),
        (["talk", "--quality", "drat"], "drat", "draft"),
        (["talk", "--device", "cudaa"], "cudaa", "cuda"),
        (["cache", "veryfi"], "veryfi", "verify"),
        (["cache", "gc", "--limti", "1G"], "--limti", "--limit"),
        (["models", "pul"], "pul", "pull"),
        (["train", "face-modle"], "face-modle", "face-model"),
    ],
)
def test_the_nearest_name_is_offered(capsys, words, wrong, meant):
    line = refused(capsys, *words)
    assert wrong in line
    assert f"did you mean '{meant}'?" in line


def test_words_behind_a_double_dash_are_no_options(capsys):
    assert "--nonsense" not in refused(capsys, "talk", "--face", "x", "--", "--nonsense")


def test_every_command_explains_itself(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.findall(r"^    (\w+)(?: |$)", capsys.readouterr().out, re.MULTILINE)
    assert {"talk", "plan", "run", "report", "studio", "provenance", "doctor"} <= set(commands)
    for command in commands:
        with pytest.raises(SystemExit) as caught:
            main([command, "--help"])
        assert caught.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: talkgraph {command}")


def test_help_answers_at_once_and_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from talkgraph.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'torch', 'onnxruntime', 'scipy', 'av', 'networkx', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    took = []
    for _ in range(3):
        start = spent()
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        took.append(spent() - start)
    assert done.stdout.splitlines()[-1] == "[]"
    assert min(took) < 1.0  # 0.2 s on an idle machine; the bound leaves room for a busy one


def spent():
    """Seconds of work of the processes that this one started and that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("name", ["-x.png", "-film.mp4", "--me.jpg", "-1-.png"])
@pytest.mark.parametrize("option", ["-p", "--photo", "--output"])
def test_a_file_name_that_begins_with_a_dash_gets_a_hint(
    capsys, tmp_path, monkeypatch, name, option
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text("")
    line = refused(capsys, "talk", "--sample", option, name)
    assert f"'{name}' reads like an option; if it is the name of a file, write ./{name}" in line


def test_the_hint_comes_for_a_file_that_is_still_to_be_made(capsys):
    assert "write ./-out.mp4" in refused(capsys, "talk", "--sample", "-o", "-out.mp4")


def test_numbers_below_nothing_and_options_are_no_names(capsys):
    assert "write ./" not in refused(capsys, "talk", "--face", "-1", "--quality", "drat")
    assert "expected one argument" in refused(capsys, "talk", "--photo", "--sample")
