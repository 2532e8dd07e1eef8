"""What executors with workers share: new tries when a worker dies, and slots for GPUs."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from typing import Generic, TypeVar

from talkgraph.engine.run.job import Job, Made, step_failed
from talkgraph.errors import NodeError

_ATTEMPTS = 3  # workers that may die of a job before it counts as deadly
_KILLED = "its process died each time, killed from outside or by the system for lack of memory"
_GPUS = "/proc/driver/nvidia/gpus"

S = TypeVar("S")


class WorkerDied(Exception):
    """A worker died while it made a job."""


class Slots(Generic[S]):
    """Slots that take one job each; a job that finds none free waits in line."""

    def __init__(self, slots: Iterable[S]) -> None:
        self._free = deque(slots)
        self._line: deque[Callable[[S], None]] = deque()
        self._lock = threading.Lock()

    def run(self, make: Callable[[S], Future[Made]]) -> Future[Made]:
        """The future of `make(slot)`, begun when a slot is free."""
        promised: Future[Made] = Future()

        def begin(slot: S) -> None:
            made = make(slot)
            made.add_done_callback(lambda made: self._leave(slot))
            made.add_done_callback(lambda made: _copy(made, promised))

        with self._lock:
            if not self._free:
                self._line.append(begin)
                return promised
            slot = self._free.popleft()
        begin(slot)
        return promised

    def _leave(self, slot: S) -> None:
        with self._lock:
            if not self._line:
                self._free.appendleft(slot)  # the next job finds a worker that has started
                return
            begin = self._line.popleft()
        begin(slot)

    def close(self) -> None:
        """Begin none of those that wait."""
        with self._lock:
            self._line.clear()
            self._free.clear()


class Retries:
    """Jobs are made again when a worker died, then one at a time: who is to blame shows itself."""

    def __init__(self) -> None:
        self._suspects = Slots([None])
        self.close = self._suspects.close

    def run(self, job: Job, make: Callable[[], Future[Made]]) -> Future[Made]:
        """The future of `make()`, called again when a worker died; `died` if it does each time."""
        promised: Future[Made] = Future()

        def ended(attempt: int, made: Future[Made]) -> None:
            if not isinstance(made.exception(), WorkerDied):
                _copy(made, promised)
            elif attempt < _ATTEMPTS:
                again = self._suspects.run(lambda _: make())
                again.add_done_callback(partial(ended, attempt + 1))
            else:
                promised.set_exception(died(job))

        make().add_done_callback(partial(ended, 1))
        return promised


def _copy(made: Future[Made], promised: Future[Made]) -> None:
    error = made.exception()
    if error is None:
        promised.set_result(made.result())
    else:
        promised.set_exception(error)


def died(job: Job, how: str = _KILLED) -> NodeError:
    """What is said of a step whose worker does not survive it."""
    return step_failed(job.name, job.step, how)


def gpu_names(count: int | None = None) -> list[str]:
    """CUDA's names of the GPUs for so many slots.

    Args:
        count: default: as many as this process may use; none if it was told to use none.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [name for name in (visible or "").split(",") if name]
    if count is not None:
        return [names[slot % len(names)] if names else str(slot) for slot in range(count)]
    if os.environ.get("TALKGRAPH_DEVICE") == "cpu":
        return []
    if visible is None and os.path.isdir(_GPUS):
        return [str(slot) for slot in range(len(os.listdir(_GPUS)))]
    return names
