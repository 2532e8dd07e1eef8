"""A plan: what a run would do and why, found without running anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import attrs

from talkgraph.cache.records import Record
from talkgraph.display import html
from talkgraph.engine.declare.step import parse_source
from talkgraph.engine.keys.keying import Keys, explain
from talkgraph.engine.keys.last_run import Lineage
from talkgraph.engine.run.request import Request
from talkgraph.engine.run.schedule import Agenda
from talkgraph.engine.run.values_of_run import Known
from talkgraph.errors import DamagedError

State = Literal["hit", "run", "pending", "stream", "given"]

_MEANING = {
    "hit": "stored",
    "run": "will run",
    "pending": "decided when what it reads is there",
    "stream": "made on the fly where it is needed, never stored",
    "given": "given by you",
}


@attrs.frozen
class PlannedStep:
    """One step of a plan; `key` is None while something upstream has to run first."""

    name: str
    node_id: str
    state: State
    reason: str
    key: str | None


@attrs.frozen
class Plan:
    """The steps that the targets need, in order; `print(plan)` is a table."""

    graph: str
    steps: dict[str, PlannedStep]

    def __getitem__(self, name: str) -> PlannedStep:
        return self.steps[name]

    def __iter__(self) -> Iterator[PlannedStep]:
        return iter(self.steps.values())

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def to_run(self) -> list[str]:
        """Names of the steps that will, or may have to, run."""
        return [step.name for step in self if step.state in ("run", "pending")]

    _repr_html_ = html

    def __str__(self) -> str:
        rows = [("step", "node", "state", "why")]
        rows += [(step.name, step.node_id, step.state, step.reason) for step in self]
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        lines = [
            "  ".join([*(row[i].ljust(widths[i]) for i in range(3)), row[3]]).rstrip()
            for row in rows
        ]
        count = {state: sum(step.state == state for step in self) for state in _MEANING}
        total = ", ".join(f"{number} {state}" for state, number in count.items() if number)
        return "\n".join([f"plan of {self.graph}: {total}", *lines])


def make_plan(request: Request) -> Plan:
    """The plan of a request."""
    return _Planning(request).plan()


class _Planning:
    """Settles every step that it can without running any."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._keys = Keys(request)
        self._agenda = Agenda(request)
        self._lineage = Lineage(request.store, request.graph.name)
        self._known = Known(request.graph.steps, {**request.inputs, **request.given})
        self._planned: dict[str, PlannedStep] = {}
        self._records: dict[str, Record] = {}
        self._keyed: dict[str, str] = {}

    def plan(self) -> Plan:
        """Plan every step that is wanted."""
        while (name := self._agenda.next()) is not None:
            if self._settle(name):
                self._agenda.settle(name)
        self._check_loaded()
        order = self._agenda.place
        return Plan(
            self._request.graph.name,
            {name: self._planned[name] for name in sorted(self._planned, key=order)},
        )

    def _plan(self, name: str, state: State, reason: str) -> None:
        node_id = self._request.graph.steps[name].node.node_id
        self._planned[name] = PlannedStep(name, node_id, state, reason, self._keyed.get(name))

    def _settle(self, name: str) -> bool:
        """Plan one step; False if it has to wait for the branch that it chose."""
        request, step = self._request, self._request.graph.steps[name]
        if name in request.given:
            self._plan(name, "given", "given")
            return True
        ingredients = self._keys.ingredients(name)
        if ingredients is None:
            self._wait(name, step.sources.values())
            return True
        self._keyed[name] = ingredients.key
        if step.node.transient:
            self._keys.know_transient(name, ingredients.key)
            last = self._lineage.last(name, step.node.node_id)
            reason = "made where it is needed, not stored"
            if last is not None and last.get("key") != ingredients.key:
                reason = explain(ingredients, last)
            self._plan(name, "stream", reason)
            return True
        reason = "forced"
        if name not in request.force:
            try:
                record = request.store.action(ingredients.key)
            except DamagedError as error:
                record, reason = None, str(error)
            else:
                reason = explain(ingredients, self._lineage.last(name, step.node.node_id))
            if record is not None:
                self._keys.know(name, record)
                self._known.trees[name] = record["output"]
                self._records[name] = record
                self._plan(name, "hit", "stored")
                return True
        self._plan(name, "run", reason)
        return True

    def _wait(self, name: str, sources: Iterable[str]) -> None:
        waiting = [source for source in sources if self._keys.digest(source) is None]
        above = ", ".join(dict.fromkeys(parse_source(source)[0] for source in waiting))
        self._plan(name, "pending", f"waits for {above}")

    def _check_loaded(self) -> None:
        """A stored result that will be loaded must be there in full, else its step runs again."""
        request = self._request
        loaded = {parse_source(target)[0] for target in request.targets}
        for name in sorted(self._planned, key=self._agenda.place, reverse=True):
            record = self._records.get(name) if name in loaded else None
            if record is not None and not request.store.complete(record):
                self._plan(name, "run", "part of its stored result is gone")
            state = self._planned[name].state
            if state in ("run", "pending") or (state == "stream" and name in loaded):
                sources = request.graph.steps[name].sources.values()
                loaded.update(parse_source(source)[0] for source in sources)
