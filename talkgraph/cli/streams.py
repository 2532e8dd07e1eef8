"""Standard streams that may not be there: closed, or with nobody at their other end.

A service or a program without a window starts others without them, and `2> >(head -1)` ends before
the work does. What is said is lost then; the work goes on.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any, TextIO


def make_sure() -> None:
    """Give this process the three standard streams, and one for messages that never fails."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # else the next file that is opened would take what is written to it
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # as long as we live
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if not isinstance(sys.stderr, Messages):
        sys.stderr = Messages(sys.stderr)


class Messages:
    """A text stream in the place of standard error; what it cannot write is dropped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, if possible."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if possible."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()
