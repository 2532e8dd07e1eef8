"""The values of a run that the store remembers: loaded, or streamed once more, when looked at."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from talkgraph.cache.store import Store
from talkgraph.engine import Result, node_class
from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.declare.ports import signature
from talkgraph.engine.declare.sources import parse_source
from talkgraph.engine.history.run_records import RunRecord, before, find
from talkgraph.engine.run import context
from talkgraph.errors import StoreError, TalkgraphError

T = TypeVar("T")


class Absent(TalkgraphError):
    """A value that was never made, or that the store no longer holds."""


class RunValues:
    """What the steps of a run made; a context manager.

    Only streamed steps are computed, and of their frames only those that are read; what the store
    has lost stays `Absent`.

    Args:
        run: the run's record.
        store: where its results lie.
        known: values at hand by name, such as given ones.
        shown: how records are told, such as with other names of files.
    """

    def __init__(
        self,
        run: RunRecord,
        store: Store,
        known: Mapping[str, Any] | None = None,
        shown: Callable[[RunRecord], RunRecord] | None = None,
    ) -> None:
        self._shown = shown or (lambda record: record)
        self.run = self._shown(run)
        self.store = store
        self.graph: Declaration | None = None
        self._known = dict(known or {})
        with contextlib.suppress(TalkgraphError):  # then streamed steps cannot be shown
            self.graph, inputs = run.rebuild(Declaration)
            self._known = {**inputs, **self._known}
        self._loaded: dict[str, Any] = {}
        self._open = contextlib.ExitStack()

    @classmethod
    def of(cls, result: Result) -> RunValues:
        """The values of a run that has just ended; StoreError if the store has no record of it."""
        request = result._run.request
        try:
            run = find(request.store, result.run_id)
        except TalkgraphError as error:
            raise StoreError(
                f"the run is not remembered ({error}); give a store that can be written"
            ) from error
        values = cls(run, request.store, {**request.inputs, **request.given})
        values.graph = request.graph
        return values

    def run_before(self) -> RunRecord | None:
        """The run of the same graph before this one, if the store remembers one."""
        found = before(self.store, self.run)
        return None if found is None else self._shown(found)

    def __enter__(self) -> RunValues:
        return self

    def __exit__(self, *failure: object) -> None:
        self._loaded.clear()
        self._open.close()

    def __getitem__(self, source: str) -> Any:
        """The value of ``step``, ``step.field`` or an input; Absent says why there is none."""
        name, path = parse_source(source)
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        value = self._loaded[name]
        for field in path:
            value = getattr(value, field)
        return value

    def _load(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        step = self.run.steps.get(name)
        if step is None:
            raise Absent(f"'{name}' was not part of this run, or its value is not kept")
        if step.state.unmade:
            raise Absent("it was not made in this run")
        if step.state == "given":
            raise Absent("it was given, and given values are not kept")
        node = None if self.graph is None else self.graph.steps[name].node
        if node is None or not node.transient:
            value = self.run.load(self.store, name)
            if value is None:
                raise Absent("its result is no longer in the store")
            return value
        arguments = {port: self[source] for port, source in step.sources.items()}
        token = context.current.set(_Quiet(self._open))
        try:
            return node.run(**arguments)  # type: ignore[attr-defined]
        finally:
            context.current.reset(token)

    def scene(self, name: str) -> StepScene:
        """What a preview of a step's value may look at."""
        return StepScene(self, name)

    def nearest(self, kind: type[T]) -> T | None:
        """The value of a class that a target of the run is, or was made from; the nearest first."""
        for target in self.run.targets:
            found = self.scene(parse_source(target)[0]).nearest(kind)
            if found is not None:
                return found
        return None

    def node_class(self, name: str) -> type | None:
        """The class of a step's node, None if it is not installed any more."""
        if self.graph is not None and name in self.graph.steps:
            return type(self.graph.steps[name].node)
        with contextlib.suppress(TalkgraphError):
            return node_class(self.run.steps[name].node)
        return None


class _Quiet:
    """Lets a streamed step run once more for a page: its notes have been said."""

    def __init__(self, scope: contextlib.ExitStack) -> None:
        self._scope = scope

    def progress(self, done: float, total: float) -> None:
        """Nobody listens."""

    def note(self, text: str) -> None:
        """Nobody listens."""

    def scratch_folder(self) -> Path:
        """A folder that lives as long as the values are looked at."""
        return Path(self._scope.enter_context(tempfile.TemporaryDirectory(prefix="talkgraph-")))


class StepScene:
    """The surroundings of one step of a run; see `display.Scene`."""

    def __init__(self, values: RunValues, name: str) -> None:
        self._values = values
        self._name = name

    def port(self, name: str) -> Any:
        """What the step read at a port; None where it is not bound or gone."""
        source = self._values.run.steps[self._name].sources.get(name)
        return None if source is None else self._value(source)

    def nearest(self, kind: type[T]) -> T | None:
        """The value of a class that the step was made from; breadth first, up the graph."""
        for name in self._upstream():
            made_by = self._values.node_class(name)
            if made_by is not None and signature(made_by).output is kind:
                value = self._value(name)
                if value is not None:
                    return value  # type: ignore[no-any-return]
        return None

    def _value(self, source: str) -> Any:
        try:
            return self._values[source]
        except (TalkgraphError, AttributeError):
            return None

    def _upstream(self) -> Iterator[str]:
        steps = self._values.run.steps
        seen, front = {self._name}, [self._name]
        while front:
            behind: list[str] = []
            for name in front:
                for text in steps[name].sources.values():
                    above = parse_source(text)[0]
                    if above not in seen and above in steps:
                        seen.add(above)
                        behind.append(above)
                        yield above
            front = behind
