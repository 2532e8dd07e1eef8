"""Which line and which exit code an error deserves."""

import errno
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from talkgraph import errors
from talkgraph.cli.failure import explain


@pytest.mark.parametrize(
    "kind",
    [
        errors.InputError,
        errors.GraphError,
        errors.KeyingError,
        errors.StoreError,
        errors.ModelError,
    ],
)
def test_an_error_that_the_user_can_mend_is_said_as_it_is(kind):
    assert explain(kind("me.mp4: no face; use another video")) == (
        "me.mp4: no face; use another video",
        2,
    )


def test_a_message_of_several_lines_becomes_one():
    assert explain(errors.InputError("first\n  second"))[0] == "first second"


def test_a_node_that_failed_on_the_users_file_is_the_users_to_mend():
    try:
        try:
            raise errors.InputError("a.wav: silent; record it again")
        except errors.InputError as cause:
            raise errors.NodeError("step 'speech' failed") from cause
    except errors.NodeError as error:
        assert explain(error) == ("a.wav: silent; record it again", 2)


def test_a_node_that_failed_by_itself_is_ours():
    try:
        try:
            raise ZeroDivisionError("division by zero")
        except ZeroDivisionError as cause:
            raise errors.NodeError("step 'fit' failed: division by zero") from cause
    except errors.NodeError as error:
        line, code = explain(error)
    assert code == 1
    assert "step 'fit' failed" in line
    assert "--debug" in line


def test_a_file_that_cannot_be_opened_is_the_users_to_mend(tmp_path):
    with pytest.raises(OSError) as caught:
        (tmp_path / "missing.wav").open()
    line, code = explain(caught.value)
    assert code == 2
    assert str(tmp_path / "missing.wav") in line
    assert "check the path" in line


def test_a_full_disk_is_said_so_however_deep_it_happened():
    full = OSError(errno.ENOSPC, "No space left on device")
    outer = errors.NodeError("step 'media' failed")
    outer.__cause__ = RuntimeError("write failed")
    outer.__cause__.__context__ = full
    line, code = explain(outer)
    assert code == 2
    assert "no space left" in line
    assert "cache gc" in line


def test_an_error_without_a_file_is_ours():
    line, code = explain(OSError("libEGL.so.1: cannot open shared object file"))
    assert code == 1
    assert "libEGL" in line


def test_a_circle_of_causes_ends():
    first, second = RuntimeError("a"), RuntimeError("b")
    first.__cause__, second.__cause__ = second, first
    assert explain(first)[1] == 1


def test_what_the_store_asks_for_is_said_in_options(tmp_path):
    from talkgraph.cache import Store, archive, disk

    store = Store(tmp_path / "store")
    with pytest.raises(errors.StoreError) as caught:
        store.rm("nosuch")
    assert explain(caught.value)[0].endswith("no result 'nosuch'; `talkgraph cache ls` lists them")
    for number, option in (
        (errno.ENOSPC, "free some (talkgraph cache gc --limit SIZE), then run again"),
        (errno.EROFS, "choose another folder with --store or TALKGRAPH_STORE"),
        (errno.EMFILE, "raise the limit of open files (ulimit -n), then run again"),
    ):
        with pytest.raises(errors.StoreError) as caught, disk.guarded(tmp_path):
            raise OSError(number, "x")
        assert "talkgraph" not in str(caught.value).replace(str(tmp_path), "")
        assert option in explain(caught.value)[0]
    (tmp_path / "x.zip").write_text("x")
    with pytest.raises(errors.InputError) as caught:
        archive.import_(store, tmp_path / "x.zip")
    assert "not made by `talkgraph cache export`; nothing was" in explain(caught.value)[0]


def test_a_working_folder_that_is_gone_is_told(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(FileNotFoundError) as caught:
        os.getcwd()
    assert explain(caught.value)[0].endswith("is gone; change to another")


@pytest.mark.parametrize("moment", [0.02, 0.1, 0.3, 0.6])
def test_ctrl_c_at_any_moment_of_the_start_is_one_line(moment):
    command = [sys.executable, "-m", "talkgraph.cli", "show", "yi2020", "--format", "svg"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stderr is not None
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    said = process.stderr.read().decode()
    process.wait()
    begun = re.search(r'cli/__main__.py", line \d+, in main', said)  # else it is Python that starts
    assert "Traceback" not in said or not begun


def test_ctrl_c_that_python_loses_in_cleaning_up_comes_again(tmp_path):
    program = """
import gc, signal, sys, time
from talkgraph.cli import __main__ as entry
class Lost:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
def begin():
    Lost()
    time.sleep(20)
    return 0
import talkgraph.cli.main as real
real.main = begin
sys.exit(entry.main())
"""
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 130 and "Traceback" not in done.stderr
    assert time.monotonic() - began < 15  # it does not wait for the sleep to end
