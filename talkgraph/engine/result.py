"""What a run gives back."""

from __future__ import annotations

import weakref
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from talkgraph.engine.job import StepRecord

if TYPE_CHECKING:
    from talkgraph.engine.run import Run

__all__ = ["Result", "StepRecord"]


class Result:
    """What a run made; values are loaded when they are asked for.

    `result["step"]` and `result["step.field"]` give any step's value (a step that was not needed
    is made now), `result.output` the target's (a dict by name if there were several).

    `run_id` names the run in the store's history (`engine.history.find`).
    """

    def __init__(self, run: Run, run_id: str) -> None:
        self._run = run
        self.run_id = run_id
        self._values: dict[str, Any] = {}
        scratch = ExitStack()  # streamed values read their scratch folders while they are held
        self._scratch = scratch
        weakref.finalize(self, scratch.close)
        self.records: dict[str, StepRecord] = run.outcome

    @property
    def output(self) -> Any:
        """The value of the target."""
        targets = self._run.request.targets
        if len(targets) == 1:
            return self[targets[0]]
        return {target: self[target] for target in targets}

    def __getitem__(self, source: str) -> Any:
        self._run.request.graph.source_type(source, "result")
        if source not in self._values:
            self._values[source] = self._run.value(source, self._scratch)
        return self._values[source]

    def __repr__(self) -> str:
        ran = sum(not record.cached for record in self.records.values())
        return f"Result({self._run.request.graph.name!r}: {ran} of {len(self.records)} steps ran)"
