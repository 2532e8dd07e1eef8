"""A run in a process of its own.

The request goes in as one line of JSON, messages come back as lines of JSON. The child's standard
input stays open as long as it is wanted: closing it, or dying, ends the child (see `worker.py`).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

PATIENCE = 6.0  # s from the wish to stop until it is killed; a busy machine unwinds slowly
_LONGEST_LINE = 1 << 22  # bytes

Message = dict[str, Any]


class Child:
    """One run; `follow` starts and accompanies it, the rest may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None  # until it is reaped
        self._stopped = False
        self._over = threading.Event()

    def follow(self, request: Message, on_message: Callable[[Message], None]) -> int:
        """Run until the end; returns the exit status, negative if it was killed.

        Args:
            request: see `worker.py`.
            on_message: called with each message of the child.
        """
        with self._lock:
            if self._stopped:
                return -signal.SIGTERM
            # Its own group, so that decoders and other helpers end with it, and so that Ctrl-C in
            # the terminal is the server's alone.
            process = self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "talkgraph.studio.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        assert process.stdin is not None and process.stdout is not None
        try:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
            while line := process.stdout.readline(_LONGEST_LINE):
                with contextlib.suppress(ValueError):
                    on_message(json.loads(line))
            # Ended but not reaped: its number is still its own when its helpers are killed.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        finally:
            self._kill()
            with self._lock:
                process.wait()
                self._process = None
            self._over.set()
            process.stdout.close()
            with contextlib.suppress(OSError):
                process.stdin.close()
        return process.returncode

    def stop(self) -> None:
        """Ask the run to end; kill it if it has not within `PATIENCE`. Returns at once."""
        with self._lock:
            self._stopped = True
            if self._process is None:
                return
            os.kill(self._process.pid, signal.SIGTERM)
        timer = threading.Timer(PATIENCE, self._kill)
        timer.daemon = True
        timer.start()

    def end(self) -> None:
        """Stop and wait until nothing of the run is left."""
        self.stop()
        with self._lock:
            running = self._process is not None
        if running and not self._over.wait(PATIENCE):
            self._kill()
            self._over.wait(PATIENCE)

    def _kill(self) -> None:
        """Kill the run, if it is still there, and whatever it has started and left."""
        with self._lock:
            if self._process is not None:
                os.killpg(self._process.pid, signal.SIGKILL)
