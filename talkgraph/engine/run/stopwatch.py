"""Time by name, where what is timed inside something is not billed to what is around it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

NOBODY = ""


class Stopwatch:
    """Own seconds of nested work; those of threads that work side by side add up."""

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}
        self._lock = threading.Lock()
        self._thread = _Thread()

    @contextlib.contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Bill what happens inside, in this thread, to `name`, or to NOBODY."""
        self._bill()
        self._thread.open.append(name)
        try:
            yield
        finally:
            self._bill()
            self._thread.open.pop()

    def seconds(self, name: str) -> float:
        """What was billed to `name` until now."""
        self._bill()
        return self._spent.get(name, 0.0)

    def _bill(self) -> None:
        now, here = time.perf_counter(), self._thread
        if here.open and here.open[-1] != NOBODY:
            with self._lock:
                name = here.open[-1]
                self._spent[name] = self._spent.get(name, 0.0) + now - here.since
        here.since = now


class _Thread(threading.local):
    """What a thread is at, and since when."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.since = 0.0
