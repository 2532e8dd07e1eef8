"""Time by name, where what is timed inside something is not billed to what is around it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator


class Stopwatch:
    """Own seconds of nested work of one thread; work of other threads is billed to nobody."""

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}
        self._open: list[str] = []
        self._since = 0.0
        self._thread = threading.get_ident()

    @contextlib.contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Bill what happens inside to `name`."""
        if threading.get_ident() != self._thread:
            yield
            return
        self._bill()
        self._open.append(name)
        try:
            yield
        finally:
            self._bill()
            self._open.pop()

    def seconds(self, name: str) -> float:
        """What was billed to `name` until now."""
        if threading.get_ident() == self._thread:
            self._bill()
        return self._spent.get(name, 0.0)

    def _bill(self) -> None:
        now = time.perf_counter()
        if self._open:
            name = self._open[-1]
            self._spent[name] = self._spent.get(name, 0.0) + now - self._since
        self._since = now
