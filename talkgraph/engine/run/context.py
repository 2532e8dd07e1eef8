"""What a running node may say: progress, notes for the user, and where to write files.

Outside a run (a node called by hand) progress is dropped, notes go to standard error and files
to a temporary folder, so that `MyNode().run(...)` works in a notebook.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Protocol


class RunContext(Protocol):
    """What the engine provides while a node runs."""

    def progress(self, done: float, total: float) -> None: ...  # noqa: D102
    def note(self, text: str) -> None: ...  # noqa: D102
    def scratch_folder(self) -> Path: ...  # noqa: D102


current: ContextVar[RunContext | None] = ContextVar("talkgraph_run_context", default=None)


def progress(done: float, total: float) -> None:
    """Tell how far the running node is: `done` of `total` in any unit."""
    context = current.get()
    if context is not None:
        context.progress(done, total)


def note(text: str) -> None:
    """Say what the user should know about quality; kept with the result, repeated on a hit."""
    context = current.get()
    if context is not None:
        context.note(text)
    else:
        print(text, file=sys.stderr)


def scratch_folder() -> Path:
    """A private empty folder for files that the node makes; gone after the run."""
    context = current.get()
    if context is not None:
        return context.scratch_folder()
    import tempfile

    return Path(tempfile.mkdtemp(prefix="talkgraph-"))
