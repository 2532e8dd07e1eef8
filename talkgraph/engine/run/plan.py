"""A plan: what a run would do and why, found without running anything."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from talkgraph.display import html
from talkgraph.engine.run.events import StepState
from talkgraph.engine.run.request import Request
from talkgraph.engine.run.resolve import PlannedStep, Walk

__all__ = ["Plan", "PlannedStep", "make_plan"]

_MAY_RUN = (StepState.RUN, StepState.PENDING)
_COUNTED = (StepState.HIT, *_MAY_RUN, StepState.STREAMED, StepState.GIVEN)


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
        return [step.name for step in self if step.state in _MAY_RUN]

    _repr_html_ = html

    def __str__(self) -> str:
        rows = [("step", "node", "state", "why")]
        rows += [(step.name, step.node_id, step.state, step.reason) for step in self]
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        lines = [
            "  ".join([*(row[i].ljust(widths[i]) for i in range(3)), row[3]]).rstrip()
            for row in rows
        ]
        count = {state: sum(step.state is state for step in self) for state in _COUNTED}
        total = ", ".join(f"{number} {state}" for state, number in count.items() if number)
        return "\n".join([f"plan of {self.graph}: {total}", *lines])


def make_plan(request: Request) -> Plan:
    """The plan of a request."""
    walk = Walk(request)
    while True:
        walk.want(request.targets)
        planned = {}
        for step in walk.decisions():
            planned[step.name] = step
            if step.state is StepState.RUN:
                walk.settle(step.name)
        if not walk.stale:
            break
        walk.reset()
    order = sorted(planned, key=walk.place.__getitem__)
    return Plan(request.graph.name, {name: planned[name] for name in order})
