"""What a run says while it works: bars on a terminal, plain lines elsewhere, or nothing.

All of it goes to standard error; standard output belongs to results. A watcher is handed to the
engine as `on_event`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from talkgraph.cli.words import typed
from talkgraph.report.format import duration

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import Task, TaskID

    from talkgraph.cache.store import Store
    from talkgraph.engine.history.time_left import StepTime
    from talkgraph.engine.run.events import Event

_LINE_EVERY = 10.0  # s; between two plain progress lines of one stage


class Watcher:
    """Listens to a run; says nothing (`--quiet`), only counts the stages out of the store.

    past: seconds that stages took last time, as `time_left.past_seconds` has them.
    """

    def __init__(
        self,
        past: Mapping[str, float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._past = past or {}
        self._clock = clock
        self._times: dict[str, StepTime] = {}
        self.cached = 0
        self.said: list[str] = []  # of the run itself
        self._failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._failed = error is not None
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
                text = visible(event.text)  # a stranger may have made what is stored
                self.note(step, typed(text, step))
            case events.Finished() if event.cached:
                self.cached += 1
            case events.Finished():
                self.finished(event.step, event.seconds)
            case events.Failed():
                self.failed(event.step)

    def started(self, step: str) -> None:
        """A stage begins."""
        self._time(step).start(self._clock())

    def progress(self, step: str, done: float, total: float) -> None:
        """A stage is at `done` of `total`."""
        self._time(step).progress(self._clock(), done, total)

    def left(self, step: str) -> str:
        """How long a stage will go on; empty where that is anybody's guess."""
        left = self._time(step).left(self._clock())
        return "" if left is None else f"{duration(left)} left"

    def _time(self, step: str) -> StepTime:
        from talkgraph.engine.history.time_left import StepTime

        return self._times.setdefault(step, StepTime(self._past.get(step)))

    def note(self, step: str, text: str) -> None:
        """A stage says something that the user should know."""

    def finished(self, step: str, seconds: float) -> None:
        """A stage was computed."""

    def failed(self, step: str) -> None:
        """A stage broke; `failure` says why."""

    def close(self) -> None:
        """The run is over, well or not."""

    def summary(self) -> Iterator[str]:
        """What is said at the end, line by line; before an error, nothing that it does not need."""
        if self.cached and not self._failed:
            yield f"{self.cached} stage{'s' if self.cached > 1 else ''} from the store"
        yield from (f"note: {text}" for text in self.said)


class Lines(Watcher):
    """One plain line per stage and per note, and one now and then while a stage takes long."""

    def __init__(
        self,
        stream: TextIO | None = None,
        past: Mapping[str, float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(past, clock)
        self._stream = stream or sys.stderr
        self._told: dict[str, float] = {}  # when something was last said of a stage

    def started(self, step: str) -> None:
        """Start the stage's clock."""
        super().started(step)
        self._told[step] = self._clock()

    def progress(self, step: str, done: float, total: float) -> None:
        """Say how far a long stage is, and how long it will take."""
        super().progress(step, done, total)
        now = self._clock()
        told = self._told.setdefault(step, now)
        if total <= 0 or now - told < _LINE_EVERY:
            return
        self._told[step] = now
        left = self.left(step)
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

    def __init__(self, past: Mapping[str, float] | None = None) -> None:
        super().__init__(past)
        from rich.console import Console
        from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
        from rich.progress import TaskProgressColumn as Share
        from rich.text import Text

        class Left(ProgressColumn):
            """Counts down between two reports of a stage."""

            def render(column, task: Task) -> Text:
                return Text(self.left(task.description))

        self._bars: RichProgress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            Share(),
            Left(),
            console=Console(stderr=True),
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._bars.start()

    def started(self, step: str) -> None:
        """Show a bar that only moves until the stage says how far it is."""
        super().started(step)
        self._tasks[step] = self._bars.add_task(step, total=None)

    def progress(self, step: str, done: float, total: float) -> None:
        """Move the bar."""
        if step not in self._tasks:
            self.started(step)
        super().progress(step, done, total)
        self._bars.update(self._tasks[step], completed=done, total=total)

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


def watcher(
    *,
    quiet: bool = False,
    store: Store | None = None,
    graph: str | None = None,
    inputs: Mapping[str, object] | None = None,
) -> Watcher:
    """The watcher that fits: bars on a terminal, lines elsewhere, nothing if `quiet`.

    Args:
        quiet: say nothing.
        store: its past runs of the graph tell how long stages may take.
        graph: name of the graph.
        inputs: of the graph; only runs over the same files tell anything.
    """
    if quiet:
        return Watcher()
    from talkgraph.engine.history.time_left import past_seconds

    past = past_seconds(store, graph, inputs) if store is not None and graph is not None else None
    return Bars(past) if sys.stderr.isatty() else Lines(past=past)
