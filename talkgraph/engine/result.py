"""What a run gives back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from talkgraph.errors import DamagedError

if TYPE_CHECKING:
    from talkgraph.engine.run import Run


@attrs.frozen
class StepRecord:
    """What became of one step.

    cached: True if nothing was computed (stored, given, or streamed and not needed).
    seconds: time spent on it in this run.
    reason: why it ran, or ``stored``, ``given``, ``not needed``.
    """

    cached: bool
    seconds: float
    key: str | None
    notes: tuple[str, ...]
    reason: str


class Result:
    """What a run made; values are loaded when they are asked for.

    `result["step"]` and `result["step.field"]` give any step's value (a step that was not needed
    is made now), `result.output` the target's (a dict by name if there were several).
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self.records: dict[str, StepRecord] = run.outcome

    @property
    def output(self) -> Any:
        """The value of the target."""
        targets = self._run.request.targets
        if len(targets) == 1:
            return self[targets[0]]
        return {target: self[target] for target in targets}

    def __getitem__(self, source: str) -> Any:
        request = self._run.request
        request.graph.source_type(source, "result")
        try:
            found, value = self._run.peek(source)
        except DamagedError:
            found = False
        if not found:
            self._run.make_as_well(source)
            _, value = self._run.peek(source)
        return value

    def __repr__(self) -> str:
        ran = sum(not record.cached for record in self.records.values())
        return f"Result({self._run.request.graph.name!r}: {ran} of {len(self.records)} steps ran)"
