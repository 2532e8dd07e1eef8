"""Standard streams that are closed, or whose reader is gone."""

import contextlib
import os
import subprocess
import sys

import pytest

from talkgraph.cli.streams import Messages

WORDS = [sys.executable, "-m", "talkgraph.cli", "nodes", "--json"]
NOTED = (
    "import os, sys; from talkgraph.cli import streams; streams.make_sure(); "
    "print('a note', file=sys.stderr, flush=True); first = os.open(os.devnull, os.O_RDONLY); "
    "sys.exit(0 if first > 2 else 3)"
)


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_without_a_stream_the_work_is_done(closed):
    redirections = " ".join(f"{number}{'<' if not number else '>'}&-" for number in closed)
    command = ["/bin/sh", "-c", f'"$@" {redirections}', "sh", *WORDS]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 1 in closed or done.stdout.startswith(b"[") or done.stdout.startswith(b"{")


@pytest.mark.parametrize("closed", ["2>&-", "0<&- 1>&- 2>&-"])
def test_no_file_takes_the_place_of_a_closed_stream(closed):
    command = ["/bin/sh", "-c", f'"$@" {closed}', "sh", sys.executable, "-c", NOTED]
    assert subprocess.run(command, check=False).returncode == 0


def test_messages_that_nobody_reads_are_dropped():
    reading, writing = os.pipe()
    os.close(reading)
    stream = open(writing, "w", buffering=1)  # noqa: SIM115  # closing it fails, too
    messages = Messages(stream)
    for _ in range(3):
        assert messages.write("a note\n") == 7
        messages.flush()
    assert messages.isatty() is False
    with contextlib.suppress(BrokenPipeError):
        stream.close()
