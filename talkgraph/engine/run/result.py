"""What a run gives back."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Protocol

from talkgraph.display import html
from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.declare.sources import redirect
from talkgraph.engine.history.recorder import Recorder
from talkgraph.engine.run.events import StepRecord
from talkgraph.engine.run.request import Request
from talkgraph.errors import TalkgraphError

__all__ = ["Result", "StepRecord"]


class Made(Protocol):
    """What a run knows when it is over."""

    request: Request
    recorder: Recorder

    def failure(self, source: str) -> TalkgraphError | None:
        """The failure that keeps a source from having a value, if any."""

    def value(self, source: str, scratch: ExitStack) -> Any:
        """The value of any source; what it needs and was not needed before is made now."""


class Result:
    """What a run made; values are loaded when they are asked for.

    `result["step"]` and `result["step.field"]` give any step's value (a step that was not needed
    is made now). `result.output` is the value of the target: of the graph's output, or of
    ``until="step"``; with a list, as ``until=["step"]``, it is a dict by name, also of one.

    `run_id` names the run in the store's history (`engine.history.find`).
    """

    def __init__(
        self,
        run: Made,
        run_id: str,
        graph: Declaration,
        targets: tuple[str, ...],
        names: Mapping[str, str] | None = None,
        *,
        single: bool = True,
    ) -> None:
        """The result of `run` for `graph`; `names`: what its steps are called in the run."""
        self.run_id = run_id
        self.graph = graph
        self._run = run
        self._targets = targets
        self._names = names or {}
        self._single = single
        self._values: dict[str, Any] = {}
        self._scratch = ExitStack()  # streamed values read their scratch folders while held
        weakref.finalize(self, self._scratch.close)

    @property
    def records(self) -> dict[str, StepRecord]:
        """What became of each step that was wanted, by name."""
        outcome = self._run.recorder.outcome
        if not self._names:
            return outcome
        names = {name: self._names[name] for name in self.graph.order}
        return {name: outcome[called] for name, called in names.items() if called in outcome}

    @property
    def error(self) -> TalkgraphError | None:
        """The failure that keeps the target from being there, of `Graph.map` or `error.result`."""
        found = (self._run.failure(redirect(target, self._names)) for target in self._targets)
        return next((error for error in found if error is not None), None)

    @property
    def output(self) -> Any:
        """The value of the target; a dict by name if a list of targets was asked for."""
        if self._single:
            return self[self._targets[0]]
        return {target: self[target] for target in self._targets}

    def __getitem__(self, source: str) -> Any:
        self.graph.source_type(source, "result")
        if source not in self._values:
            self._values[source] = self._run.value(redirect(source, self._names), self._scratch)
        return self._values[source]

    _repr_html_ = html

    def __repr__(self) -> str:
        ran = sum(not record.cached for record in self.records.values())
        return f"Result({self.graph.name!r}: {ran} of {len(self.records)} steps ran)"
