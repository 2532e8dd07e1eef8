"""A plan: what a run would do and why, found without running anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import attrs

from talkgraph.cache.records import Record
from talkgraph.engine.keying import Ingredients, Keys, explain
from talkgraph.engine.lineage import Lineage
from talkgraph.engine.request import Request
from talkgraph.engine.step import parse_source
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
    keys = Keys(request)
    lineage = Lineage(request.store, request.graph.name)
    planned: dict[str, PlannedStep] = {}
    records: dict[str, Record] = {}
    found: dict[str, Ingredients] = {}

    def plan(name: str, state: State, reason: str, key: str | None = None) -> None:
        planned[name] = PlannedStep(
            name, request.graph.steps[name].node.node_id, state, reason, key
        )

    for name in request.steps:
        step = request.graph.steps[name]
        if name in request.given:
            plan(name, "given", "given")
            continue
        ingredients = keys.ingredients(name)
        if ingredients is None:
            waiting = [source for source in step.sources.values() if keys.digest(source) is None]
            above = ", ".join(dict.fromkeys(parse_source(source)[0] for source in waiting))
            plan(name, "pending", f"waits for {above}")
            continue
        found[name] = ingredients
        if step.node.transient:
            keys.know_transient(name, ingredients.key)
            plan(name, "stream", "made where it is needed, not stored", ingredients.key)
            continue
        reason = "forced"
        if name not in request.force:
            try:
                record = request.store.action(ingredients.key)
            except DamagedError as error:
                record, reason = None, str(error)
            else:
                reason = explain(ingredients, lineage.last(name, step.node.node_id))
            if record is not None:
                keys.know(name, record)
                records[name] = record
                plan(name, "hit", "stored", ingredients.key)
                continue
        plan(name, "run", reason, ingredients.key)

    # a stored result that will be loaded must be there in full, else its step runs again
    loaded = {parse_source(target)[0] for target in request.targets}
    for name in reversed(request.steps):
        if name in loaded and name in records and not request.store.complete(records[name]):
            plan(name, "run", "part of its stored result is gone", found[name].key)
        needed = planned[name].state == "run" or (
            planned[name].state == "stream" and name in loaded
        )
        if needed or planned[name].state == "pending":
            sources = request.graph.steps[name].sources.values()
            loaded.update(parse_source(source)[0] for source in sources)
    return Plan(request.graph.name, planned)
