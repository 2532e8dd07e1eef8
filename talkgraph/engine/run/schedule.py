"""Which steps are wanted, which wait for which, and which can be settled next."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from talkgraph.engine.declare.step import parse_source
from talkgraph.engine.run.request import Request


class Agenda:
    """The steps of a request in the order in which their inputs become known."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._place = {name: index for index, name in enumerate(request.graph.order)}
        self._waits: dict[str, set[str]] = {}  # wanted step -> unsettled steps that it reads
        self._readers: dict[str, list[str]] = {}
        self._ready: list[tuple[int, str]] = []
        self.settled: set[str] = set()
        for target in request.targets:
            self.want(parse_source(target)[0])

    def want(self, step: str) -> None:
        """Settle a step, and first all that it reads. No recursion."""
        steps = self._request.graph.steps
        stack = [step]
        while stack:
            name = stack.pop()
            if name in self._waits or name not in steps:
                continue
            self._waits[name] = set()
            sources = steps[name].sources.values()
            above = [] if name in self._request.given else [parse_source(s)[0] for s in sources]
            self._wait_for(name, above)
            stack.extend(above)
            if not self._waits[name]:
                self._push(name)

    def wait_for(self, step: str, others: Iterable[str]) -> None:
        """Want others, and let a step that was taken up wait for them; it is up again after."""
        for other in others:
            self.want(other)
        self._wait_for(step, others)
        if not self._waits[step]:
            self._push(step)

    def _wait_for(self, step: str, others: Iterable[str]) -> None:
        for other in others:
            if other in self._request.graph.steps and other not in self.settled:
                self._waits[step].add(other)
                self._readers.setdefault(other, []).append(step)

    def next(self) -> str | None:
        """A step that can be settled, the first in the graph's order; None if all wait."""
        while self._ready:
            _, name = heapq.heappop(self._ready)
            if name not in self.settled:
                return name
        return None

    def settle(self, step: str) -> None:
        """All is known about a step, for good or bad; what waited for it may go on."""
        self.settled.add(step)
        for reader in self._readers.pop(step, ()):
            self._waits[reader].discard(step)
            if not self._waits[reader]:
                self._push(reader)

    def reopen(self, step: str) -> None:
        """What was known about a step is void; it is up again."""
        self.settled.discard(step)
        self._push(step)

    def place(self, step: str) -> int:
        """Position in the graph's order."""
        return self._place[step]

    def _push(self, step: str) -> None:
        heapq.heappush(self._ready, (self._place[step], step))
