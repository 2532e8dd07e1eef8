"""What one running step says and uses, told on as events."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from talkgraph.engine.run import context
from talkgraph.engine.run.events import Event, Note, Progress

Emit = Callable[[Event], None]


def taking_turns(emit: Emit) -> Emit:
    """The same for several threads: one event after the other."""
    lock = threading.Lock()

    def emit_alone(event: Event) -> None:
        with lock:
            emit(event)

    return emit_alone


class StepContext:
    """What a running node says, as events; see `context.RunContext`."""

    def __init__(self, step: str, emit: Emit, folder: Callable[[], Path]) -> None:
        self.notes: list[str] = []
        self.step = step
        self._emit = emit
        self._folder = folder
        self._tells_progress = False

    @contextlib.contextmanager
    def active(self) -> Iterator[StepContext]:
        """Make `engine.note` and the like reach this step."""
        token = context.current.set(self)
        try:
            yield self
        finally:
            context.current.reset(token)

    def progress(self, done: float, total: float) -> None:
        """See `context.progress`."""
        self._tells_progress = True
        self._emit(Progress(self.step, done, total))

    def chunk(self, done: int, total: int) -> None:
        """Frames were stored; said unless the node tells its own progress."""
        if not self._tells_progress:
            self._emit(Progress(self.step, done, total))

    def note(self, text: str) -> None:
        """See `context.note`."""
        if text not in self.notes:
            self.notes.append(text)
            self._emit(Note(self.step, text))

    def scratch_folder(self) -> Path:
        """See `context.scratch_folder`."""
        return self._folder()
