"""Keeps what a run tells and what becomes of its steps; writes it down (`run_records.py`)."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import attrs

from talkgraph.cache.codecs import content_bytes
from talkgraph.cache.files import File
from talkgraph.cache.keys import Tree
from talkgraph.cache.records import Record
from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.declare.graph_file import to_document
from talkgraph.engine.declare.node import Node
from talkgraph.engine.declare.types import brief
from talkgraph.engine.history import machine, run_records
from talkgraph.engine.history.compare import figures_of
from talkgraph.engine.history.file_names import FileNames
from talkgraph.engine.history.run_records import Outcome, RunInput, RunRecord, StepRun
from talkgraph.engine.run.events import (
    Event,
    Failed,
    Finished,
    Note,
    Started,
    StepRecord,
    StepState,
)
from talkgraph.engine.run.resolve import Walk
from talkgraph.engine.run.step_context import Emit
from talkgraph.errors import DamagedError, GraphError

T = TypeVar("T")

_LONGEST = 2000  # characters of an error message


class Recorder:
    """Listens to a run (it is its `emit`) and writes the record when it ends.

    outcome: what became of the steps that came to an end.
    """

    def __init__(self, walk: Walk, emit: Emit) -> None:
        self.outcome: dict[str, StepRecord] = {}
        self._walk = walk
        self._emit = emit
        self._begun: dict[str, tuple[float, str]] = {}  # when, and why
        self._notes: list[str] = []  # of the run
        self._said: dict[str, tuple[str, ...]] = {}  # by the engine about a step
        request = walk.request
        self._files = FileNames(request.graph, request.inputs, request.given)

    def __call__(self, event: Event) -> None:
        """Note when a step began, and what is said of the run; pass the event on."""
        if isinstance(event, Started):
            self._begun[event.step] = (time.perf_counter(), event.reason)
        elif isinstance(event, Note) and event.step is None:
            if event.text in self._notes:  # every process may say it
                return
            self._notes.append(event.text)
        elif isinstance(event, Note) and event.step is not None:
            event = attrs.evolve(event, text=self._files.told(event.step, event.text))
        self._emit(event)

    def say(self, name: str, text: str) -> None:
        """The engine itself has something to say about a step."""
        self._said[name] = (*self._said.get(name, ()), text)
        self(Note(name, text))

    def finish(self, name: str, ended: StepRecord) -> None:
        """A step has come to its end."""
        said = (*self._said.get(name, ()), *ended.notes)
        if said:
            ended = attrs.evolve(ended, notes=tuple(self._files.told(name, text) for text in said))
        self.outcome[name] = ended
        if ended.state not in (StepState.NOT_NEEDED, StepState.BLOCKED):
            self._emit(Finished(name, ended.cached, ended.seconds))

    def fail(self, name: str, error: Exception) -> None:
        """A step failed."""
        self._files.blame(error)
        self.outcome[name] = self._stopped(name, StepState.FAILED, _text(error))
        self._emit(Failed(name, error))

    def _stopped(self, name: str, state: StepState, error: str | None = None) -> StepRecord:
        began, reason = self._begun.get(name, (time.perf_counter(), ""))
        made_from = self._walk.known.made_from([name]).get(name)
        key = None if made_from is None else made_from.key
        return StepRecord(state, time.perf_counter() - began, key, (), reason, error)

    # -- the record ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def recording(self, *, kept: bool = True) -> Iterator[str]:
        """Write the record when the body ends, if it is to be kept; gives the run's id, which an
        error gets as `run_id`."""
        now = time.time()
        day = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
        run_id = f"{day}-{int(now * 1000) % 1000:03d}-{os.urandom(3).hex()}"
        began = time.perf_counter()
        outcome: Outcome = "done"
        said: str | None = None
        request = self._walk.request
        try:
            yield run_id
        except BaseException as error:
            outcome = "failed" if isinstance(error, Exception) else "cancelled"
            self._files.blame(error)
            said = _text(error)
            vars(error)["run_id"] = run_id  # of Ctrl-C as well: what was done can be shown
            raise
        finally:
            if kept:
                run_records.write(request.store, self._record(run_id, now, began, outcome, said))

    def _record(
        self, run_id: str, now: float, began: float, outcome: Outcome, said: str | None
    ) -> RunRecord:
        request = self._walk.request
        return RunRecord(
            run_id=run_id,
            graph=request.graph.name,
            document=_document(request.graph),
            inputs=self._inputs(),
            targets=request.targets,
            started=now,
            seconds=time.perf_counter() - began,
            outcome=outcome,
            error=said,
            notes=tuple(self._notes),
            steps={name: self._step(name) for name in request.steps},
            **machine.facts(),
        )

    def _inputs(self) -> dict[str, RunInput]:
        keys, found = self._walk.keys, {}
        for name, value in self._walk.request.inputs.items():
            digest = keys.table[name].digests.get(())
            if name in keys.files:
                digest = keys.files[name][1]
            plain, has_value = _plain(value)
            text = plain if isinstance(value, Path | File) else brief(value)
            found[name] = RunInput(text, digest, has_value, plain)
        return found

    def _step(self, name: str) -> StepRun:
        step, known = self._walk.request.graph.steps[name], self._walk.known.table.get(name)
        ended = self.outcome.get(name) or self._unfinished(name, step.node)
        made_from = None if known is None else known.made_from
        return StepRun(
            name=name,
            node=step.node.node_id,
            version=step.node.node_version,
            state=ended.state,
            seconds=ended.seconds,
            reason=ended.reason,
            key=None if made_from is None else made_from.key,
            sources=dict(step.sources),
            digests={p: d for p, (d, _) in made_from.inputs.items()} if made_from else {},
            parameters=(
                {n: text for n, (_, text) in made_from.parameters.items()}
                if made_from
                else _parameters(step.node)
            ),
            code=None if made_from is None else made_from.code.digest,
            result=None if known is None or known.record is None else known.record["digest"],
            figures={} if known is None else _of_output(figures_of, known.record) or {},
            notes=ended.notes,
            checks=dict(ended.checks),
            size=None if known is None else _of_output(content_bytes, known.record),
            error=ended.error,
        )

    def _unfinished(self, name: str, node: Node) -> StepRecord:
        """Of a step that did not come to its end."""
        if name not in self._begun:
            return StepRecord(StepState.NOT_REACHED, 0.0, None, (), "")
        return self._stopped(name, StepState.STREAMED if node.transient else StepState.CANCELLED)


def _document(graph: Declaration) -> dict[str, Any] | None:
    try:
        return to_document(graph)
    except GraphError:
        return None


def _plain(value: Any) -> tuple[Any, bool]:
    """A value as JSON, and whether that is possible."""
    if isinstance(value, Path | File):
        path = value if isinstance(value, Path) else value.path
        return str(path.absolute()), True
    if value is None or type(value) in (bool, int, str):
        return value, True
    if type(value) is float:
        return (value, True) if math.isfinite(value) else (None, False)
    if isinstance(value, list | tuple):
        items = [_plain(item) for item in value]
        return [item for item, _ in items], all(fine for _, fine in items)
    return None, False


def _parameters(node: Node) -> dict[str, str]:
    """Keyed parameters in short, as `Ingredients.parameters` has them."""
    return {
        field.name: brief(getattr(node, field.name))
        for field in attrs.fields(type(node))
        if field.metadata.get("talkgraph", {}).get("keyed", True)
    }


def _of_output(read: Callable[[Tree], T], record: Record | None) -> T | None:
    """Something that the tree of a stored result tells."""
    if record is None:
        return None
    try:
        return read(record["output"])
    except (DamagedError, AttributeError, KeyError, TypeError, ValueError):  # a stranger's, perhaps
        return None


def _text(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:_LONGEST]
