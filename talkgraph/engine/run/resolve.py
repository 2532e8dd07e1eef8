"""The one walk over what was asked for: what becomes of each step, decided when its inputs are
known. A plan prints the decisions, a run carries them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from graphlib import TopologicalSorter

import attrs

from talkgraph.cache.records import Record
from talkgraph.engine.declare.checks import told, verdict
from talkgraph.engine.declare.sources import parse_source
from talkgraph.engine.keys.keying import Keys, Resolved, explain
from talkgraph.engine.keys.last_run import LastRun
from talkgraph.engine.run.events import StepState
from talkgraph.engine.run.request import Request
from talkgraph.engine.run.values_of_run import Known
from talkgraph.errors import DamagedError

GONE = "part of its stored result is gone"


@attrs.frozen
class PlannedStep:
    """What becomes of one step; `key` is None while something upstream has to run first."""

    name: str
    node_id: str
    state: StepState
    reason: str
    key: str | None


class Walk:
    """Decides step by step, in layers, each in the graph's order.

    known: all that is known of inputs and settled steps.
    force: steps to be made again; one that was leaves the set.
    gone: key -> why its stored result does not count.
    stale: a settled step turned out to be gone: `reset` and walk again.
    pin: called with each key before it is looked up.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.keys = Keys(request)
        self.known = Known(request.graph.steps, self.keys.table)
        self.last_run = LastRun(request.store, request.graph.name)
        self.force = set(request.force)
        self.gone: dict[str, str] = {}
        self.stale = False
        self.settled: set[str] = set()
        self.place = {name: index for index, name in enumerate(request.graph.order)}
        self.pin: Callable[[str], None] = lambda key: None
        self._failed: set[str] = set()
        self._loaded: set[str] = set()  # the wanted steps
        self._sorter: TopologicalSorter[str] = TopologicalSorter()

    def want(self, targets: Iterable[str]) -> None:
        """Take up all that targets need and that is not settled; GraphError if an input lacks."""
        graph, given = self.request.graph, self.request.given
        self._loaded = {parse_source(target)[0] for target in targets}
        if targets is self.request.targets and not self.settled:  # as the request was checked
            names = list(self.request.steps)
        else:
            needed = graph.needed_for(self._loaded, given)
            names = [name for name in needed if name not in self.settled]
            self.request.check_inputs(names, self._loaded)
        self._sorter = TopologicalSorter()
        for name in names:
            above = () if name in given else graph.above[name]
            self._sorter.add(name, *[one for one in above if one not in self.settled])
        self._sorter.prepare()

    def decisions(self) -> Iterator[PlannedStep]:
        """What becomes of each step; ends when the others wait for those that run (`settle`)."""
        while not self.stale and (ready := self._sorter.get_ready()):
            for name in sorted(ready, key=self.place.__getitem__) if len(ready) > 1 else ready:
                decision = None if self.stale else self._decide(name)
                if decision is None or self.stale:
                    return
                if decision.state is not StepState.RUN:
                    self.settle(name, failed=decision.state is StepState.BLOCKED)
                yield decision

    def settle(self, name: str, record: Record | None = None, *, failed: bool = False) -> None:
        """A step that was to run has a result, or has none."""
        if record is not None:
            self.known.table[name].keep(record)
        if failed:
            self._failed.add(name)
        self.settled.add(name)
        self._sorter.done(name)

    def lose(self, sources: Iterable[str], why: str) -> list[str]:
        """Stored results are gone that sources read: their steps run on the next walk."""
        lost = [parse_source(source)[0] for source in self.known.leaves(sources)]
        for name in lost:
            made_from = self.known.table[name].made_from
            if made_from is not None:
                self.gone[made_from.key] = why
                self.stale = True
        return lost

    def reset(self) -> None:
        """Forget all that was settled, to `want` it anew."""
        for name in self.request.graph.steps.keys() - self.request.given.keys():
            self.known.table.pop(name, None)
        self.settled.clear()
        self.stale = False

    def _decide(self, name: str) -> PlannedStep:
        step, keys = self.request.graph.steps[name], self.keys
        node_id = step.node.node_id
        if name in self.request.given:
            return PlannedStep(name, node_id, StepState.GIVEN, "given", None)
        made_from = keys.ingredients(name)
        if made_from is None:
            waiting = [s for s in step.sources.values() if keys.digest(s) is None]
            above = dict.fromkeys(parse_source(source)[0] for source in waiting)
            blocked = not self._failed.isdisjoint(above)
            if not blocked and not step.node.transient:
                self._check(step.sources.values())
            state = StepState.BLOCKED if blocked else StepState.PENDING
            return PlannedStep(name, node_id, state, f"waits for {', '.join(above)}", None)
        known = self.known.table[name] = Resolved(made_from=made_from)
        key = made_from.key
        if step.node.transient:
            reason = "made where it is needed, not stored"
            last = self.last_run.last(name, node_id)
            if last is not None and last.get("key") != key:
                reason = explain(made_from, last)
            if name in self._loaded:
                self._check(step.sources.values())
            return PlannedStep(name, node_id, StepState.STREAMED, reason, key)
        self.pin(key)
        record = None
        if name not in self.force and key not in self.gone:
            try:
                record = self.request.store.action(key)
            except DamagedError as error:
                self.gone[key] = str(error)
            if record is not None and name in self._loaded and not self._complete(record):
                self.gone[key] = GONE
        if record is not None and key not in self.gone:
            known.keep(record)
            wrong = [verdict(*one) for one in told(record).items() if one[1]]
            return PlannedStep(name, node_id, StepState.HIT, "; ".join(["stored", *wrong]), key)
        self._check(step.sources.values())
        reason = "forced" if name in self.force else self.gone.get(key, "")
        reason = reason or explain(made_from, self.last_run.last(name, node_id))
        return PlannedStep(name, node_id, StepState.RUN, reason, key)

    def _check(self, sources: Iterable[str]) -> None:
        """What will be loaded must be there in full, else it is made again, and so on upwards."""
        seen: set[str] = set()
        stack = list(sources)
        while stack:
            for source in self.known.leaves([stack.pop()]):
                name = parse_source(source)[0]
                record = self.known.table[name].record
                if name not in seen and record is not None and not self._complete(record):
                    self.lose([source], GONE)
                    stack.extend(self.request.graph.steps[name].sources.values())
                seen.add(name)

    def _complete(self, record: Record) -> bool:
        return self.request.store.complete(record)
