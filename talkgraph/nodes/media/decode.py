"""Runs the decoder of untrusted files in a child process with limits.

A damaged or hostile recording can crash, hang or exhaust the process that decodes it (a
406-byte MP4 stops PyAV with a segmentation fault). So the parent never opens such a file: it
starts ``python -m talkgraph.nodes.media.decoder``, hands over one JSON job on standard input and
reads JSON lines from standard output: ``{"done", "total"}`` while it works, then one of
``{"result"}``, ``{"refused"}`` and ``{"errno", "text"}``. The child writes its files into a
folder that the parent gives.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import queue
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

import attrs

from talkgraph import engine
from talkgraph.errors import InputError, StoreError

GIB = 1 << 30
MAX_LINE = 1 << 20  # bytes of one answer
BUSY = 0.5  # of the time without a sign that a child must have worked to count as hanging
PATIENCE = 10  # times that long for one that has not
EXIT_SECONDS = 10.0  # for a child that has said its last word
_WHAT = {
    "video": "the video",
    "sound": "the recording",
    "photo": "the photo",
    "streams": "the file",
}
KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR", "TEMP")


@attrs.frozen
class Limits:
    """What one child may use."""

    memory_bytes: int = 4 * GIB  # address space
    cpu_seconds: int = 600
    file_bytes: int = 16 * GIB  # size of one written file
    open_files: int = 64
    stall_seconds: float = 60.0  # real time without a sign of progress


def check_readable(path: Path, what: str) -> None:
    """Refuse what is plainly no readable file, before any process starts.

    Args:
        path: the file.
        what: how the message names it.

    Errors: InputError.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise InputError(f"{what}: no such file; check the path") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{what} cannot be read ({_reason(error)}); check the path") from None
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{what} is a folder; give a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{what} is not an ordinary file; copy its content to one first")
    if status.st_size == 0:
        raise InputError(f"{what} is empty (0 bytes); copy or export it again")
    if not os.access(path, os.R_OK):
        raise InputError(f"{what} may not be read; give yourself permission (chmod u+r)")


def decode(
    kind: str, path: Path, folder: Path, *, remedy: str, limits: Limits, **options: Any
) -> dict[str, Any]:
    """Decode `path` in a child process that writes into `folder`.

    Args:
        kind: ``video``, ``sound``, ``photo`` or ``streams``.
        remedy: the end of the error message when the file cannot be used, and the child knows
            of none that fits better.
        options: for the child's `decode` of that kind.

    Returns: what the child's `decode` returns.
    Errors: InputError with the remedy, however the child ends; StoreError where
        the folder has no room.
    """
    path = Path(path)
    check_readable(path, _WHAT[kind])
    job = {
        "kind": kind,
        "path": str(path.resolve()),
        "folder": str(folder.resolve()),
        "options": options,
        "limits": attrs.asdict(limits),
    }
    with open(folder / "decoder.log", "wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "talkgraph.nodes.media.decoder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=folder,
            env=_environment(),
        )
    try:
        answer, ended = _converse(child, json.dumps(job).encode(), limits.stall_seconds)
        if ended:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(EXIT_SECONDS)  # by itself, so that the exit status says why it ended
    finally:
        child.kill()
        code = child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
    log_text = (folder / "decoder.log").read_text(encoding="utf-8", errors="replace").strip()
    (folder / "decoder.log").unlink()
    return _result(_WHAT[kind], folder, answer, code, log_text, remedy)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    # -P keeps the current folder off the module path; the package itself must still be found.
    roots = [str(Path(__file__).resolve().parents[3]), os.environ.get("PYTHONPATH", "")]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(root for root in roots if root),
        "PYTHONUTF8": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _converse(
    child: subprocess.Popen[bytes], job: bytes, stall_seconds: float
) -> tuple[dict[str, Any] | None, bool]:
    """Send the job and follow the answers.

    Returns: the last answer, None if there is none, and whether the child is ending by itself.
    """
    lines: queue.Queue[bytes] = queue.Queue(maxsize=256)
    assert child.stdin is not None and child.stdout is not None
    try:
        child.stdin.write(job)
        child.stdin.close()
    except BrokenPipeError:
        return None, True
    threading.Thread(target=_read_lines, args=(child.stdout, lines), daemon=True).start()
    quiet, worked = 0.0, _processor_seconds(child.pid)
    while True:
        try:
            line = lines.get(timeout=stall_seconds)
            quiet, worked = 0.0, _processor_seconds(child.pid)
        except queue.Empty:
            quiet += stall_seconds
            used = _processor_seconds(child.pid) - worked
            if used < BUSY * stall_seconds and quiet < PATIENCE * stall_seconds:
                continue  # it has hardly had a turn: the machine, or its disk, is slow
            text, remedy = f"keeps the decoder busy without result for {quiet:g} s", None
            if used < BUSY * stall_seconds:
                text = f"could not be read in {quiet:g} s, as machine or disk have been too busy"
                remedy = "try again"
            return {"refused": text, "remedy": remedy}, False
        if not line:
            return None, True
        try:
            answer = json.loads(line)
            if "done" not in answer:
                return (answer, True) if isinstance(answer, dict) else (None, False)
            done, total = float(answer["done"]), float(answer["total"])
        except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
            return None, False  # a child that was taken over, or out of its mind
        engine.progress(done, total)


def _processor_seconds(pid: int) -> float:
    """Processor time that a process has used; the time of day where the system does not tell."""
    try:
        fields = (
            Path(f"/proc/{pid}/stat")
            .read_text(encoding="utf-8", errors="replace")
            .rpartition(")")[2]
            .split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return time.monotonic()


def _read_lines(pipe: IO[bytes], lines: queue.Queue[bytes]) -> None:
    """Pass lines on; an empty one at the end."""
    try:
        while line := pipe.readline(MAX_LINE):
            lines.put(line)
    except (OSError, ValueError):  # the pipe was closed under us
        pass
    lines.put(b"")


def _result(
    what: str, folder: Path, answer: dict[str, Any] | None, code: int, log: str, remedy: str
) -> dict[str, Any]:
    """Turn the child's end into its result or one clear error."""
    if answer is not None and isinstance(answer.get("result"), dict):
        result: dict[str, Any] = answer["result"]
        return result
    if answer is not None and "refused" in answer:
        raise InputError(f"{what} {answer['refused']}; {answer.get('remedy') or remedy}")
    if answer is not None and isinstance(answer.get("errno"), int):
        number = answer["errno"]
        if number in (errno.ENOSPC, errno.EDQUOT):
            raise StoreError(
                f"no room in {folder} for a working copy of {what}; free some disk space or use "
                "another `store`"
            )
        if number == errno.EFBIG:
            raise InputError(f"{what} would need a working copy larger than allowed; {remedy}")
        if number == errno.ENOMEM:
            raise InputError(f"{what} needs more memory than allowed; {remedy}")
        raise InputError(f"{what} cannot be read ({answer.get('text', '')}); {remedy}")
    error = InputError(f"{what} {_end(code)}; {remedy}")
    if log:
        error.add_note(log[-2000:])
    raise error


def _end(code: int) -> str:
    """What happened to a child that gave no answer."""
    if code < 0 and -code in (getattr(signal, "SIGXCPU", 0), signal.SIGTERM):
        return "took the decoder longer than allowed"
    if code < 0:
        return f"is damaged: the decoder crashed on it (signal {-code})"
    return "is damaged: the decoder failed on it"


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
