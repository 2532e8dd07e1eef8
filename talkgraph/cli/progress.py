"""What a run says while it works: bars on a terminal, plain lines elsewhere, or nothing.

All of it goes to standard error; standard output belongs to results. A watcher is handed to the
engine as `on_event`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from talkgraph.report.format import duration

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from talkgraph.engine.run.events import Event

_GUESS_AFTER = 1.0  # s; the first moments say little about a stage's pace
_LINE_EVERY = 10.0  # s; between two plain progress lines of one stage


class Watcher:
    """Listens to a run; says nothing (`--quiet`), only counts the stages out of the store."""

    def __init__(self) -> None:
        self.cached = 0
        self.said: list[str] = []  # of the run itself

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __call__(self, event: Event) -> None:
        """Take one event of the engine."""
        from talkgraph.cache.upkeep import visible
        from talkgraph.engine.run import events

        match event:
            case events.Started():
                self.started(event.step)
            case events.Progress():
                self.progress(event.step, event.done, event.total)
            case events.Note(step=None):
                self.said.append(event.text)
            case events.Note(step=str(step)):
                self.note(step, visible(event.text))  # a stranger may have made what is stored
            case events.Finished() if event.cached:
                self.cached += 1
            case events.Finished():
                self.finished(event.step, event.seconds)
            case events.Failed():
                self.failed(event.step)

    def started(self, step: str) -> None:
        """A stage begins."""

    def progress(self, step: str, done: float, total: float) -> None:
        """A stage is at `done` of `total`."""

    def note(self, step: str, text: str) -> None:
        """A stage says something that the user should know."""

    def finished(self, step: str, seconds: float) -> None:
        """A stage was computed."""

    def failed(self, step: str) -> None:
        """A stage broke; `failure` says why."""

    def close(self) -> None:
        """The run is over, well or not."""

    def summary(self) -> Iterator[str]:
        """What is said at the end, line by line."""
        if self.cached:
            yield f"{self.cached} stage{'s' if self.cached > 1 else ''} from the store"
        yield from (f"note: {text}" for text in self.said)


class Lines(Watcher):
    """One plain line per stage and per note, and one now and then while a stage takes long."""

    def __init__(
        self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._stream = stream or sys.stderr
        self._clock = clock
        self._began: dict[str, float] = {}
        self._said: dict[str, float] = {}

    def started(self, step: str) -> None:
        """Start the stage's clock."""
        self._began[step] = self._said[step] = self._clock()

    def progress(self, step: str, done: float, total: float) -> None:
        """Say how far a long stage is, and how long it will take."""
        now = self._clock()
        began = self._began.setdefault(step, now)
        if total <= 0 or now - self._said.get(step, began) < _LINE_EVERY:
            return
        self._said[step] = now
        left = _left(now - began, done, total)
        self._say(f"{step}: {done / total:.0%}{left and ', '}{left}")

    def note(self, step: str, text: str) -> None:
        """Print the note."""
        self._say(f"{step}: note: {text}")

    def finished(self, step: str, seconds: float) -> None:
        """Print how long it took."""
        self._say(f"{step}: {duration(seconds)}")

    def close(self) -> None:
        """Say how many stages needed no work, and what else there is to know."""
        for text in self.summary():
            self._say(text)

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class Bars(Watcher):
    """A bar with the time left for each running stage, a line for each finished one."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self._bars: RichProgress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._began: dict[str, float] = {}
        self._tasks: dict[str, TaskID] = {}
        self._bars.start()

    def started(self, step: str) -> None:
        """Show a bar that only moves until the stage says how far it is."""
        self._began[step] = time.monotonic()
        self._tasks[step] = self._bars.add_task(step, total=None, left="")

    def progress(self, step: str, done: float, total: float) -> None:
        """Move the bar."""
        if step not in self._tasks:
            self.started(step)
        left = _left(time.monotonic() - self._began[step], done, total)
        self._bars.update(self._tasks[step], completed=done, total=total, left=left)

    def note(self, step: str, text: str) -> None:
        """Print the note above the bars."""
        self._say(f"{step}: note: {text}")

    def finished(self, step: str, seconds: float) -> None:
        """Turn the bar into a line."""
        self._remove(step)
        self._say(f"{step}: {duration(seconds)}")

    def failed(self, step: str) -> None:
        """Take the bar away."""
        self._remove(step)

    def close(self) -> None:
        """Say how many stages needed no work and what else to know; give the terminal back."""
        for text in self.summary():
            self._say(text)
        self._bars.stop()

    def _remove(self, step: str) -> None:
        task = self._tasks.pop(step, None)
        if task is not None:
            self._bars.remove_task(task)

    def _say(self, text: str) -> None:
        self._bars.console.print(text, markup=False, highlight=False)


def watcher(*, quiet: bool = False) -> Watcher:
    """The watcher that fits: bars on a terminal, lines elsewhere, nothing if `quiet`."""
    if quiet:
        return Watcher()
    return Bars() if sys.stderr.isatty() else Lines()


def _left(elapsed: float, done: float, total: float) -> str:
    """How long a stage will go on at its present pace; empty where that is anybody's guess."""
    if done <= 0 or elapsed < _GUESS_AFTER:
        return ""
    return f"{duration(elapsed * max(0.0, total - done) / done)} left"
